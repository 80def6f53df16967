"""Rows and bounds that conflict, none of which could be left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.lp.expression import added_up

if TYPE_CHECKING:
    from planner.base.arrays import Positions
    from planner.lp.change import Arrays
    from planner.lp.engine import Engine

_NOTHING = 1e-9  # [-], multipliers as a share of the greatest


@dataclass(frozen=True, eq=False)
class Conflict:
    """Places of rows, and of columns by the bound that takes part."""

    rows: Positions
    lower_bounds: Positions
    upper_bounds: Positions


def find_conflict(engine: Engine, arrays: Arrays, seconds: float) -> Conflict | None:
    r"""Return an irreducible infeasible set of rows and bounds.

    Where no plan exists there are multipliers :math:`y` of the rows with

    .. math:: y^T b > \max \{ y^T A x : l \le x \le u \}

    and an infeasible dual simplex ends with such a :math:`y`, its ray. The ray is an extreme one,
    so the rows and bounds it uses are a smallest conflict: without any of them the others can be
    met. It costs one simplex run at most, where HiGHS' own search (`getIis`) tries bound by bound.
    Takes `seconds` [s].

    .. [1] J. Gleeson and J. Ryan, "Identifying minimally infeasible subsystems of
       inequalities," ORSA Journal on Computing 2(1), 1990.
    """
    columns, matrix, rows = arrays.columns, arrays.matrix, arrays.rows
    none = np.empty(0, dtype=np.intp)
    crossed = np.flatnonzero(columns.lower > columns.upper)[:1]
    if len(crossed):
        return Conflict(none, crossed, crossed)
    is_empty = np.diff(matrix.start) == 0
    unmet = np.flatnonzero(is_empty & ((rows.lower > 0.0) | (rows.upper < 0.0)))[:1]
    if len(unmet):
        return Conflict(unmet, none, none)
    ray = engine.dual_ray(seconds)
    if ray is None:
        return None
    ray = ray / np.abs(ray).max()
    weights = ray[matrix.row_of_value()] * matrix.value
    pull = added_up(weights, matrix.column, matrix.columns)
    # What is left of terms that cancel is nothing compared with their size.
    size = added_up(np.abs(weights), matrix.column, matrix.columns)
    is_pulled = np.abs(pull) > _NOTHING * np.maximum(size, 1.0)
    return Conflict(
        np.flatnonzero(np.abs(ray) > _NOTHING),
        np.flatnonzero(is_pulled & (pull < 0.0)),
        np.flatnonzero(is_pulled & (pull > 0.0)),
    )
