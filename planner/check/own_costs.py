"""What the scenario's own table says it costs to serve users from a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from planner.tables.sheet import read_sheet

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["service_usd"]

_ENDS = ("region", "workload", "site")


def service_usd(case: Case, served: pd.DataFrame) -> pd.Series[float]:
    """Return the cost of serving a mean H100e for a year. [USD/H100e-year]

    Parameters
    ----------
    case : Case
        Inputs and plan.
    served : DataFrame
        region, workload and site of each row, no two alike.

    Returns
    -------
    Series
        By region, workload and site; 0 where the table says nothing or there is none.
    """
    index = pd.MultiIndex.from_frame(served[list(_ENDS)])
    path = case.scenario.file_at(("siting", "service_cost_table"))
    if path is None:
        return pd.Series(0.0, index=index)
    sheet = read_sheet(path, "service_cost_table")
    rows = [dict(zip(sheet.header, record, strict=False)) for record in sheet.records]
    usd = {
        (row["from"], row["to"], row.get("workload", "")): float(row["usd_per_h100e_year"])
        for row in rows
    }
    of_all = "workload" not in sheet.header
    paid = [usd.get((region, site, "" if of_all else of), 0.0) for region, of, site in index]
    return pd.Series(paid, index=index, dtype="float64")
