"""How far a running solve is, and whether it should stop."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from planner.lp.outcome import relative_gap

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

__all__ = ["Phase", "ProgressEvent", "Watch"]

Phase = Literal["simplex", "ipm", "mip", "rounds"]

_SECONDS_BETWEEN_EVENTS = 0.1


@dataclass(frozen=True)
class ProgressEvent:
    """How far a running solve is."""

    phase: Phase  # the algorithm that is running; rounds are those of a decomposition
    seconds: float  # since the solve began. [s]
    iterations: int  # of this phase; nodes in a search for integers
    objective: float  # of the current point, which may break rows; nan where there is none
    dual_bound: float  # no plan can cost less; -inf where nothing is known
    gap: float  # from the bound to the best plan, as a share of the plan's objective; inf where unknown
    step: str = ""  # what the solve is for, where a plan takes several; empty for one solver alone
    solve: int = 0  # its number among the solves that the plan takes, from one; 0 for one solver alone
    left_s: float = float("nan")  # about how long the rest takes, nan where nothing says it. [s]


class Watch:
    """Callback of a running solve: reports progress, and says when to stop."""

    def __init__(self, on_progress: Callable[[ProgressEvent], None] | None, interrupt: threading.Event | None) -> None:
        self.began = time.perf_counter()
        self.raised: BaseException | None = None
        self._on_progress = on_progress
        self._interrupt = interrupt
        self._next_event = self.began

    def update(self, phase: Phase, state: Any) -> bool:
        """Report progress; return whether the solve should stop."""
        now = time.perf_counter()
        if self._on_progress is not None and now >= self._next_event:
            self._next_event = now + _SECONDS_BETWEEN_EVENTS
            self._on_progress(_event(phase, now - self.began, state))
        return self.must_stop

    @property
    def must_stop(self) -> bool:
        """Whether the solve should stop: it was asked to, or something was raised meanwhile."""
        return self.raised is not None or (self._interrupt is not None and self._interrupt.is_set())


def _event(phase: Phase, seconds: float, state: Any) -> ProgressEvent:
    if phase != "mip":
        is_simplex = phase == "simplex"
        count = state.simplex_iteration_count if is_simplex else state.ipm_iteration_count
        objective = _finite(state.objective_function_value)
        # HiGHS says -1 before the first iteration.
        return ProgressEvent(phase, seconds, max(0, int(count)), objective, -np.inf, np.inf)
    objective, bound = _finite(state.mip_primal_bound), float(state.mip_dual_bound)
    gap = relative_gap(objective, bound)
    return ProgressEvent(phase, seconds, int(state.mip_node_count), objective, bound, gap)


def _finite(number: float) -> float:
    return float(number) if np.isfinite(number) else np.nan
