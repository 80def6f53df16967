"""Where the energy of sites comes from, and what of it goes elsewhere, so that it adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.base.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["GRID", "OUT", "SHED", "sources_of_power"]

GRID: Final = "(grid)"
"""The grid among the sources."""
SHED: Final = "(not served)"
"""Energy that sites would use and do not get."""
OUT: Final = ("(charging)", "(sold)", "(curtailed)")
"""What takes energy, counted below 0."""


def sources_of_power(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """List what comes in at every site and year by source, and what of it goes elsewhere."""
    parts = [part[part["energy_mwh"] != 0.0] for part in _parts(tables)]
    frame = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    frame = frame.sort_values(["site", "year"], kind="stable", ignore_index=True)
    names = tables["sites"].set_index("site")["name"]
    return frame.assign(site_name=frame["site"].map(names).astype("str"), mean_mw=frame["energy_mwh"] / HOURS_PER_YEAR)


def _parts(tables: Mapping[str, pd.DataFrame]) -> Iterator[pd.DataFrame]:
    sites, sources, surplus = (tables[name] for name in ("site_year", "source_year", "site_surplus"))
    place, missing = ["site", "year"], float("nan")
    yield sites[place].assign(source=GRID, capacity_mw=sites["firm_mw"], energy_mwh=sites["grid_mwh"])
    yield sources[[*place, "source"]].assign(capacity_mw=sources["capacity_mw"], energy_mwh=sources["output_mwh"])
    shed = tables["non_firm_year"]
    yield shed[place].assign(source=SHED, capacity_mw=missing, energy_mwh=shed["shed_mwh"])
    charging, sold, thrown_away = OUT
    taken = sources.groupby(place, as_index=False)[["charged_mwh"]].sum()
    yield taken[place].assign(source=charging, capacity_mw=missing, energy_mwh=-taken["charged_mwh"])
    hours = tables["power_slot"][[*place, "slot", "hours"]]
    by_slot = surplus.merge(hours, on=[*place, "slot"], how="left")
    for source, column in ((sold, "export_mw"), (thrown_away, "surplus_mw")):
        energy = by_slot[place].assign(energy_mwh=-by_slot[column] * by_slot["hours"])
        yield energy.groupby(place, as_index=False).sum().assign(source=source, capacity_mw=missing)
