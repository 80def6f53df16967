"""A trial of the master that misses rows, made a plan by what has a part in them."""

import threading

import numpy as np
import pytest
from lp_samples import Data, dispatch

from planner.lp import UNIT, ArrayProblem, Axis, HighsSession, Index, repair
from planner.lp.change import Arrays
from planner.lp.decomposed import DecomposedSession, local_columns
from planner.lp.repair import repaired
from planner.lp.split import Split

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


def repaired_at(
    problem: ArrayProblem, firm: list[float], *, interrupt: threading.Event | None = None
) -> np.ndarray | None:
    """A trial with these connections, whose hours take what they need, repaired."""
    arrays = Arrays.from_problem(problem)
    split = Split.from_matrix(arrays.matrix, local_columns(problem, SLOT))
    trial = np.zeros(len(arrays.columns.cost))
    trial[problem.column_block("firm")] = firm
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
    [{"most": 5.25}, {"most_in_all": 17.5}],  # ash needs 5.5; 5.5 + 4.5 beside elm's 8.25
    ids=["a bound", "a row of the master"],
)
def test_there_is_none_where_what_stays_leaves_no_room(limits: dict[str, float]) -> None:
    problem = connections(**limits)
    firm = [4.75, min(8.25, limits.get("most", 9.5)), 4.0]

    assert repaired_at(problem, firm) is None


def test_a_stop_ends_a_repair() -> None:
    stop = threading.Event()
    stop.set()

    assert repaired_at(connections(), [4.75, 8.25, 4.0], interrupt=stop) is None


def test_parts_are_solved_together_or_apart_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, sizes = connections(most_in_all=None), []
    parts = repair._parts

    def counted(*given):
        found = list(parts(*given))
        sizes.append(len(found))
        return iter(found)

    monkeypatch.setattr(repair, "_parts", counted)
    together = repaired_at(problem, [4.75, 8.25, 4.0])
    monkeypatch.setattr(repair, "_MOST_AT_ONCE", 6)
    apart = repaired_at(problem, [4.75, 8.25, 4.0])

    assert together is not None
    assert together == pytest.approx(apart)
    assert sizes == [1, 2]


@pytest.mark.parametrize("seed", range(12))
def test_a_solve_that_may_end_at_a_gap_repairs_its_trial(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = Data(demand=rng.uniform(1.4, 2.9), land_mw=rng.uniform(6.2, 9.8))
    problem, gap_frac = dispatch(data), 10.0 ** rng.uniform(-4.0, -1.5)

    outcome = DecomposedSession(problem, {}, local_columns(problem, SLOT), gap_frac).solve()

    arrays, value = Arrays.from_problem(problem), problem.matrix().times(outcome.x)
    assert outcome.gap <= gap_frac
    assert outcome.objective == pytest.approx(
        arrays.columns.offset + arrays.columns.cost @ outcome.x
    )
    best = HighsSession(problem).solve().objective
    assert outcome.dual_bound <= best * (1.0 + 1e-9)
    assert best <= outcome.objective * (1.0 + 1e-9)
    assert (value >= arrays.rows.lower - 1e-6).all()
    assert (value <= arrays.rows.upper + 1e-6).all()
    assert (outcome.x >= arrays.columns.lower - 1e-9).all()
    assert (outcome.x <= arrays.columns.upper + 1e-9).all()
