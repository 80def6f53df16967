"""What a plan adds to a planner's own prices, in words: taxes, companions, indices and trends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.number_format import amount
from planner.base.words import some
from planner.inputs.case import BASE_YEAR_OF_MONEY, trend_factor
from planner.inputs.facility import construction_factor, on_top_of_hard_cost
from planner.inputs.own_rows import own_rows, shipped_table, unusable_racks
from planner.inputs.places import own_key
from planner.inputs.table_columns import floats, texts
from planner.inputs.tariffs_uses import billed_sites

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.facility import HallCost
    from planner.inputs.racks_figures import RackFigures
    from planner.scenario.tree import Keys

__all__ = ["note_own_prices"]

_CAPEX: Final = "capex_usd"
_CONSTRUCTION: Final = "construction_usd_per_w"
_RETAIL: Final = "retail_usd_per_mwh"
_INDEX_OFF_FRAC: Final = 0.02
"""Construction over index differs by more than this from what it is in the shipped table."""
_SHOWN_FRAC: Final = 5e-5  # a hundredth of a percent, rounded
_NAMED: Final = 4
_MOST_DESIGNS: Final = 12


def note_own_prices(case: ScopedCase, figures: RackFigures, cost: HallCost) -> None:
    """Note for every price of a planner's own what the plan pays, and what of it is added."""
    _note_racks(case, figures)
    _note_building(case)
    _note_markets(case, cost)
    _note_power(case)


def _note_racks(case: ScopedCase, figures: RackFigures) -> None:
    adder = floats(case.racks, "fabric_adder_frac")
    tax = {country: case.finance_of("sales_tax", country) for country in texts(case.sites, "country")}
    country = max(tax, key=lambda of: tax[of])
    trend_frac = case.finance_of("rack_price_real_trend", "world")
    given = dict(_own_rack_prices(case))
    idle = {rack for rack, _ in unusable_racks(case)}  # noted to have no effect
    for row, rack in enumerate(case.ids("racks")):
        on_sale = (figures.first_year[row] <= case.last_year) & (case.year <= figures.last_sale_year[row])
        if rack not in given or rack in idle or not figures.may_buy[row] or not on_sale.any():
            continue
        price = float(floats(case.racks, _CAPEX)[row])
        fabric = price * adder[row]
        taxed = (price + fabric) * tax[country]
        first, last = np.flatnonzero(on_sale)[[0, -1]]
        paid = (price + fabric + taxed) * figures.capex_trend
        added = (
            (fabric, f"{_usd(fabric)} of network fabric and storage (fabric_adder_frac)"),
            (taxed, f"{_usd(taxed)} of sales tax in {country}"),
            (trend_frac, f"{_percent(trend_frac)} a year of price trend"),
        )
        parts = [words for is_any, words in added if is_any]
        if not parts:
            continue
        text = (
            f"Rack {rack}: your price of {_usd(price)} is {_by_year(case, paid, first, last)} in"
            f" the plan, with {_listed(parts)}."
        )
        _remark(case, given[rack], text)


def _own_rack_prices(case: ScopedCase) -> Iterator[tuple[str, Keys | int]]:
    """Racks with a price of the planner's own, and where it is written: a key path, or a row."""
    if "racks" in case.scenario.data_files:
        table = case.tables["racks"]
        for row in np.flatnonzero(own_rows("racks", table)):
            yield str(table["rack"].iloc[row]), int(row)
    for rack, override in case.scenario.racks.override.items():
        if override.capex_usd is not None:
            yield rack, ("racks", "override", rack, _CAPEX)


def _remark(case: ScopedCase, place: Keys | int, text: str) -> None:
    if isinstance(place, int):
        case.findings.add_note_at_row("racks", place, _CAPEX, text)
    else:
        case.findings.add_note(text, place)


def _note_building(case: ScopedCase) -> None:
    """Note what becomes of own items of what a hall costs to build."""
    name = "facility_cost"
    if name not in case.scenario.data_files:
        return
    table = case.tables[name]
    is_own = own_rows(name, table)
    per_w = table["unit"].eq("USD/W IT") & table["group"].eq("capex")
    rows = np.flatnonzero(is_own & per_w.to_numpy(dtype=np.bool_))
    if not rows.size:
        return
    index = floats(case.sites, "index")
    factor = on_top_of_hard_cost(case) * construction_factor(case, case.year[[0, -1]].astype(np.float64))
    low, high = index.min() * factor, index.max() * factor
    parts = [
        f"{table['item'].iloc[row]} {amount(usd)} USD/W is {_between(usd * low[0], usd * high[0])}"
        f" in {case.year[0]} and {_between(usd * low[1], usd * high[1])} in {case.year[-1]}"
        for row, usd in zip(rows, floats(table, "value")[rows], strict=True)
    ]
    growth = case.finance_of("construction_real_escalation", "world")
    text = (
        f"Your costs of building: {some(parts, _NAMED)}, before what a topology asks for more: times the index of the"
        f" market ({_between(index.min(), index.max())}), plus {on_top_of_hard_cost(case) - 1.0:.0%} of soft costs and"
        f" contingency, and {_percent(growth)} a year in real terms."
    )
    case.findings.add_note_at_row(name, int(rows[0]), "value", text)


def _note_markets(case: ScopedCase, cost: HallCost) -> None:
    """Note what halls cost in a market of one's own, and where its cost per W is another."""
    name = "facility_market"
    if name not in case.scenario.data_files:
        return
    table, shipped = case.tables[name], shipped_table(name)
    us_average = float((floats(shipped, _CONSTRUCTION) / floats(shipped, "index")).mean())
    of_sites = np.array(texts(case.sites, "market"), dtype=object)
    for row in np.flatnonzero(own_rows(name, table)):
        market = table["market"].iloc[row]
        at = of_sites == market
        if not at.any():
            continue  # noted as a row without effect
        stated, index = float(table[_CONSTRUCTION].iloc[row]), float(table["index"].iloc[row])
        first, last = construction_factor(case, case.year[[0, -1]].astype(np.float64))
        makes = (
            f"which makes in USD/W of IT in {case.year[0]}, land included:"
            f" {_by_design(case, cost.capex_musd_per_mw[at] * first)};"
            f" in {case.year[-1]} {_percent(last / first - 1.0)}"
        )
        is_off = abs(stated / index / us_average - 1.0) > _INDEX_OFF_FRAC
        if is_off:
            text = (
                f"{_CONSTRUCTION} {amount(stated)} of market {market} has no effect: halls cost its"
                f" index of {amount(index)} times table facility_cost, {makes};"
                f" for {amount(stated)} USD/W write index {amount(stated / us_average)}."
            )
        else:
            text = (
                f"Halls in market {market} cost its index of {amount(index)}, that of"
                f" {amount(stated)} USD/W, times table facility_cost, {makes}."
            )
        case.findings.add_note_at_row(name, int(row), _CONSTRUCTION if is_off else "index", text)


def _by_design(case: ScopedCase, usd_per_w: Floats) -> str:
    """List what halls cost, shape (site, cooling, redundancy), of the designs to choose from."""
    of_cooling, of_redundancy = map(np.flatnonzero, _designs(case))
    is_listed = of_cooling.size * of_redundancy.size <= _MOST_DESIGNS
    parts = []
    for k in of_cooling:
        costs = usd_per_w[:, k, of_redundancy]
        by_topology = [
            f"{_between(column.min(), column.max())} {case.ids('redundancy')[r]}"
            for r, column in zip(of_redundancy, costs.T, strict=True)
        ]
        shown = ", ".join(by_topology) if is_listed else _between(costs.min(), costs.max())
        parts.append(f"{case.ids('cooling')[k]} {shown}")
    return "; ".join(parts)


def _designs(case: ScopedCase) -> tuple[Bools, Bools]:
    """Tell which cooling technologies and which topologies the scenario lets be built."""
    asked = case.scenario.halls
    return (
        np.array([asked.cooling == "all" or id_ in asked.cooling for id_ in case.ids("cooling")]),
        np.array([asked.redundancy == "all" or id_ in asked.redundancy for id_ in case.ids("redundancy")]),
    )


def _note_power(case: ScopedCase) -> None:
    """Note that own prices of power rise with those of the tables."""
    if case.scenario.energy.escalation_real_frac is not None:
        return
    growth = case.finance_by_site("electricity_real_escalation")
    factor = trend_factor(growth, case.year[-1])
    billed = billed_sites(case)
    keys = [
        (row, key)
        for row, site in enumerate(case.ids("sites"))
        if row not in billed and (key := own_key(case.scenario, site, _RETAIL)) is not None
    ]
    prices = floats(case.sites, _RETAIL)
    parts = [
        f"{amount(prices[row], 4)} USD/MWh at {case.ids('sites')[row]} is"
        f" {amount(prices[row] * factor[row], 4)} in {case.year[-1]}"
        for row, _ in keys
        if abs(factor[row] - 1.0) > _SHOWN_FRAC
    ]
    own = case.scenario.energy.own_tariffs
    used = [use.tariff for use in case.scenario.energy.tariffs if use.tariff in own]
    parts += [
        f"tariff {id_} is {_percent(float(factor.max()) - 1.0)} in {case.year[-1]}"
        for id_ in dict.fromkeys(used)
        if own[id_].escalation_real_frac is None and abs(factor.max() - 1.0) > _SHOWN_FRAC
    ]
    if parts:
        place: Keys = keys[0][1] if keys else ("energy", "own_tariffs", used[0])
        case.findings.add_note(
            f"Your prices of power rise by {_range_of_percent(growth)} a year in real terms from {BASE_YEAR_OF_MONEY}:"
            f" {some(parts, _NAMED)}. energy.escalation_real_frac sets the rise.",
            place,
        )


def _by_year(case: ScopedCase, usd: Floats, first: int, last: int) -> str:
    if first == last:
        return f"{_usd(usd[first])} in {case.year[first]}"
    return f"{_usd(usd[first])} in {case.year[first]} and {_usd(usd[last])} in {case.year[last]}"


def _usd(value: float) -> str:
    return f"{amount(value, 4)} USD"


def _percent(frac: float) -> str:
    return f"{100.0 * frac:+.3g} %"


def _range_of_percent(frac: Floats) -> str:
    low, high = 100.0 * frac.min(), 100.0 * frac.max()
    return f"{low:.3g} %" if high - low < 100.0 * _SHOWN_FRAC else f"{low:.3g} to {high:.3g} %"


def _between(low: float, high: float) -> str:
    shown = amount(low), amount(high)
    return shown[0] if shown[0] == shown[1] else " to ".join(shown)


def _listed(parts: list[str]) -> str:
    return " and ".join([*([", ".join(parts[:-1])] if parts[:-1] else []), parts[-1]])
