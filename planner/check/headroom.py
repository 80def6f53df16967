"""Headroom of zones, computed a second time from the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.frames import at

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["headroom_mw"]


def headroom_mw(case: Case, places: pd.DataFrame, rate_pct: float) -> Floats:
    """Return the headroom of zones in years at a curtailment rate, at the operator's share. [MW]

    Parameters
    ----------
    case : Case
        Inputs and plan.
    places : DataFrame
        zone and year of each row.
    rate_pct : float
        A rate of table `zone_headroom`. [%]
    """
    settings, table = case.scenario.grid, case.data("zone_headroom")
    rate = table[table["curtailment_rate_pct"] == rate_pct].set_index("zone")["headroom_mw"]
    growth = case.data("zone_headroom_growth").set_index(["zone", "year"])["added_headroom_mw"]
    grown = at(growth, places, ("zone", "year")) if settings.headroom_growth else 0.0
    share = case.scenario.operator.headroom_share_frac * settings.headroom_scale_frac
    return np.asarray((at(rate, places, ("zone",), np.nan) + grown) * share)
