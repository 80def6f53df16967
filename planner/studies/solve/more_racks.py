"""Racks that are added where lots, rounded, leave no plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp import Outcome
    from planner.model import Model
    from planner.studies.solve.solves import Solves

__all__ = ["with_more_racks"]

_NOTHING: Final = 1e-6  # of a rack


def with_more_racks(
    model: Model, solves: Solves, whole: Floats, reserve_s: float
) -> tuple[Outcome, Floats]:
    """Add the fewest MW of racks that leave a plan, to integers that leave none.

    A lot that was rounded down may leave a block a rack short of its least size. Which lots must
    be larger for it is a linear program: what is added costs its MW, and all else nothing.

    Parameters
    ----------
    model : Model
        The program.
    solves : Solves
        Solves it.
    whole : array of float
        The integers, one per integer column.
    reserve_s : float
        Time to leave for later. [s]

    Returns
    -------
    Outcome
        Of that solve; without a plan where racks are not what is lacking.
    array of float
        The integers with these racks, rounded up; as they were where there is no plan.
    """
    columns, lots = model.problem.columns(), model.problem.column_block("lot_racks")
    lower, upper = columns.lower.copy(), columns.upper.copy()
    integers = np.zeros_like(lower)
    integers[columns.integer] = whole
    lower[columns.integer] = upper[columns.integer] = whole
    upper[lots] = np.maximum(columns.upper[lots], lower[lots])
    cost = np.zeros_like(lower)
    cost[lots] = model.p.racks.lot_rack_mw
    # With other costs, dual simplex from the last basis is at no end after 11,000 steps.
    outcome = solves.solve_within(
        lower, upper, method=solves.afresh, reserve_s=reserve_s, cost=cost
    )
    if outcome.has_plan:
        integers[lots] = np.ceil(outcome.x[lots] - _NOTHING)
    return outcome, integers[columns.integer]
