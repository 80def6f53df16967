"""Demand that a scenario states outright, turned into compute a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from planner.check.facts_demand import between, per_amount

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["region_shares", "stated_kh100e"]


def region_shares(case: Case) -> pd.Series[float]:
    """Return the share of each region in scope in a demand without a region, by region."""
    table = case.data("demand_regions").set_index("demand_region")
    weight = table[case.scenario.demand.region_weight].astype("float64")
    here = [name for name in case.inputs.sets.region.labels if name in weight.index]
    return weight[here] / weight[here].sum()


def stated_kh100e(case: Case) -> pd.DataFrame:
    """List the compute that the scenario states for classes in scope.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        region, workload, year, kh100e; one row per statement, region and year.
    """
    share, settings = region_shares(case), case.scenario.demand
    rows: list[tuple[str, str, int, float]] = []
    for stated in settings.explicit:
        if stated.workload not in case.inputs.sets.workload.labels:
            continue
        part = share if stated.demand_region is None else pd.Series({stated.demand_region: 1.0})
        for year in case.years:
            per_unit = per_amount(case, stated.workload, stated.unit, year)
            amount = per_unit * between(stated.by_year, year) * between(settings.scale_frac, year)
            rows += [(str(name), stated.workload, year, amount * own) for name, own in part.items()]
    frame = pd.DataFrame(rows, columns=["region", "workload", "year", "kh100e"])
    return frame.astype({"year": "int64", "kh100e": "float64"})
