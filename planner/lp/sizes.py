"""Whether the numbers of a program are of a size that a solver computes with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp.change import Arrays
    from planner.lp.problem import ArrayProblem

__all__ = ["LARGEST_NUMBER", "check_sizes"]

LARGEST_NUMBER: Final = 1e12
"""Of coefficients, costs and bounds. HiGHS takes bounds from 1e20 on for none and refuses
coefficients from 1e15 on; those of shipped scenarios end at 1e5."""


def check_sizes(problem: ArrayProblem, arrays: Arrays) -> None:
    """Refuse a program with numbers that no solver can distinguish from others."""
    row_of_value = np.repeat(np.arange(arrays.matrix.rows), np.diff(arrays.matrix.start))
    found = []
    for values, what, name in (
        (arrays.matrix.value, "a coefficient of", lambda at: problem.row_name(int(row_of_value[at]))),
        (arrays.rows.lower, "a bound of", problem.row_name),
        (arrays.rows.upper, "a bound of", problem.row_name),
        (arrays.columns.lower, "a bound of", problem.column_name),
        (arrays.columns.upper, "a bound of", problem.column_name),
        (arrays.columns.cost, "the cost of", problem.column_name),
    ):
        wrong = np.flatnonzero(_is_wrong(values))
        if wrong.size:
            place = f"{what} {name(int(wrong[0]))} is {values[wrong[0]]:.3g}"
            others = f", and {wrong.size - 1:,} more" if wrong.size > 1 else ""
            found.append(
                Problem(
                    str(problem.name),
                    None,
                    None,
                    place + others,
                    f"at most {LARGEST_NUMBER:g} in size",
                    "look for a figure of it in a wrong unit",
                )
            )
    if found:
        raise InputError(found)


def _is_wrong(values: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    size = np.abs(values)
    return np.asarray((size > LARGEST_NUMBER) & np.isfinite(size))
