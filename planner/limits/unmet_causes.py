"""Which limits work stays unmet for, as far as shadow prices show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.words import percent
from planner.limits import LIMITS

if TYPE_CHECKING:
    import pandas as pd

    from planner.limits.limit import Tables

UNMET_FRAC: Final = 1e-3
"""Of the demand of a year: less unmet is not looked into."""
_MUCH_FRAC: Final = 0.1
"""Of the value of the compute that is met: a limit that takes less is no cause."""
_NOTHING: Final = 1e-6
"""Of the demand of a year: less of it served is nothing, as is less of a limit."""
_YEARLY: Final = frozenset(limit.name for limit in LIMITS if limit.price is not None and limit.price.paid == "yearly")
_BUDGETS: Final = frozenset(limit.name for limit in LIMITS if limit.price is not None and limit.price.unit == "USD/USD")
_OF_DECISIONS: Final = frozenset(
    limit.name for limit in LIMITS if limit.binding is not None and limit.binding.is_of_decisions
)


def unmet_causes(bound: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """List the limits that take much of the value of compute in years with unmet demand.

    In a linear program the value of the compute that is met, at its shadow price, is what it
    costs and what limits take of it, each its shadow price times the right side of its row. Where
    demand is unmet that price is the penalty of unmet demand; a limit that takes little of it
    leaves the work unmet for another reason.

    A limit on what goes on all year takes from its own year, and counts if demand is unmet then. A
    limit on what is bought, or a lasting right, takes from later years too: it counts up to the
    last year with unmet demand, and the value is then of all years from the first such limit on.

    Limits of as much as decisions make have a right side of zero: what they take goes to others,
    such as a contract of which there is no more. They are listed by the same measure, without a
    share. Nor is there one where a limit is zero in a year in which nothing is served, or where a
    budget is too small to take much, and what it pays for is worth more than twice its price; these
    come first.
    """
    summary = tables["summary"].set_index("year")
    short = summary[summary["unmet_kh100e"] > UNMET_FRAC * summary["demand_kh100e"]]
    none = bound.head(0).assign(share_frac=np.zeros(0))
    if short.empty or bound.empty:
        return none
    lasts = ~bound["block"].isin(_YEARLY)
    counts = bound["year"].isin(short.index) | (lasts & (bound["year"] <= short.index.max()))
    rows = bound[counts & (bound["raw_dual"] != 0.0)]
    stops_all = (rows["limit"] <= _NOTHING) & rows["year"].isin(
        short.index[short["served_kh100e"] <= _NOTHING * short["demand_kh100e"]]
    )
    takes_musd = (rows["raw_dual"].abs() * rows["limit"]).groupby(rows["block"]).sum()
    much = takes_musd.index[takes_musd >= _MUCH_FRAC * _value_of_met(tables, short.index)]
    first = rows.loc[rows["block"].isin(much) & ~rows["block"].isin(_YEARLY), "year"].min()
    reached = summary.index[(summary.index >= first) & (summary.index <= short.index.max())]
    value_musd = _value_of_met(tables, short.index.union(reached))
    size = takes_musd / value_musd if value_musd > 0.0 else takes_musd * 0.0
    is_small = rows["block"].isin(_BUDGETS & {*size.index[size < _MUCH_FRAC]}) & (rows["raw_dual"].abs() > 1.0)
    size[rows.loc[stops_all | is_small, "block"].unique()] = np.inf
    size = size[size >= _MUCH_FRAC]
    share = size.where(np.isfinite(size) & ~size.index.isin(_OF_DECISIONS))
    worst = (short["unmet_kh100e"] / short["demand_kh100e"]).idxmax()
    order = np.lexsort((-rows["one_percent_musd"], rows["year"] != worst, ~stops_all))
    once = rows.iloc[order].drop_duplicates("block").set_index("block", drop=False)
    by_size = size.sort_values(ascending=False, kind="stable").index
    found: pd.DataFrame = once.loc[by_size].assign(share_frac=share)
    return found.reset_index(drop=True)


def share_words(share_frac: float) -> str:
    """Write a share behind what limits, or nothing where there is none."""
    return f" ({percent(share_frac)})" if np.isfinite(share_frac) else ""


def _value_of_met(tables: Tables, years: pd.Index) -> float:
    """Return what the compute that is met in some years is worth, at shadow prices. [MUSD]"""
    prices = tables["prices"]
    prices = prices[prices["block"] == "demand_balance"]
    keys = ["region", "workload", "year"]
    met = tables["demand"][tables["demand"]["year"].isin(years)]
    priced = met.merge(prices[[*keys, "raw_dual"]], on=keys)
    kh100e = priced["served_kh100e"] + priced["rented_kh100e"]
    return float((priced["raw_dual"].abs() * kh100e).sum())
