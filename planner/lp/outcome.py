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
    "optimal",
    "within_gap",
    "infeasible",
    "unbounded",
    "time_limit",
    "iteration_limit",
    "interrupted",
    "error",
]

DualsOf = Literal["program", "fixed_program"]

BoundBy = Literal["relaxation", "search"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """Verdict of the solver and the plan, if there is one.

    Parameters
    ----------
    status : str
        ``"optimal"`` only where the solver proved it; ``"within_gap"`` where the work ended as
        asked with a plan and a bound further apart. A limit or an interrupt is neither.
    has_plan : bool
        Whether `x` meets every row and bound.
    has_duals : bool
        Whether `row_dual` and `reduced_cost` are those of a proven optimum, of the program or of
        what is left of it once its integers are fixed: see `duals_of`.
    objective : float
        Cost of the plan; nan without one.
    dual_bound : float
        No plan can cost less; -inf where nothing is known, inf where no plan exists.
    gap : float
        From the bound to the plan, as a share of the objective; inf without a plan or bound.
    x : array of float
        Value of every column; nan without a plan.
    row_value : array of float
        Value of every row's left side; nan without a plan.
    row_dual : array of float
        Change of the objective for one more unit on a row's right side; nan without duals.
    reduced_cost : array of float
        Change of the objective for one more unit on a column's active bound; nan without duals.
    basis : HighsBasis or None
        Where a later solve may start.
    seconds : float
        Wall time of the solve. [s]
    iterations : int
        Of all methods together.
    method_used : str
        The method that gave the verdict, and what was given up before it.
    message : str
        The solver's own words.
    duals_of : {"program", "fixed_program"}
        What the duals are of. With the integers fixed they are the worth of a little more
        or less while every opening and phase stays as it is.
    bound_row_dual : array of float or None
        Duals of the program without integrality from which a bound follows; shorter than
        `row_dual` where rows were added after it was solved. None where the program has no
        integers, or before it is known.
    bound_by : {"relaxation", "search"}
        Whether `dual_bound` is that of the program without integrality, or a higher one that
        only the tree of a search can prove.
    """

    status: Status
    has_plan: bool
    has_duals: bool
    objective: float
    dual_bound: float
    gap: float
    x: Floats
    row_value: Floats
    row_dual: Floats
    reduced_cost: Floats
    basis: Any | None
    seconds: float
    iterations: int
    method_used: str
    message: str
    duals_of: DualsOf = "program"
    bound_row_dual: Floats | None = None
    bound_by: BoundBy = "relaxation"


def optimal_gap_frac(gap_frac: float) -> float:
    """Return the gap up to which a plan is called optimal where a gap was asked for.

    Parameters
    ----------
    gap_frac : float
        Gap that was asked for. [-]

    Returns
    -------
    float
        The gap asked for, but at most `PROVEN_GAP_FRAC`, and at least 1e-7, below which two
        costs cannot be distinguished.

    Examples
    --------
    >>> optimal_gap_frac(0.02), optimal_gap_frac(3e-6), optimal_gap_frac(0.0)
    (0.0001, 3e-06, 1e-07)
    """
    return min(max(gap_frac, LEAST_GAP_FRAC), PROVEN_GAP_FRAC)


def relative_gap(objective: float, dual_bound: float) -> float:
    """Return the distance from a bound to a plan's objective as a share of the objective.

    Parameters
    ----------
    objective, dual_bound : float
        Cost of the plan, nan without one, and what no plan can cost less than.

    Returns
    -------
    float
        Share; inf without a plan or a bound.

    Examples
    --------
    >>> relative_gap(80.0, 60.0), relative_gap(80.0, -np.inf)
    (0.25, inf)
    """
    distance = objective - dual_bound
    if distance == 0.0:
        return 0.0
    return distance / abs(objective) if np.isfinite(distance) and objective else np.inf
