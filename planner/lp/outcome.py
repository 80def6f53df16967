"""What a solve gives, by which method, and how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

import numpy as np

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Floats
    from planner.lp.change import Change

# --- What a solver run ends with: the verdict, and the plan if there is one -----------------------

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


# --- The ways to solve a program with HiGHS: which options, and in which order they are tried -----

MOST_STEPS: Final = 2**31 - 1
"""Steps of simplex where nothing limits them."""
Method = Literal["auto", "ipx", "hipo", "ipm", "simplex", "primal", "pdlp", "decomposed"]
"""Ways to solve; a session that solves all at once takes `decomposed` for `auto`."""
# HiGHS options of each method.
SIMPLEX: Mapping[str, str | int] = {"solver": "simplex", "simplex_strategy": 1}
_PRIMAL: Mapping[str, str | int] = {"solver": "simplex", "simplex_strategy": 4}
_COLD: Mapping[str, Mapping[str, str | int]] = {
    "ipx": {"solver": "ipx"},
    "hipo": {"solver": "hipo"},
    "ipm": {"solver": "ipm"},
    "simplex": SIMPLEX,
    "primal": _PRIMAL,
    "pdlp": {"solver": "pdlp"},
}
_RELAXATION: Mapping[str, str] = {
    "auto": "choose",
    "decomposed": "choose",
    "ipx": "ipx",
    "hipo": "hipo",
    "ipm": "ipm",
    "simplex": "simplex",
    "primal": "simplex",
    "pdlp": "choose",
}


class SolveOptions(TypedDict, total=False):
    """How a program is solved, next to its method."""

    time_limit_s: float | None
    threads: int
    on_progress: Callable[[ProgressEvent], None] | None
    interrupt: threading.Event | None
    start: Floats | None  # a plan from which a search may start
    gap_frac: float  # up to which a plan with integers is called optimal. [-]
    strictly: bool  # meet bounds to 1e-10


@dataclass(frozen=True)
class Attempt:
    """One way to solve."""

    name: str  # what it is called in messages
    options: Mapping[str, str | int]  # options of HiGHS
    starts_afresh: bool = True  # whether the last basis is left aside
    steps: int = MOST_STEPS  # most steps of simplex that it may take


def search(method: Method) -> Attempt:
    """Return how integers are searched for, with relaxations solved by a method."""
    relaxation = _RELAXATION[method]
    # Any other "solver" makes HiGHS drop the integers without a word.
    options = {**SIMPLEX, "solver": "choose", "mip_lp_solver": relaxation}
    return Attempt(f"branch and bound, {relaxation}", options)


def attempts(method: Method, changed: Change | None, steps: int = MOST_STEPS) -> list[Attempt]:
    """List the ways in which a program without integers is tried, one after the other.

    >>> [attempt.name for attempt in attempts("auto", None)]
    ['ipx', 'simplex']
    """
    tried = []
    if method in {"auto", "decomposed"}:
        method = "ipx"
        if changed is not None:
            by_primal = changed.leaves_plan and (changed.costs or changed.freed)
            name, options = ("primal", _PRIMAL) if by_primal else ("dual", SIMPLEX)
            tried.append(Attempt(f"warm {name}", options, starts_afresh=False, steps=steps))
    names = dict.fromkeys((method, "ipx", "simplex"))  # the last two if the first breaks down
    return tried + [Attempt(name, _COLD[name]) for name in names]


# --- How far a running solve is, and whether it should stop ---------------------------------------

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


# --- What the rounds of a solve in pieces have found so far: the best plan, bound and trial -------

_MUCH_NEARER: Final = 0.5  # of the plan's gap


class Best:
    """The best plan and bound of a solve, and the trial that costs least, with a penalty for rows that it misses.

    >>> best = Best()
    >>> best.take_trial(60.0)
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
        self.trial_cost, self.has_trial = np.inf, False

    def take_plan(self, plan: Floats, objective: float) -> None:
        """Keep a plan that misses no row, if it costs less than the best one."""
        if objective < self.objective:
            self.plan, self.objective = plan, objective

    def take_trial(self, cost: float) -> None:
        """Keep what a trial costs, if that is less than the best one, penalties included."""
        self.trial_cost, self.has_trial = min(cost, self.trial_cost), True

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
        return self.has_trial and (self.plan is None or self.closing < _MUCH_NEARER * self.gap)
