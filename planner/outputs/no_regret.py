"""When what futures order is decided, in words, as pages and terminals show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.number_format import moment

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEAST_MW", "first_decided"]

LEAST_MW: Final = 0.05
"""Less is shown as nothing: 0.1, rounded. [MW]"""
_OF_ITS_YEAR: Final = "racks"  # wait for no lead time
_NOT_STATED: Final = "not stated"


def first_decided(of: pd.DataFrame, column: str) -> str:
    """Say when the first of one thing is decided.

    Parameters
    ----------
    of : DataFrame
        Its rows of table `no_regret`.
    column : str
        ``least_mw`` or ``most_mw``: which amount counts.

    Returns
    -------
    str
        As the longest lead time asks for, of racks the year in which they serve; of what has no
        lead time in the table, as in folders of older versions, that it is not stated.
    """
    ordered = of[of[column] >= LEAST_MW].sort_values("year")
    dates = ordered["order_by"].dropna()
    if len(dates):
        return moment(float(dates.iloc[0]))
    is_of_its_year = len(ordered) and ordered.iloc[0]["kind"] == _OF_ITS_YEAR
    return str(int(ordered.iloc[0]["year"])) if is_of_its_year else _NOT_STATED
