"""A trial of the master that misses rows, made a plan by what has a part in them."""

import threading

import numpy as np
import pytest
from lp_samples import Data, dispatch

from planner.base.errors import SolverError
from planner.lp import UNIT, ArrayProblem, Axis, HighsSession, Index
from planner.lp.change import Arrays
from planner.lp.decomposed import DecomposedSession, local_columns
from planner.lp.pieces import Split
from planner.lp.shares import repaired

SLOT = frozenset({"slot"})
NEED = {"ash": (3.5, 5.5), "elm": (6.5, 2.5), "oak": (4.5, 2.25)}  # of am and pm
COST = [3.0, 7.0, 11.0]


def connections(most: float = 9.5, most_in_all: float | None = 21.0) -> ArrayProblem:
    """Three sites whose connection covers what each hour needs, less what one source gives."""
    problem = ArrayProblem("connections")
    sites, hours = Axis("site", tuple(NEED)), Axis("slot", ("am", "pm"))
    site, both = Index.full("site", sites), Index.full("both", sites, hours)
    at, place = np.repeat(np.arange(3), 2), np.arange(6)
    firm = problem.variable("firm", site, upper=most)
    grid = problem.variable("grid", both)
    spare = problem.variable("spare", UNIT, upper=0.75)  # in no row of a piece
    problem.rows("connection", grid <= firm.map(both, at, place))
    problem.rows("load", grid >= np.concatenate(list(NEED.values())))
    if most_in_all is not None:
        problem.rows("land", firm.total() + spare.total() <= most_in_all)
    problem.minimise((firm * COST).total() + grid.total() * 0.125)
    return problem


def ordered(most_ordered: float | None = None) -> ArrayProblem:
    """Three sites whose connection is what was ordered early and late; a limit ties all orders."""
    problem = ArrayProblem("ordered")
    sites, hours = Axis("site", tuple(NEED)), Axis("slot", ("am", "pm"))
    site, both = Index.full("site", sites), Index.full("both", sites, hours)
    at, place = np.repeat(np.arange(3), 2), np.arange(6)
    firm = problem.variable("firm", site)
    grid = problem.variable("grid", both)
    early, late = problem.variable("early", site, upper=5.25), problem.variable("late", site)
    problem.rows("connection", grid <= firm.map(both, at, place))
    problem.rows("load", grid >= np.concatenate(list(NEED.values())))
    problem.rows("ordered", firm == early + late)
    if most_ordered is not None:
        problem.rows("factory", early.total() + late.total() <= most_ordered)
    problem.minimise((early * COST).total() + (late * COST).total() * 1.5 + grid.total() * 0.125)
    return problem


def repaired_at(
    problem: ArrayProblem, firm: list[float], *, interrupt: threading.Event | None = None
) -> np.ndarray | None:
    """A trial with these connections, whose hours take what they need, repaired."""
    arrays = Arrays.from_problem(problem)
    split = Split.from_matrix(arrays.matrix, local_columns(problem, SLOT))
    trial = np.zeros(len(arrays.columns.cost))
    trial[problem.column_block("firm")] = firm
    if "early" in problem.column_block_names:
        trial[problem.column_block("early")] = np.minimum(firm, 5.25)
        trial[problem.column_block("late")] = np.maximum(np.array(firm) - 5.25, 0.0)
    need = np.concatenate(list(NEED.values()))
    trial[problem.column_block("grid")] = np.minimum(need, np.repeat(firm, 2))
    value = arrays.matrix.times(trial)
    missed = np.flatnonzero(value < arrays.rows.lower - 1e-9)
    assert (split.piece_of_row[missed] >= 0).all()
    return repaired(arrays, split, trial, missed, 30.0, interrupt)


def test_where_a_row_is_missed_its_columns_are_decided_again_and_no_others() -> None:
    problem = connections()

    plan = repaired_at(problem, [4.75, 8.25, 4.0])

    # ash lacks 0.75 in the evening and oak 0.5 in the morning; elm has 1.75 too much, and keeps it.
    assert plan is not None
    assert plan[problem.column_block("firm")] == pytest.approx([5.5, 8.25, 4.5])
    need = np.concatenate(list(NEED.values()))
    assert plan[problem.column_block("grid")] == pytest.approx(need)


@pytest.mark.parametrize(
    "limits",
    [{"most": 5.25}, {"most_in_all": 17.5}],  # ash needs 5.5; 5.5 + 4.5 next to elm's 8.25
    ids=["a bound", "a row of the master"],
)
def test_there_is_none_where_what_stays_leaves_no_room(limits: dict[str, float]) -> None:
    problem = connections(**limits)
    firm = [4.75, min(8.25, limits.get("most", 9.5)), 4.0]

    assert repaired_at(problem, firm) is None


def test_small_groups_of_columns_of_no_piece_are_decided_again_with_what_is_their_sum() -> None:
    problem = ordered()

    plan = repaired_at(problem, [4.75, 8.25, 4.0])

    assert plan is not None
    assert plan[problem.column_block("firm")] == pytest.approx([5.5, 8.25, 4.5])
    assert plan[problem.column_block("early")] == pytest.approx([5.25, 5.25, 4.5])
    assert plan[problem.column_block("late")] == pytest.approx([0.25, 3.0, 0.0])


def test_a_group_with_more_columns_than_are_free_already_stays() -> None:
    # Two connections miss rows; the limit makes one group of all six orders, though it never binds.
    assert repaired_at(ordered(most_ordered=90.0), [4.75, 8.25, 4.0]) is None


def test_a_stop_ends_a_repair() -> None:
    stop = threading.Event()
    stop.set()

    assert repaired_at(connections(), [4.75, 8.25, 4.0], interrupt=stop) is None


def test_time_ends_a_repair() -> None:
    problem = connections()
    arrays = Arrays.from_problem(problem)
    split = Split.from_matrix(arrays.matrix, local_columns(problem, SLOT))
    trial = np.zeros(len(arrays.columns.cost))

    assert repaired(arrays, split, trial, np.arange(12), -1.0, None) is None


class Recorded:
    """Repairs of a solve, and what was made of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, makes=repaired) -> None:
        self.plans: list[np.ndarray | None] = []
        self.seconds: list[float] = []
        self._makes = makes
        monkeypatch.setattr("planner.lp.rounds.repaired", self)

    def __call__(self, whole: Arrays, split: Split, plan, missed, seconds, interrupt):
        value = whole.matrix.times(plan)
        off = np.maximum(whole.rows.lower - value, value - whole.rows.upper)
        assert (off[missed] > 0.0).all()
        self.seconds.append(seconds)
        self.plans.append(self._makes(whole, split, plan, missed, seconds, interrupt))
        return self.plans[-1]


def stopped_after(problem: ArrayProblem, rounds: int, gap_frac: float = 0.0):
    stop = threading.Event()

    def watch(event) -> None:
        if event.iterations == rounds:
            stop.set()

    session = DecomposedSession(problem, {}, local_columns(problem, SLOT), gap_frac)
    return session.solve(on_progress=watch, interrupt=stop)


def test_after_a_stop_the_last_trial_is_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, recorded = dispatch(Data()), Recorded(monkeypatch)

    outcome = stopped_after(problem, 3)

    assert outcome.status == "interrupted"
    assert len(recorded.plans) == 1
    assert recorded.plans[0] is not None
    columns = problem.columns()
    found = columns.offset + columns.cost @ recorded.plans[0]
    assert outcome.objective <= found * (1.0 + 1e-12)
    assert all(seconds <= 10.0 for seconds in recorded.seconds)  # as little was spent before


def test_a_repair_that_misses_rows_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = dispatch(Data())
    optimum = HighsSession(problem).solve()

    def makes(*_given):
        return np.where(problem.columns().cost > 0.0, 0.5 * optimum.x, optimum.x)

    recorded = Recorded(monkeypatch, makes)
    outcome = DecomposedSession(problem, {}, local_columns(problem, SLOT), 1e-3).solve()

    assert recorded.plans
    assert optimum.objective * (1.0 - 1e-9) <= outcome.objective <= optimum.objective * 1.001


def test_what_highs_can_not_repair_leaves_the_solve_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = dispatch(Data())

    def breaks(*_given):
        message = "HiGHS could not take the program"
        raise SolverError(message)

    recorded = Recorded(monkeypatch, breaks)
    outcome = DecomposedSession(problem, {}, local_columns(problem, SLOT), 1e-3).solve()

    assert outcome.method_used.startswith("decomposed")
    assert outcome.gap <= 1e-3
    assert len(recorded.seconds) >= 1


@pytest.mark.parametrize("seed", range(4))
def test_a_solve_that_may_end_at_a_gap_repairs_its_trial(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = Data(demand=rng.uniform(1.4, 2.9), land_mw=rng.uniform(6.2, 9.8))
    problem, gap_frac = dispatch(data), 10.0 ** rng.uniform(-4.0, -1.5)

    outcome = DecomposedSession(problem, {}, local_columns(problem, SLOT), gap_frac).solve()

    arrays, value = Arrays.from_problem(problem), problem.matrix().times(outcome.x)
    assert outcome.gap <= gap_frac
    assert outcome.objective == pytest.approx(arrays.columns.offset + arrays.columns.cost @ outcome.x)
    best = HighsSession(problem).solve().objective
    assert outcome.dual_bound <= best * (1.0 + 1e-9)
    assert best <= outcome.objective * (1.0 + 1e-9)
    assert (value >= arrays.rows.lower - 1e-6).all()
    assert (value <= arrays.rows.upper + 1e-6).all()
    assert (outcome.x >= arrays.columns.lower - 1e-9).all()
    assert (outcome.x <= arrays.columns.upper + 1e-9).all()
