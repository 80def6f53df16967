"""When what futures order is decided, in words, as pages and terminals show it."""

from __future__ import annotations

from math import isfinite, nan
from typing import TYPE_CHECKING, Any, Final

from planner.base.number_format import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["LEAST_MW", "first_decided", "ordered_by"]

LEAST_MW: Final = 0.05
"""Less is shown as nothing: 0.1, rounded. [MW]"""
_OF_ITS_YEAR: Final = "racks"  # wait for no lead time
_COMMITTED: Final = "committed"
_NOT_STATED: Final = "not stated"


def first_decided(of: pd.DataFrame, column: str) -> str:
    """Say when the first of one thing is decided."""
    ordered = of[of[column] >= LEAST_MW].sort_values("year")
    dates = ordered["order_by"].dropna()
    if len(ordered) and "is_committed" in ordered and ordered["is_committed"].iloc[0]:
        more = ordered[column] >= ordered[column].iloc[0] + LEAST_MW
        later = dates[more.loc[dates.index]]
        return f"{_COMMITTED}; {moment(float(later.iloc[0]))}" if len(later) else _COMMITTED
    if len(dates):
        return moment(float(dates.iloc[0]))
    is_of_its_year = len(ordered) and ordered.iloc[0]["kind"] == _OF_ITS_YEAR
    return str(int(ordered.iloc[0]["year"])) if is_of_its_year else _NOT_STATED


def ordered_by(row: Mapping[Any, Any]) -> str:
    """Say when something of table `decided` is ordered, of committed halls that they are."""
    is_committed = isfinite(row.get("committed", nan))
    return _COMMITTED if is_committed else moment(float(row["order_by"]))
