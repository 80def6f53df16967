"""What stands before the plan decides anything, computed from the data and the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.check.facts_demand import base_year_stock_mw
from planner.check.once import once

if TYPE_CHECKING:
    import pandas as pd

    from planner.check.case import Case

__all__ = ["standing_facility_mw"]


@once
def standing_facility_mw(case: Case, *, of_tables: bool = False) -> pd.Series[float]:
    """Return the facility power that stands at every site: its share of the stock, or its own.

    Parameters
    ----------
    case : Case
        Inputs and plan.
    of_tables : bool, optional
        Whether to leave aside what the scenario gives as a site's own.

    Returns
    -------
    Series
        By site. [MW]
    """
    total_mw = float(base_year_stock_mw(case)["stock_mw"].sum())
    stock = case.site_figures("site_stock", "existing_facility_mw")
    stock[stock.index.isin(list(case.scenario.new_sites))] = 0.0  # nothing stands there yet
    count = case.scenario.operator.stock_sites
    stock = stock if count is None else stock.nlargest(count).reindex(stock.index, fill_value=0.0)
    share_frac = stock / stock.sum() if stock.any() else stock
    per_rack = case.scenario.demand.facility_mw_per_rack_mw
    shared = share_frac * total_mw * per_rack
    return shared if of_tables else case.own_figures("existing_mw", shared)
