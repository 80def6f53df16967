"""A changed program, solved from the last basis, against the same program solved afresh."""

import numpy as np
import pytest
from lp_samples import Data, dispatch

from planner.lp import ArrayProblem, Axis, Change, HighsSession, Index

ROWS = 15 * 4  # regions, years: the demands


@pytest.mark.parametrize(
    ("data", "expected", "method"),
    [
        pytest.param(Data(demand=1.9), Change(row_bounds=ROWS), "warm dual", id="rhs"),
        pytest.param(Data(price=2.3), Change(costs=12 * 4 * 24), "warm primal", id="costs"),
        pytest.param(Data(loss=0.11), Change(coefficients=12 * 4 * 24), "warm dual", id="coefficients"),
        pytest.param(Data(land_mw=9.4), Change(row_bounds=12), "warm dual", id="few rhs"),
        pytest.param(
            Data(demand=2.3, unmet_usd=3500.0), Change(row_bounds=ROWS, costs=ROWS), "warm dual", id="rhs and costs"
        ),
        pytest.param(
            Data(demand=1.9, unmet_usd=4700.0, loss=0.05),
            Change(row_bounds=ROWS, costs=ROWS, coefficients=12 * 4 * 24),
            "warm dual",
            id="all",
        ),
    ],
)
def test_warm_and_cold_find_one_objective(data, expected, method):
    session = HighsSession(dispatch(Data()))
    first = session.solve()

    change = session.update(dispatch(data))
    warm = session.solve()

    cold = HighsSession(dispatch(data)).solve()
    assert change == expected
    assert warm.method_used == method
    assert warm.objective == pytest.approx(cold.objective, rel=1e-6)
    assert warm.objective != pytest.approx(first.objective, rel=1e-6)


def with_bounds(upper, **options):
    problem = ArrayProblem("bounds")
    sites = Index.full("site", Axis("site", ("a", "b", "c")))
    racks = problem.variable("racks", sites, upper=upper, **options)
    problem.rows("demand", racks.total() >= 10.5)
    problem.minimise((racks * [2.0, 3.0, 5.0]).total())
    return problem


def test_bounds_that_go_away_leave_a_plan_to_go_on_from():
    session = HighsSession(with_bounds(np.array([4.0, 9.0, 9.0])))
    session.solve()

    freed = session.set_columns(upper=np.array([np.inf, 9.0, np.inf]))
    outcome = session.solve()
    wider = session.set_columns(upper=np.array([np.inf, 7.0, np.inf]))

    assert freed == Change(column_bounds=2, freed=2)
    assert freed.leaves_plan
    assert outcome.method_used == "warm primal"
    assert outcome.objective == pytest.approx(2.0 * 10.5)
    assert wider == Change(column_bounds=1)
    assert not wider.leaves_plan


def test_a_bound_that_was_put_back_is_no_change():
    """Another objective, and on the way there bounds as they were: the last plan is still one."""
    session = HighsSession(with_bounds([4.0, 9.0, 9.0]))
    session.solve()

    session.set_columns(upper=np.array([4.0, 2.5, 9.0]))
    session.set_columns(upper=np.array([4.0, 9.0, 9.0]), cost=np.array([7.0, 3.0, 5.0]))
    outcome = session.solve()

    assert outcome.method_used == "warm primal"
    assert outcome.objective == pytest.approx(3.0 * 9.0 + 5.0 * 1.5)


def test_a_changed_bound_moves_the_plan():
    session = HighsSession(with_bounds([6.0, 7.0, 8.0]))
    assert session.solve().objective == pytest.approx(6 * 2 + 4.5 * 3)

    change = session.update(with_bounds([2.5, 7.0, 8.0]))

    assert change == Change(column_bounds=1)
    assert session.solve().objective == pytest.approx(2.5 * 2 + 7 * 3 + 1 * 5)


def test_a_column_that_must_be_whole_and_then_not_moves_the_plan():
    session = HighsSession(with_bounds([6.0, 7.0, 8.0]))
    session.solve()

    change = session.update(with_bounds([6.0, 7.0, 8.0], integer=True))

    assert change == Change(integrality=3)
    whole = session.solve()
    assert whole.objective == pytest.approx(6 * 2 + 5 * 3)
    assert not whole.has_duals
    session.update(with_bounds([6.0, 7.0, 8.0]))
    assert session.solve().objective == pytest.approx(6 * 2 + 4.5 * 3)


def test_a_changed_constant_changes_the_objective_alone():
    session = HighsSession(with_bounds([6.0, 7.0, 8.0]))
    session.solve()
    moved = with_bounds([6.0, 7.0, 8.0])
    racks = moved._column_blocks["racks"]
    moved.minimise((racks * [2.0, 3.0, 5.0]).total() + 40.0)

    change = session.update(moved)

    assert not change
    assert session.solve().objective == pytest.approx(6 * 2 + 4.5 * 3 + 40)


def test_another_shape_starts_afresh():
    session = HighsSession(dispatch(Data()))
    session.solve()

    change = session.update(with_bounds([6.0, 7.0, 8.0]))

    assert change == Change(is_new_shape=True)
    outcome = session.solve()
    assert outcome.method_used == "ipx"
    assert outcome.objective == pytest.approx(6 * 2 + 4.5 * 3)


def test_an_unchanged_program_is_solved_without_a_step():
    session = HighsSession(dispatch(Data()))
    first = session.solve()

    assert not session.update(dispatch(Data()))

    again = session.solve()
    assert again.iterations == 0
    assert again.objective == pytest.approx(first.objective)


def test_a_session_that_starts_at_a_stored_plan_has_nothing_left_to_do() -> None:
    # Power from the cheap plant up to its 7 MW, 4 MW more from the dear one.
    def session() -> HighsSession:
        problem = ArrayProblem("stored")
        plant = Index.full("plant", Axis("plant", ("cheap", "dear")))
        power = problem.variable("power", plant, upper=[7.0, 9.0])
        problem.rows("demand", power.total() >= 11.0)
        problem.minimise((power * [2.0, 3.0]).total())
        return HighsSession(problem)

    found = session().solve()
    again = session()
    again.start_at(found.x, found.row_dual)
    outcome = again.solve()

    assert (outcome.objective, outcome.x.tolist()) == (26.0, [7.0, 4.0])
    assert outcome.method_used == "warm dual"
    assert outcome.iterations == 0
