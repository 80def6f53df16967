"""Verdicts, plans and duals of the fast path."""

import _thread
import threading

import numpy as np
import pytest
from lp_samples import Data, dispatch

from planner.lp import UNIT, ArrayProblem, Axis, HighsSession, Index
from planner.lp.engine import Engine

SITE = Axis("site", ("ashburn", "dallas", "boden"))
SITES = Index.full("site", SITE)


def knapsack():
    """A search for whole numbers that takes a while."""
    rng = np.random.default_rng(7)
    items = Index.full("item", Axis("item", tuple(map(str, range(60)))))
    problem = ArrayProblem("knapsack")
    taken = problem.variable("taken", items, upper=3.0, integer=True)
    for row in range(12):
        problem.rows(f"weight{row}", (taken * rng.uniform(5.0, 90.0, 60)).total() <= 1500.0)
    problem.minimise((taken * -rng.uniform(5.0, 90.0, 60)).total())
    return problem


@pytest.mark.parametrize("method", ["auto", "ipx", "hipo", "ipm", "simplex", "primal"])
def test_every_method_finds_one_objective(method):
    expected = HighsSession(dispatch(Data())).solve("simplex").objective

    outcome = HighsSession(dispatch(Data())).solve(method)

    assert outcome.status == "optimal"
    assert outcome.has_plan
    assert outcome.has_duals
    assert outcome.objective == pytest.approx(expected, rel=1e-6)
    assert outcome.method_used == ("ipx" if method == "auto" else method)


def test_the_plan_meets_rows_and_bounds_and_costs_what_is_said():
    problem = dispatch(Data())

    outcome = HighsSession(problem).solve()

    columns, rows = problem.columns(), problem.row_bounds()
    row_value = problem.matrix().times(outcome.x)
    np.testing.assert_allclose(row_value, outcome.row_value, atol=1e-6)
    assert (outcome.x >= columns.lower - 1e-6).all()
    assert (outcome.x <= columns.upper + 1e-6).all()
    assert (row_value >= rows.lower - 1e-6).all()
    assert (row_value <= rows.upper + 1e-6).all()
    assert columns.cost @ outcome.x + columns.offset == pytest.approx(outcome.objective)
    assert outcome.dual_bound == outcome.objective
    assert outcome.gap == 0.0


def test_reduced_costs_are_costs_less_what_the_rows_are_worth():
    problem = dispatch(Data())

    outcome = HighsSession(problem).solve()

    matrix = problem.matrix()
    worth = np.zeros(matrix.columns)
    np.add.at(worth, matrix.column, matrix.value * outcome.row_dual[matrix.row_of_value()])
    np.testing.assert_allclose(problem.columns().cost - worth, outcome.reduced_cost, atol=1e-6)


def test_a_dual_lies_between_the_left_and_the_right_difference():
    step = 1e-3
    dual = HighsSession(dispatch(Data())).solve().row_dual[0]

    less, same, more = (
        HighsSession(dispatch(Data(first_demand_extra=extra))).solve().objective for extra in (-step, 0.0, step)
    )

    left, right = (same - less) / step, (more - same) / step
    assert left - 1e-4 <= dual <= right + 1e-4
    assert dual > 1.0


@pytest.mark.parametrize(
    ("objective_factor", "least", "status", "bound"),
    [(3.0, 20.0, "infeasible", np.inf), (-3.0, 2.0, "unbounded", -np.inf)],
)
@pytest.mark.parametrize("integer", [False, True])
def test_infeasible_and_unbounded_are_reported_apart(objective_factor, least, status, bound, integer):
    problem = ArrayProblem()
    racks = problem.variable("racks", SITES, integer=integer)
    sold = problem.variable("sold", UNIT, integer=integer)
    problem.rows("least", racks.total() >= least)
    problem.rows("most", racks <= [5.0, 6.0, 7.0])
    problem.rows("from_stock", sold >= racks.total() - 30.0)
    problem.minimise(sold * objective_factor)

    outcome = HighsSession(problem).solve()

    assert outcome.status == status
    assert not outcome.has_plan
    assert outcome.dual_bound == bound
    assert np.isnan(outcome.x).all()
    assert np.isnan(outcome.objective)


def test_presolves_infeasible_or_unbounded_is_settled():
    # HiGHS says "primal infeasible or unbounded" of this one.
    problem = ArrayProblem()
    bought = problem.variable("bought", UNIT, integer=True)
    sold = problem.variable("sold", UNIT, integer=True)
    problem.rows("stock", bought - sold >= 0.0)
    problem.minimise(-1.0 * bought)

    outcome = HighsSession(problem).solve()

    assert outcome.message == "Primal infeasible or unbounded"
    assert outcome.status == "unbounded"


@pytest.mark.parametrize("method", ["ipx", "simplex", "hipo"])
def test_a_time_limit_is_never_optimal(method):
    outcome = HighsSession(dispatch(Data())).solve(method, time_limit_s=0.0)

    assert outcome.status == "time_limit"
    assert not outcome.has_plan
    assert not outcome.has_duals
    assert outcome.gap == np.inf


def test_a_first_order_method_is_polished_by_simplex_from_its_point():
    problem = ArrayProblem()
    racks = problem.variable("racks", SITES, upper=[5.0, 6.0, 7.0])
    problem.rows("least", racks.total() >= 9.5)
    problem.minimise((racks * [2.0, 3.0, 5.0]).total())

    outcome = HighsSession(problem).solve("pdlp")

    assert outcome.status == "optimal"
    assert outcome.objective == pytest.approx(5 * 2 + 4.5 * 3, rel=1e-12)
    assert outcome.x.tolist() == pytest.approx([5.0, 4.5, 0.0], abs=1e-12)
    assert outcome.method_used == "pdlp, simplex from its point"
    assert outcome.basis is not None


def test_an_iteration_limit_is_never_optimal():
    session = HighsSession(dispatch(Data()), {"simplex_iteration_limit": 11})

    outcome = session.solve("simplex")

    assert outcome.status == "iteration_limit"
    assert not outcome.has_plan


def test_a_search_stopped_early_keeps_its_plan_bound_and_gap():
    stop, seen = threading.Event(), []

    def stop_at_a_plan(event):
        seen.append(event)
        if np.isfinite(event.gap):
            stop.set()

    outcome = HighsSession(knapsack(), {"mip_rel_gap": 0.0}).solve(
        on_progress=stop_at_a_plan, interrupt=stop, time_limit_s=60.0
    )

    assert outcome.status == "interrupted"
    assert outcome.has_plan
    assert not outcome.has_duals
    assert outcome.dual_bound < outcome.objective
    assert outcome.gap == pytest.approx((outcome.objective - outcome.dual_bound) / abs(outcome.objective))
    assert {event.phase for event in seen} == {"mip"}


def test_an_interrupt_stops_one_solve_and_not_the_next():
    stop = threading.Event()
    stop.set()
    session = HighsSession(dispatch(Data()))

    outcome = session.solve("simplex", interrupt=stop)

    assert outcome.status == "interrupted"
    assert not outcome.has_plan
    assert session.solve("simplex").status == "optimal"


def test_an_error_in_the_listener_ends_the_solve_and_is_raised():
    def listen(_event):
        message = "the listener broke"
        raise RuntimeError(message)

    session = HighsSession(dispatch(Data()))

    with pytest.raises(RuntimeError, match="the listener broke"):
        session.solve("simplex", on_progress=listen)
    assert session.solve().status == "optimal"


@pytest.mark.parametrize("method", ["ipx", "simplex", "hipo"])
@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_stops_a_solve_and_the_session_lives_on(method):
    session = HighsSession(dispatch(Data()))

    with pytest.raises(KeyboardInterrupt):
        session.solve(method, on_progress=lambda _event: _thread.interrupt_main())

    assert session.solve(method).status == "optimal"


def test_a_method_that_highs_refuses_is_replaced_and_said(monkeypatch):
    accepts = Engine.accepts
    monkeypatch.setattr(Engine, "accepts", lambda self, name, value: value != "hipo" and accepts(self, name, value))

    outcome = HighsSession(dispatch(Data())).solve("hipo")

    assert outcome.status == "optimal"
    assert outcome.method_used == "ipx (HiGHS refused hipo)"


def test_small_coefficients_are_not_dropped():
    problem = ArrayProblem()
    racks = problem.variable("racks", UNIT)
    problem.rows("least", racks * 2e-10 >= 3.0)
    problem.minimise(racks)

    assert HighsSession(problem).solve().objective == pytest.approx(3.0 / 2e-10)


def test_nothing_is_written_to_the_terminal(capfd):
    HighsSession(dispatch(Data())).solve()
    HighsSession(knapsack(), {"mip_rel_gap": 0.2}).solve()

    assert capfd.readouterr() == ("", "")


def test_programs_without_columns_or_rows_have_verdicts():
    nothing = ArrayProblem()
    no_rows = ArrayProblem()
    no_rows.minimise((no_rows.variable("racks", SITES, lower=[2.0, 3.0, 5.0]) * 7.0).total() + 4.0)
    never = ArrayProblem()
    racks = never.variable("racks", SITES.select([]))
    never.rows("least", racks.total() >= 3.0)

    assert HighsSession(nothing).solve().status == "optimal"
    assert HighsSession(no_rows).solve().objective == pytest.approx(7 * (2 + 3 + 5) + 4)
    assert HighsSession(never).solve().status == "infeasible"
