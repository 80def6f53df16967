"""Shapes and intensities by slot: their means reckoned a second time from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, listed
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.check.case import Case

    Floats = NDArray[np.float64]

__all__ = ["RULES"]


@rule(unit="-")
def shapes_keep_the_mean(case: Case) -> Excess:
    """Hourly shapes of load average to 1 over the year, so that they add no energy."""
    sets, hours = case.inputs.sets, case.hours
    mean = case.inputs.power.shape_frac @ (hours / hours.sum())
    place = pd.DataFrame({"site": list(sets.site.labels)}).merge(
        pd.DataFrame({"shape": list(sets.shape.labels)}), how="cross"
    )
    return Excess.differs(place, mean.ravel(), np.ones(mean.size))


@rule(unit="t/MWh")
def carbon_from_tables(case: Case) -> Excess:
    """Carbon intensity of the slots averages to that of the site and year in the tables."""
    power, hours = case.inputs.power, case.hours
    site_year = case.site_year
    told = listed(power.slot, t=case.inputs.carbon.location_t_per_mwh)
    frame = site_year.merge(case.slots[["slot"]], how="cross")
    key = ("site", "year", "slot")
    by_slot = at(told.set_index(list(key))["t"], frame, key, np.nan)
    mean = by_slot.reshape(len(site_year), len(hours)) @ (hours / hours.sum())
    table = case.data("carbon_intensity").sort_values("year")
    of_site = {str(site): rows for site, rows in table.groupby("site")}
    own = np.array(
        [
            np.interp(year, of_site[site]["year"], of_site[site]["location_kgco2_per_mwh"])
            for site, year in zip(
                case.table_site(site_year["site"]), site_year["year"], strict=True
            )
        ]
    )
    return Excess.differs(site_year, mean, own / 1000.0)


RULES = (
    shapes_keep_the_mean,
    carbon_from_tables,
)
