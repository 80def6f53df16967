"""Tables that end before the horizon does: their last figures hold, and a note says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.words import some
from planner.inputs.supply_figures import sources_in_play
from planner.inputs.table_columns import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from planner.inputs.case import ScopedCase

__all__ = ["note_early_ends"]

_NAMED = 4


def note_early_ends(case: ScopedCase) -> None:
    """Note the tables of figures by year with a series that the last model year lies beyond.

    The headroom of zones has a note of its own; a table without a figure that must be stated for
    each year, such as deliveries, is a problem where it is read.
    """
    held = []
    for name, keys, rows in _series_read(case):
        last = rows.groupby(keys, sort=False)["year"].max()
        last = last[last < case.year[-1]]
        if len(last):
            first = last[last == last.min()]
            ids = [" ".join(key) if isinstance(key, tuple) else str(key) for key in first.index]
            held.append(f"{name} ({int(last.min())}: {some(ids, _NAMED)})")
    if held:
        case.findings.add_note(
            f"Up to {case.year[-1]}, figures that end before are those of their last year. Of each"
            f" table, those that end first: {'; '.join(held)}."
        )


def _series_read(case: ScopedCase) -> Iterator[tuple[str, list[str], pd.DataFrame]]:
    """Tables by year, what tells their series apart, and the rows that this scenario reads."""
    scenario, tables = case.scenario, case.tables
    table = tables["carbon_intensity"]
    yield "carbon_intensity", ["site"], table[table["site"].isin(_sites_with_figures(case))]
    if scenario.contracts.matching.target_frac is not None:
        table = tables["clean_share"]
        yield "clean_share", ["zone"], table[table["zone"].isin(case.sites["zone"])]
    table = tables["onsite_sources"]
    plants = table[table["onsite"].isin(sources_in_play(case))]
    yield "onsite_sources", ["onsite"], plants
    fuels = {*texts(plants, "fuel")} - {*scenario.supply.fuel_price_usd_per_mmbtu}
    table = tables["fuel_prices"]
    burnt = table[table["fuel"].isin(fuels)]
    yield "fuel_prices", ["fuel", "region"], _fuel_rows(case, burnt)
    if scenario.carbon.fuel_schemes:
        places = {*case.sites["country"], *(case.sites["country"] + "-" + case.sites["state"])}
        table = tables["carbon_schemes"]
        schemes = table.loc[table["place"].isin(places), "scheme"]
        table = tables["carbon_prices"]
        yield "carbon_prices", ["scheme"], table[table["scheme"].isin(schemes)]
    table = tables["ppa_regions"]
    regions = table.loc[table["country"].isin(case.sites["country"]), "region"]
    offers = scenario.contracts.ppa.values()
    bought = {offer.technology for offer in offers if offer.price_usd_per_mwh is None}
    table = tables["ppa_prices"]
    here = table["region"].isin(regions) & table["technology"].isin(bought)
    yield "ppa_prices", ["region", "technology"], table[here]


def _sites_with_figures(case: ScopedCase) -> list[str]:
    """Sites of the plan, and those that its new ones take their figures from."""
    new = case.scenario.new_sites
    return [new[site].like if site in new else site for site in case.ids("sites")]


def _fuel_rows(case: ScopedCase, prices: pd.DataFrame) -> pd.DataFrame:
    """Rows of fuel of the zones and countries of the sites, and of the world."""
    regions = {*case.sites["zone"], *case.sites["country"], "world"}
    return prices[prices["region"].isin(regions)]
