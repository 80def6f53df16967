"""Peers that solve the same program: PuLP with CBC and with HiGHS, linopy with HiGHS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import linopy
import numpy as np
import pulp
import xarray as xr

from planner.lp.change import Arrays

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.lp import ArrayProblem

__all__ = ["PEERS", "solve_by_peer"]

PEERS: Final = ("cbc", "pulp", "linopy")
"""PuLP with CBC, PuLP with HiGHS, linopy with HiGHS: the latter two by interior point."""


def solve_by_peer(problem: ArrayProblem, peer: str, limit_s: float) -> dict[str, Any]:
    """Solve a program, its integers as fractions, and return how it ended and what it costs."""
    if peer == "linopy":
        return _by_linopy(problem, limit_s)
    if peer == "cbc":
        solver = pulp.PULP_CBC_CMD(mip=False, msg=False, timeLimit=limit_s)
    else:
        solver = pulp.HiGHS(mip=False, msg=False, timeLimit=limit_s, threads=1, solver="ipm")
    shown = problem.to_pulp()
    status = pulp.LpStatus[shown.solve(solver)]
    how = "CBC by PuLP" if peer == "cbc" else "HiGHS by PuLP"
    return {"status": status, "objective": pulp.value(shown.objective), "how": how}


def _by_linopy(problem: ArrayProblem, limit_s: float) -> dict[str, Any]:
    model = in_linopy(problem)
    options: dict[str, Any] = {"solver": "ipm", "threads": 1, "time_limit": limit_s, "output_flag": False}
    _, status = model.solve("highs", io_api="direct", progress=False, **options)
    offset = Arrays.from_problem(problem).columns.offset
    objective = float(model.objective.value or np.nan) + offset
    return {"status": status, "objective": objective, "how": "HiGHS by linopy"}


def in_linopy(problem: ArrayProblem) -> linopy.Model:
    """Return a program, its integers as fractions, as one of linopy.

    All rows of a constraint of linopy have as many terms as its longest one, so that each of its
    constraints takes rows of like length.
    """
    arrays = Arrays.from_problem(problem)
    columns, rows, matrix = arrays.columns, arrays.rows, arrays.matrix
    model = linopy.Model()
    coords = {"column": np.arange(matrix.columns)}
    x = model.add_variables(
        xr.DataArray(columns.lower, coords=coords), xr.DataArray(columns.upper, coords=coords), name="x"
    )
    label = x.labels.to_numpy()
    is_equal = rows.lower == rows.upper
    terms = np.diff(matrix.start)
    doubled = np.ceil(np.log2(np.maximum(terms, 1)))

    def add(of_kind: Bools, sign: str, right: Floats) -> None:
        for length in np.unique(doubled[of_kind]):
            row = np.flatnonzero(of_kind & (doubled == length))
            place = np.arange(terms[row].max(initial=0))
            is_term = place < terms[row, None]
            at = np.where(is_term, matrix.start[row, None] + place, 0)
            left = xr.Dataset(
                {
                    "coeffs": (("row", "_term"), np.where(is_term, matrix.value[at], np.nan)),
                    "vars": (("row", "_term"), np.where(is_term, label[matrix.column[at]], -1)),
                },
                coords={"row": row},
            )
            least = xr.DataArray(right[row], coords={"row": row})
            model.add_constraints(linopy.LinearExpression(left, model), sign, least)

    add(is_equal, "=", rows.lower)
    add(~is_equal & np.isfinite(rows.lower), ">=", rows.lower)
    add(~is_equal & np.isfinite(rows.upper), "<=", rows.upper)
    model.add_objective((x * xr.DataArray(columns.cost, coords=coords)).sum())
    return model
