"""Racks that are added where lots, rounded, leave a block short."""

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


def with_more_racks(model: Model, solves: Solves, whole: Floats, reserve_s: float) -> tuple[Outcome, Floats]:
    """Add few racks to integers that leave no plan, so that they leave one.

    Lots that were rounded down may leave a block a rack short of its least size. The fewest MW that
    lots must be larger for it are a linear program: what is added costs its MW, and all else
    nothing. These lots are then rounded up. Lots are not made smaller: where racks that were
    rounded up are what a budget or a vendor does not allow, it finds nothing.
    """
    columns, lots = model.problem.columns(), model.problem.column_block("lot_racks")
    lower, upper = columns.lower.copy(), columns.upper.copy()
    lower[columns.integer] = upper[columns.integer] = whole
    upper[lots] = np.maximum(columns.upper[lots], lower[lots])
    cost = np.zeros_like(lower)
    cost[lots] = model.p.racks.lot_rack_mw
    # With other costs the last basis is of no use: dual simplex from it had not ended after 11,000
    # steps on `us-base`. Cuts are left to the solve with racks added: here nothing else has a
    # cost, so that what would be cut off says nothing of a plan.
    outcome = solves.solve_within(
        lower, upper, method=solves.cold_method, reserve_s=reserve_s, cost=cost, adds_cuts=False
    )
    if outcome.status != "optimal":
        return outcome, whole
    lower[lots] = np.ceil(outcome.x[lots] - _NOTHING)
    return outcome, lower[columns.integer]
