"""What a solver run ends with: the verdict, and the plan if there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Floats

__all__ = [
    "LEAST_GAP_FRAC",
    "PROVEN_GAP_FRAC",
    "BoundBy",
    "DualsOf",
    "Outcome",
    "Status",
    "optimal_gap_frac",
    "relative_gap",
]

PROVEN_GAP_FRAC = 1e-4
"""Gap up to which a plan with integers is called optimal, as solvers do by default. [-]"""
LEAST_GAP_FRAC = 1e-7
"""Least gap that can be told from none: of a sum of rows that are met to 1e-7. [-]"""

Status = Literal[
    "optimal", "within_gap", "infeasible", "unbounded", "time_limit", "iteration_limit", "interrupted", "error"
]

DualsOf = Literal["program", "fixed_program"]

BoundBy = Literal["relaxation", "search"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """Verdict of the solver and the plan, if there is one."""

    # ``"optimal"`` only where the solver proved it; ``"within_gap"`` where the work ended as asked with a plan and a
    # bound further apart
    status: Status
    has_plan: bool  # whether `x` meets every row and bound
    # whether `row_dual` and `reduced_cost` are those of a proven optimum, of the program or of what is left of it once
    # its integers are fixed: see `duals_of`
    has_duals: bool
    objective: float  # cost of the plan; nan without one
    dual_bound: float  # no plan can cost less; -inf where nothing is known, inf where no plan exists
    gap: float  # from the bound to the plan, as a share of the objective; inf without a plan or bound
    x: Floats  # value of every column; nan without a plan
    row_value: Floats  # value of every row's left side; nan without a plan
    row_dual: Floats  # change of the objective for one more unit on a row's right side; nan without duals
    reduced_cost: Floats  # change of the objective for one more unit on a column's active bound; nan without duals
    basis: Any | None  # where a later solve may start
    seconds: float  # wall time of the solve. [s]
    iterations: int  # of all methods together
    method_used: str  # the method that gave the verdict, and what was given up before it
    message: str  # the solver's own words
    duals_of: DualsOf = "program"  # what the duals are of
    # duals of the program without integrality from which a bound follows; shorter than `row_dual` where rows were added
    # after it was solved
    bound_row_dual: Floats | None = None
    # whether `dual_bound` is that of the program without integrality, or a higher one that only the tree of a search
    # can prove
    bound_by: BoundBy = "relaxation"


def optimal_gap_frac(gap_frac: float) -> float:
    """Return the gap up to which a plan is called optimal where a gap was asked for.

    >>> optimal_gap_frac(0.02), optimal_gap_frac(3e-6), optimal_gap_frac(0.0)
    (0.0001, 3e-06, 1e-07)
    """
    return min(max(gap_frac, LEAST_GAP_FRAC), PROVEN_GAP_FRAC)


def relative_gap(objective: float, dual_bound: float) -> float:
    """Return the distance from a bound to a plan's objective as a share of the objective.

    >>> relative_gap(80.0, 60.0), relative_gap(80.0, -np.inf)
    (0.25, inf)
    """
    distance = objective - dual_bound
    if distance == 0.0:
        return 0.0
    return distance / abs(objective) if np.isfinite(distance) and objective else np.inf
