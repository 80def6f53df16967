"""Which limits work stays unmet for, as far as shadow prices show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from planner.limits.limit import Tables

__all__ = ["UNMET_FRAC", "unmet_causes"]

UNMET_FRAC: Final = 1e-3
"""Of the demand of a year: less unmet is not looked into."""
_MUCH_FRAC: Final = 0.1
"""Of the value of the compute that is met: a limit that takes less is no cause."""
_NOTHING: Final = 1e-6
"""Of the demand of a year: less of it served is nothing, as is less of a limit."""


def unmet_causes(bound: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """List the limits that take much of the value of compute in years with unmet demand.

    In a linear program the value of the compute that is met, at its shadow price, is what it
    costs and what limits take of it, each its shadow price times how much of it there is. Where
    demand is unmet that price is the penalty of unmet demand; a limit that takes little of it
    leaves the work unmet for another reason. Limits of later years than the last with unmet
    demand are left out.

    Where a limit is zero in a year in which nothing is served, nothing is left to take a share
    of, and it counts as taking all.

    Parameters
    ----------
    bound : DataFrame
        Of `planner.limits.binding.binding`.
    tables : mapping of str to DataFrame
        Result tables, with shadow prices.

    Returns
    -------
    DataFrame
        Of each kind of limit a row of `bound`, of the year with most unmet if it binds then, with
        what the whole kind takes of that value (share_frac), the largest first.
    """
    summary = tables["summary"].set_index("year")
    short = summary[summary["unmet_kh100e"] > UNMET_FRAC * summary["demand_kh100e"]]
    none = bound.head(0).assign(share_frac=np.zeros(0))
    if short.empty or bound.empty:
        return none
    rows = bound[bound["year"] <= short.index.max()]
    rows = rows[rows["raw_dual"] != 0.0]
    stops_all = (rows["limit"] <= _NOTHING) & rows["year"].isin(
        short.index[short["served_kh100e"] <= _NOTHING * short["demand_kh100e"]]
    )
    takes = (rows["raw_dual"].abs() * rows["limit"]).groupby(rows["block"]).sum()
    value_musd = _value_of_met(tables, short.index)
    share = takes / value_musd if value_musd > 0.0 else takes * 0.0
    share[rows.loc[stops_all, "block"].unique()] = 1.0
    share = share[share >= _MUCH_FRAC]
    worst = (short["unmet_kh100e"] / short["demand_kh100e"]).idxmax()
    first = np.lexsort((-rows["one_percent_musd"], rows["year"] != worst, ~stops_all))
    once = rows.iloc[first].drop_duplicates("block")
    found: pd.DataFrame = once.assign(share_frac=once["block"].map(share)).dropna(
        subset="share_frac"
    )
    found = found.sort_values("share_frac", ascending=False, kind="stable")
    return found.reset_index(drop=True)


def _value_of_met(tables: Tables, years: pd.Index) -> float:
    """Return what the compute that is met in some years is worth, at shadow prices. [MUSD]"""
    prices = tables["prices"]
    prices = prices[prices["block"] == "demand_balance"]
    keys = ["region", "workload", "year"]
    met = tables["demand"][tables["demand"]["year"].isin(years)]
    priced = met.merge(prices[[*keys, "raw_dual"]], on=keys)
    kh100e = priced["served_kh100e"] + priced["rented_kh100e"]
    return float((priced["raw_dual"].abs() * kh100e).sum())
