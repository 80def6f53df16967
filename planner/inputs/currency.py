"""Own figures in US dollars at sites of other countries, where another currency comes to mind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.words import some
from planner.inputs.own_rows import own_rows
from planner.inputs.places import own_key
from planner.inputs.table_columns import texts
from planner.scenario.sites import SiteOverride
from planner.tables import load_package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.arrays import Bools
    from planner.inputs.case import ScopedCase
    from planner.scenario.tariffs import TariffUse
    from planner.scenario.tree import Keys

__all__ = ["note_other_currencies"]

_IN_DOLLARS: Final = frozenset(("EC", "GU", "PR", "SV", "US"))
"""Countries whose prices are in US dollars."""
_TABLES: Final = (("facility_market", "market", "market"), ("electricity_price", "site", "site"))
"""Tables of prices by place, their column of the place, and the column of sites that it is in."""
_COUNTRIES: Final = 6


def note_other_currencies(case: ScopedCase) -> None:
    """Note which figures of a planner's own are read as US dollars at sites of other countries.

    No plausible range tells a price in Canadian dollars from one in US dollars.
    """
    countries = np.array(texts(case.sites, "country"), dtype=object)
    abroad = ~np.isin(countries, sorted(_IN_DOLLARS))
    figures = [*_settings(case, abroad), *_tariffs(case, abroad), *_contracts(case, abroad)]
    rows = list(_rows(case, abroad))
    if not figures and not rows:
        return
    named = [".".join(map(str, keys)) for keys in figures] + [words for words, _, _ in rows]
    where = some(sorted(set(countries[abroad].tolist())), _COUNTRIES)
    text = (
        f"Your figures for sites in {where} are read as US dollars: {', '.join(named)}. All"
        " money is in real USD of 2025: convert what you have in another currency."
    )
    if figures:
        case.findings.add_note(text, figures[0])
    else:
        _, table, row = rows[0]
        case.findings.add_note_at_row(table, row, load_package()[table].primary_key[0], text)


def _settings(case: ScopedCase, abroad: Bools) -> Iterator[Keys]:
    """Figures in dollars that are written for a site."""
    money = [name for name in SiteOverride.model_fields if "usd" in name.split("_")]
    for site in np.array(case.ids("sites"), dtype=object)[abroad]:
        for name in money:
            key = own_key(case.scenario, site, name)
            if key is not None:
                yield key


def _tariffs(case: ScopedCase, abroad: Bools) -> Iterator[Keys]:
    """Own tariffs by which a site is billed."""
    own = case.scenario.energy.own_tariffs
    used = [use for use in case.scenario.energy.tariffs if use.tariff in own]
    for name in dict.fromkeys(use.tariff for use in used if _bills(case, use, abroad)):
        yield "energy", "own_tariffs", name


def _contracts(case: ScopedCase, abroad: Bools) -> Iterator[Keys]:
    """Own prices of power purchase agreements, signed or on offer, in a zone of such a site."""
    contracts = case.scenario.contracts
    zones = {*np.array(texts(case.sites, "zone"), dtype=object)[abroad].tolist()}
    for name, signed in contracts.existing.items():
        if signed.zone in zones:
            yield "contracts", "existing", name, "price_usd_per_mwh"
    for name, offer in contracts.ppa.items():
        is_there = offer.zones == "all" or bool(zones & {*offer.zones})
        if offer.price_usd_per_mwh is not None and is_there:
            yield "contracts", "ppa", name, "price_usd_per_mwh"


def _bills(case: ScopedCase, use: TariffUse, abroad: Bools) -> bool:
    """Tell whether an entry names one of the sites, its zone, or all sites."""
    ids = np.array(case.ids("sites"), dtype=object)[abroad]
    zones = np.array(texts(case.sites, "zone"), dtype=object)[abroad]
    if isinstance(use.sites, tuple):
        return bool(np.isin(ids, use.sites).any())
    return bool(np.isin(zones, use.zones).any()) if use.zones else bool(ids.size)


def _rows(case: ScopedCase, abroad: Bools) -> Iterator[tuple[str, str, int]]:
    """Own rows of tables of prices: in words, their table, their position in it."""
    for name, key, column in _TABLES:
        if name not in case.scenario.data_files:
            continue
        table = case.tables[name]
        is_own = own_rows(name, table)
        there = table[key].isin(np.array(texts(case.sites, column), dtype=object)[abroad])
        for row in np.flatnonzero(is_own & there.to_numpy(dtype=np.bool_)):
            yield f"{table[key].iloc[row]} of table {name}", name, int(row)
