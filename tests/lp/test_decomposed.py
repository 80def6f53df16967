"""A program solved in pieces: the same optimum, a bound that is proven, and what a stop leaves."""

from __future__ import annotations

import _thread
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from lp_samples import SLOT as HOURS
from lp_samples import YEAR, Data, dispatch

from planner.check import rows as rows_checked
from planner.lp import UNIT, ArrayProblem, Axis, HighsSession, Index, Matrix
from planner.lp.change import Arrays
from planner.lp.decomposed import DecomposedSession, local_columns, rows_over_none
from planner.lp.engine import run_apart
from planner.lp.outcome import Watch, optimal_gap_frac
from planner.lp.parts import Master
from planner.lp.pieces import Pieces, Split
from planner.lp.start import Start

SLOT = frozenset({"slot"})


def in_pieces(problem: ArrayProblem) -> DecomposedSession:
    return DecomposedSession(problem, {}, local_columns(problem, SLOT))


def noisy(seed: int) -> Data:
    rng = np.random.default_rng(seed)
    return Data(
        demand=rng.uniform(1.4, 2.9),
        price=rng.uniform(0.9, 2.6),
        land_mw=rng.uniform(6.2, 9.8),
        loss=rng.uniform(0.03, 0.21),
        unmet_usd=rng.uniform(900.0, 5200.0),
    )


def proven(problem: ArrayProblem, dual: np.ndarray) -> float:
    """What any duals prove, where no column without a bound has a price that points there."""
    arrays = Arrays.from_problem(problem)
    columns, matrix = arrays.columns, arrays.matrix
    worth = np.bincount(matrix.column, matrix.value * dual[matrix.row_of_value()], len(columns.cost))
    total = columns.offset
    for price, bounds in ((dual, arrays.rows), (columns.cost - worth, columns)):
        side = np.where(price > 0.0, bounds.lower, bounds.upper)
        is_none = np.abs(price) < 1e-9
        total += np.where(is_none, 0.0, price * np.where(is_none, 0.0, side)).sum()
    return float(total)


def test_rows_tie_local_columns_to_pieces_and_leave_the_rest_to_the_master() -> None:
    # of rows: 0 and 5 are of the master
    row = np.array([0, 0, 1, 1, 1, 2, 2, 3], dtype=np.int32)
    column = np.array([1, 4, 0, 2, 5, 0, 3, 0], dtype=np.int32)
    matrix = Matrix.of_terms(row, column, np.full(8, 2.5), (4, 7))
    is_local = np.array([False, True, True, True, True, False, True])

    split = Split.from_matrix(matrix, is_local)

    assert split.pieces == 3
    assert split.piece_of_column.tolist() == [-1, 0, 1, 2, 0, -1, -1]  # 6 is in no row
    assert split.piece_of_row.tolist() == [0, 1, 2, -1]


@pytest.mark.parametrize("seed", range(8))
def test_pieces_find_the_optimum_and_duals_that_prove_it(seed: int) -> None:
    problem = dispatch(noisy(seed))

    outcome, whole = in_pieces(problem).solve(), HighsSession(problem).solve()

    assert outcome.status == whole.status == "optimal"
    assert outcome.method_used.startswith("decomposed: 48 pieces")  # 12 sites in 4 years
    assert outcome.objective == pytest.approx(whole.objective, rel=1e-7)
    assert outcome.gap <= 1e-7
    assert proven(problem, outcome.row_dual) == pytest.approx(outcome.dual_bound, rel=1e-7)
    assert outcome.row_value == pytest.approx(Arrays.from_problem(problem).matrix.times(outcome.x))
    assert_is_plan(problem, outcome)


def coupled(seed: int, sides: str, demand_frac: float = 1.0) -> ArrayProblem:
    """A dispatch whose emissions of all sites and hours are limited, and imports with them."""
    data = noisy(seed)
    problem = dispatch(replace(data, demand=data.demand * demand_frac))
    rng = np.random.default_rng(seed)
    grid, imports = problem._column_blocks["grid"], problem.variable("imports", UNIT, upper=0.7)
    t_per_mwh = rng.uniform(50.0, 900.0, grid.over.size) * (rng.random(grid.over.size) < 0.8)
    emitted = (grid * t_per_mwh).total()
    free = float(emitted.value(HighsSession(problem).solve().x)[0])
    total = emitted - 1300.0 * imports.total()
    if sides in {"most", "both"}:
        problem.rows("carbon_cap", total <= 0.86 * free)
    if sides in {"least", "both"}:
        share = {"least": 1.07, "both": 0.81}[sides]
        problem.rows("carbon_floor", total >= share * free)
    if sides == "equal":
        problem.rows("carbon_path", total == 0.83 * free)
    return problem


def pooled(seed: int, demand_frac: float = 1.0) -> ArrayProblem:
    """A dispatch in which some of all grid power is clean, as it is delivered hour by hour."""
    data = noisy(seed)
    problem, rng = (dispatch(replace(data, demand=data.demand * demand_frac)), np.random.default_rng(seed))
    grid = problem._column_blocks["grid"]
    hours = grid.over
    years = Index.full("pool_year", YEAR)
    pool_hours = Index.full("pool_hours", YEAR, HOURS)
    claim, signed = problem.variable("claim", hours), problem.variable("signed", years)
    every, year = np.arange(hours.size), hours["year"]
    delivered = rng.uniform(0.1, 1.0, pool_hours.size) * signed.on(pool_hours)
    problem.rows("within_draw", claim <= grid)
    claimed = claim.map(pool_hours, every, year * len(HOURS) + hours["slot"])
    problem.rows("hourly_claims", claimed <= delivered)
    target = 0.55 * grid.map(years, every, year)
    problem.rows("clean_target", claim.map(years, every, year) >= target)
    problem.minimise(problem.total + (signed * rng.uniform(200.0, 900.0, years.size)).total())
    return problem


def in_places(problem: ArrayProblem) -> DecomposedSession:
    return DecomposedSession(problem, {}, local_columns(problem, SLOT), places=frozenset({"site"}))


@pytest.mark.parametrize("seed", range(4))
def test_places_that_hours_couple_are_priced_apart_too(seed: int) -> None:
    problem = pooled(seed)

    outcome, whole = in_places(problem).solve(), HighsSession(problem).solve()

    assert outcome.status == whole.status == "optimal"
    assert outcome.method_used.startswith("decomposed: 4 pieces")  # all 12 sites of a year
    assert outcome.objective == pytest.approx(whole.objective, rel=1e-7)
    assert proven(problem, outcome.row_dual) == pytest.approx(outcome.dual_bound, rel=1e-7)
    assert_is_plan(problem, outcome)


def test_places_are_what_is_left_of_pieces_that_rows_over_no_place_couple() -> None:
    problem = pooled(3)
    matrix, is_local = Arrays.from_problem(problem).matrix, local_columns(problem, SLOT)
    is_apart = rows_over_none(problem, frozenset({"site"}))
    names = ("demand", "hourly_claims", "clean_target")
    assert is_apart.nonzero()[0].tolist() == [
        row for name in names for row in range(*problem.row_block(name).indices(matrix.rows))
    ]

    split = Split.from_matrix(matrix, is_local)
    places = split.within(matrix, is_local, is_apart)

    assert (split.pieces, places.pieces) == (4, 48)
    assert (places.piece_of_row[is_apart] == -1).all()
    assert np.array_equal(places.piece_of_column >= 0, split.piece_of_column >= 0)
    whole = split.piece_of_column[places.piece_of_column >= 0]
    own = places.piece_of_column[places.piece_of_column >= 0]
    assert len(set(zip(own.tolist(), whole.tolist(), strict=True))) == 48  # each in one piece
    assert split.within(matrix, is_local, np.zeros_like(is_apart)) is None
    alone = dispatch(noisy(3))
    assert in_places(alone).solve().iterations == in_pieces(alone).solve().iterations


SIDES = ("most", "least", "equal", "both")


@pytest.mark.parametrize("seed", range(8))
def test_a_row_over_all_hours_leaves_pieces_their_share_of_it(seed: int) -> None:
    problem = coupled(seed, SIDES[seed % 4])
    session = in_pieces(problem)

    outcome, whole = session.solve(), HighsSession(problem).solve()

    assert outcome.status == whole.status == "optimal"
    assert outcome.method_used.startswith("decomposed: 48 pieces")  # one without shares
    assert outcome.objective == pytest.approx(whole.objective, rel=1e-7)
    assert proven(problem, outcome.row_dual) == pytest.approx(outcome.dual_bound, rel=1e-7)
    columns, matrix = problem.columns(), problem.matrix()
    worth = np.bincount(matrix.column, matrix.value * outcome.row_dual[matrix.row_of_value()], len(columns.cost))
    assert outcome.reduced_cost == pytest.approx(columns.cost - worth)
    assert outcome.row_dual[-1] == pytest.approx(whole.row_dual[-1], rel=1e-5, abs=1e-9)
    assert_is_plan(problem, outcome)


def begun_where_ended(problem: ArrayProblem, like: ArrayProblem):
    """Solve a like program with the cuts of the first, in pieces without them, and whole."""
    session, begun = in_pieces(problem), in_pieces(like)
    session.solve()
    ended = session.start()
    assert ended is not None
    assert begun.start_from(Start.from_bytes(ended.to_bytes()))
    return begun.solve(), in_pieces(like).solve(), HighsSession(like).solve()


@pytest.mark.parametrize(
    ("changed", "fewer"),
    [
        (Data(demand=2.2), 2),
        (Data(unmet_usd=3800.0), 2),
        (Data(price=2.9), 1),  # of the hours: what still is a proof is kept
        (Data(price=1.6, loss=0.09), 1),
    ],
)
def test_cuts_of_a_like_program_hold_where_they_still_are_proofs(changed: Data, fewer: int) -> None:
    like = dispatch(changed)

    first, afresh, whole = begun_where_ended(dispatch(Data()), like)

    assert first.objective == pytest.approx(whole.objective, rel=1e-7)
    assert first.dual_bound <= whole.objective * (1.0 + 1e-7)
    assert proven(like, first.row_dual) == pytest.approx(first.dual_bound, rel=1e-7)
    assert rounds(first) <= rounds(afresh) - fewer


def test_a_change_inside_pieces_is_seen() -> None:
    problem, changed = dispatch(Data()), dispatch(Data(price=2.9, loss=0.17))
    session = in_pieces(problem)
    session.solve()

    session.update(changed)

    assert session.solve().objective == pytest.approx(HighsSession(changed).solve().objective)


def test_rows_that_are_added_to_the_master_bind_and_can_be_freed() -> None:
    problem = dispatch(Data())
    session = in_pieces(problem)
    free = session.solve()
    built = problem.column_block("built")
    first = problem.columns_over("built").select(np.arange(48) < 7, "first")
    was = float(free.x[built][:7].sum())
    assert was > 5.0
    at = Index.full("only", Axis("only", ("here",)))
    taken = problem._column_blocks["built"].select(np.arange(48) < 7)
    problem.rows("fewer", taken.map(at, np.arange(first.size), np.zeros(7, int)) <= was - 3.5)

    session.update(problem)
    held = session.solve()
    rows = problem.row_bounds()
    session.set_rows(rows.lower, np.where(np.arange(len(rows.upper)) == len(rows.upper) - 1, np.inf, rows.upper))

    assert held.x[built][:7].sum() == pytest.approx(was - 3.5)
    assert held.objective > free.objective
    assert held.objective == pytest.approx(HighsSession(problem).solve().objective, rel=1e-7)
    assert session.solve().objective == pytest.approx(free.objective, rel=1e-7)


def test_a_stopped_solve_keeps_its_best_plan_and_is_not_called_optimal() -> None:
    problem = dispatch(Data())
    optimum = HighsSession(problem).solve().objective
    stop, seen = threading.Event(), []

    def watch(event) -> None:
        seen.append(event)
        if np.isfinite(event.objective):
            stop.set()

    outcome = in_pieces(problem).solve(on_progress=watch, interrupt=stop)

    assert [event.phase for event in seen] == ["rounds"] * len(seen)
    assert outcome.status == "interrupted"
    assert outcome.has_plan
    assert not outcome.has_duals
    assert outcome.dual_bound <= optimum * (1.0 + 1e-9)
    assert outcome.objective > optimum * (1.0 + 1e-6)
    assert outcome.gap == pytest.approx(1.0 - outcome.dual_bound / outcome.objective)
    assert_is_plan(problem, outcome)


@pytest.mark.parametrize("round_number", [1, 2])
def test_a_solve_stopped_while_trials_miss_rows_ends_with_a_plan_near_the_best(round_number: int) -> None:
    problem, stop, missing = dispatch(Data()), threading.Event(), []
    optimum = HighsSession(problem).solve().objective

    def watch(event) -> None:
        if event.iterations == round_number:
            missing.append(np.isnan(event.objective))
            stop.set()

    session = in_pieces(problem)
    outcome = session.solve(on_progress=watch, interrupt=stop)

    assert missing == [True]  # the trial before the stop is no plan
    assert (outcome.status, outcome.has_plan, outcome.has_duals) == ("interrupted", True, False)
    assert outcome.dual_bound < optimum <= outcome.objective * (1.0 + 1e-12)
    assert outcome.objective < 1.01 * optimum
    assert_is_plan(problem, outcome)
    assert session.solve().objective == pytest.approx(optimum)  # columns are free again


def assert_is_plan(problem: ArrayProblem, outcome) -> None:
    arrays = Arrays.from_problem(problem)
    value, rows, columns = arrays.matrix.times(outcome.x), arrays.rows, arrays.columns
    assert (value >= rows.lower - 1e-6).all()
    assert (value <= rows.upper + 1e-6).all()
    assert (outcome.x >= columns.lower - 1e-6).all()
    assert (outcome.x <= columns.upper + 1e-6).all()
    assert outcome.objective == pytest.approx(columns.offset + columns.cost @ outcome.x)


def test_pieces_cost_the_same_on_two_threads_and_when_highs_keeps_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = dispatch(Data())
    arrays = Arrays.from_problem(problem)
    split = Split.from_matrix(arrays.matrix, local_columns(problem, SLOT))
    kept, threads, steps = Pieces(arrays, split), set[str](), []
    monkeypatch.setattr("planner.lp.pieces._MOST_KEPT", 0)
    given = Pieces(arrays, split)
    made = given._program

    def counted(piece: int) -> object:
        threads.add(threading.current_thread().name)
        return made(piece)

    monkeypatch.setattr(given, "_program", counted)

    for load in (2.5, 2.6, 4.0):
        x = np.full(kept.master_columns.size, load)
        one, two = kept.solve_at(x), given.solve_at(x, threads=2)
        assert one is not None
        assert two is not None
        assert two.cost == pytest.approx(one.cost, rel=1e-9)
        assert two.bound_at(x) == pytest.approx(one.bound_at(x), rel=1e-9)
        steps.append(given.iterations)

    assert len(threads) >= 2
    assert all(highs is None for highs in given._programs)
    assert steps[1] - steps[0] < 0.5 * steps[0]  # from the last bases


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_while_pieces_are_solved_is_raised_when_they_have_stopped() -> None:
    watch, has_ended = Watch(None, None), threading.Event()
    until = time.monotonic() + 60.0  # rather fails than waits for ever

    def work() -> None:
        _thread.interrupt_main()  # as Ctrl-C does
        while not watch.must_stop and time.monotonic() < until:
            time.sleep(0.005)
        has_ended.set()

    with pytest.raises(KeyboardInterrupt):
        run_apart(work, watch)

    assert has_ended.is_set()


def test_no_time_leaves_no_plan() -> None:
    outcome = in_pieces(dispatch(Data())).solve(time_limit_s=0.0)

    assert outcome.status == "time_limit"
    assert not outcome.has_plan
    assert np.isnan(outcome.objective)


def test_what_no_plan_can_keep_is_infeasible_and_named() -> None:
    problem = ArrayProblem("short")
    hours = Index.full("hours", Axis("slot", ("am", "pm")))
    grid = problem.variable("grid", hours, upper=[3.5, 4.5])
    problem.rows("load", grid >= [2.5, 5.5])
    problem.minimise(grid.total() * 7.0)
    session = in_pieces(problem)

    assert session.solve().status == "infeasible"
    assert session.iis() == ["load(pm)", "upper bound of grid(pm)"]


def test_room_that_the_master_can_not_make_is_infeasible_at_any_penalty() -> None:
    problem = ArrayProblem("short")
    hours = Index.full("hours", Axis("slot", ("am", "pm")))
    site = Index.full("site", Axis("site", ("ash",)))
    grid = problem.variable("grid", hours)
    firm = problem.variable("firm", site, upper=4.0)
    zeros = np.zeros(2, dtype=int)
    problem.rows("connection", grid <= firm.map(hours, zeros, np.arange(2)))
    problem.rows("load", grid >= [2.5, 5.5])
    problem.minimise(firm.total() * 7.0)

    assert in_pieces(problem).solve().status == "infeasible"


def test_what_is_costlier_than_the_penalty_is_bought_all_the_same() -> None:
    problem = ArrayProblem("dear")
    hours = Index.full("hours", Axis("slot", ("am", "pm")))
    site = Index.full("site", Axis("site", ("ash",)))
    grid = problem.variable("grid", hours)
    firm = problem.variable("firm", site)
    problem.rows("connection", grid <= firm.map(hours, np.zeros(2, dtype=int), np.arange(2)))
    problem.rows("load", grid >= [2.5, 5.5])
    problem.minimise(firm.total() * 1300.0)

    outcome = in_pieces(problem).solve()

    assert (outcome.status, outcome.objective) == ("optimal", pytest.approx(7150.0))  # 5.5 x 1300


def test_integers_are_searched_for_in_the_whole_program() -> None:
    problem = dispatch(Data())
    integer = np.zeros(problem.column_count, dtype=np.bool_)
    integer[problem.column_block("built")] = True
    session = in_pieces(problem)
    session.set_columns(integer=integer)

    outcome = session.solve(time_limit_s=20.0, gap_frac=0.05)

    built = outcome.x[problem.column_block("built")]
    assert np.abs(built - np.round(built)).max() < 1e-6
    assert "branch and bound" in outcome.method_used


def test_a_plan_without_a_bound_is_not_called_optimal(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = dispatch(Data())
    monkeypatch.setattr(Master, "rests_on_no_bound", lambda *_: False)  # no round has a bound

    outcome = in_pieces(problem).solve()

    assert "gave up pieces: no proven cut is left" in outcome.method_used
    assert outcome.gap <= 1e-7


def rounds(outcome) -> int:
    return int(outcome.method_used.split()[-2])


def test_what_ends_as_an_optimum_in_pieces_is_one_for_the_check() -> None:
    assert optimal_gap_frac(0.0) == rows_checked._LEAST_GAP_FRAC
