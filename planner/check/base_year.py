"""What stands before the plan decides anything, computed from the data and the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from planner.check.facts_demand import base_year_stock_mw
from planner.check.frames import by
from planner.check.once import once
from planner.check.stated_existing import stated_halls, stated_sites

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["assumed_facility_mw", "market_facility_mw", "standing_facility_mw"]


@once
def standing_facility_mw(case: Case) -> pd.Series[float]:
    """Return the facility power of the base year at every site of the plan, stated or assumed.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    Series
        By site. [MW]
    """
    halls = stated_halls(case)
    first = halls[halls["year"] == case.years[0]]
    stated = first.groupby("site")["mw"].sum() * case.scenario.demand.facility_mw_per_rack_mw
    return assumed_facility_mw(case).add(stated, fill_value=0.0)


@once
def assumed_facility_mw(case: Case) -> pd.Series[float]:
    """Return the facility power whose racks are a mix of the tables, by site of the plan. [MW]"""
    of_market = market_facility_mw(case).loc[list(case.inputs.sets.site.labels)]
    assumed = case.own_figures("existing_mw", of_market)
    return assumed.where(~assumed.index.isin(stated_sites(case)), 0.0)


@once
def market_facility_mw(case: Case) -> pd.Series[float]:
    """Return the operator's share of what the market has, at sites left out by name as well.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    Series
        By site, those of the plan first. [MW]
    """
    total_mw = float(base_year_stock_mw(case)["stock_mw"].sum())
    stock = case.site_figures("site_stock", "existing_facility_mw")
    stock[stock.index.isin(list(case.scenario.new_sites))] = 0.0  # nothing stands there yet
    out = case.excluded
    table = by(case.data("site_stock"), "site", "existing_facility_mw").astype("float64")
    stock = pd.concat([stock, table[table.index.isin(out)].reindex(out, fill_value=0.0)])
    count = case.scenario.operator.stock_sites
    stock = stock if count is None else stock.nlargest(count).reindex(stock.index, fill_value=0.0)
    share_frac = stock / stock.sum() if stock.any() else stock
    per_rack = case.scenario.demand.facility_mw_per_rack_mw
    return share_frac * total_mw * per_rack
