"""What the rounds of a solve in pieces have found so far: the best plan, bound and trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.lp.outcome import relative_gap

if TYPE_CHECKING:
    from planner.base.arrays import Floats

__all__ = ["Best"]

_MUCH_NEARER: Final = 0.5  # of the plan's gap


class Best:
    """The best plan and bound of a solve, and the trial that costs least.

    A trial may miss rows of pieces; it costs what it does and a penalty for what it misses.

    >>> best = Best()
    >>> best.take_trial(np.array([4.0]), 60.0)
    >>> best.bound = 48.0
    >>> best.gap, best.closing, best.trial_is_nearer()
    (inf, 0.2, True)
    >>> best.take_plan(np.array([4.0, 3.0]), 64.0)
    >>> best.gap, best.trial_is_nearer()
    (0.25, False)
    """

    def __init__(self) -> None:
        self.plan: Floats | None = None
        self.objective, self.bound = np.inf, -np.inf
        self.bound_dual: Floats | None = None
        self.trial: Floats = np.empty(0)
        self.trial_cost = np.inf

    def take_plan(self, plan: Floats, objective: float) -> None:
        """Keep a plan that misses no row, if it costs less than the best one."""
        if objective < self.objective:
            self.plan, self.objective = plan, objective

    def take_trial(self, trial: Floats, cost: float) -> None:
        """Keep a trial, if it costs less than the best one, penalties included."""
        if cost < self.trial_cost:
            self.trial, self.trial_cost = trial, cost

    def forget_trial_cost(self) -> None:
        """Let the next trial be the best one, as penalties are others now."""
        self.trial_cost = np.inf

    @property
    def gap(self) -> float:
        """Distance from the bound to the best plan, as a share of its cost; inf without one."""
        if self.plan is None:
            return np.inf
        return relative_gap(self.objective, min(self.bound, self.objective))

    @property
    def closing(self) -> float:
        """Distance from the bound to the best trial, as a share of its cost; inf without one."""
        return relative_gap(self.trial_cost, self.bound)

    def trial_is_nearer(self) -> bool:
        """Return whether the best trial is much nearer to the bound than the plan, if any."""
        has_trial, has_plan = self.trial.size > 0, self.plan is not None
        return has_trial and (not has_plan or self.closing < _MUCH_NEARER * self.gap)
