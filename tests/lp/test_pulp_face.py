"""The array problem as a `pulp.LpProblem`."""

import highspy
import numpy as np
import pulp
import pytest
from lp_samples import Data, dispatch

from planner.lp import UNIT, ArrayProblem, Axis, HighsSession, Index

SITE = Axis("site", ("new york", "new-york", "new_york", "new/york", "new[york", "_x2d"))
SITES = Index.full("site", SITE)
COST = np.array([2.0, 3.0, 5.0, 7.0, 11.0, 13.0])

SOLVERS = [
    pytest.param("HiGHS", id="HiGHS"),
    pytest.param("PULP_CBC_CMD", id="CBC", marks=pytest.mark.filterwarnings("ignore:PULP_CBC")),
]


def solver_named(name):
    solver = pulp.getSolver(name, msg=False)
    if not solver.available():
        pytest.skip(f"PuLP has no {name} here")
    return solver


@pytest.fixture
def problem():
    problem = ArrayProblem("racks")
    racks = problem.variable("racks", SITES, upper=[3.0, 4.0, 6.0, 8.0, 9.0, 10.0])
    problem.rows("demand", racks.total() >= 20.0)
    problem.minimise((racks * COST).total() + 17.0)
    return problem


# 3 at 2, 4 at 3, 6 at 5, and 7 of the 8 at 7 serve 20; 17 are there anyway.
CHEAPEST = 3 * 2 + 4 * 3 + 6 * 5 + 7 * 7 + 17


@pytest.mark.parametrize("name", SOLVERS)
def test_array_path_and_pulp_solvers_find_one_objective(name):
    problem = dispatch(Data())
    fast = HighsSession(problem).solve()

    status = problem.solve(solver_named(name))

    assert problem.numConstraints() > 3000
    assert fast.status == "optimal"
    assert pulp.LpStatus[status] == "Optimal"
    assert pulp.value(problem.objective) == pytest.approx(fast.objective, rel=1e-6)
    cost = problem.columns().cost @ problem.values() + problem.columns().offset
    assert cost == pytest.approx(fast.objective, rel=1e-6)


@pytest.mark.parametrize("suffix", ["lp", "mps"])
def test_a_file_written_and_read_again_has_one_objective(tmp_path, suffix):
    problem = dispatch(Data())
    file = str(tmp_path / f"dispatch.{suffix}")

    (problem.writeLP if suffix == "lp" else problem.writeMPS)(file)

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(file) == highspy.HighsStatus.kOk
    highs.run()
    expected = HighsSession(problem).solve().objective
    assert highs.getObjectiveValue() == pytest.approx(expected, rel=1e-6)
    names = {highs.getColName(column)[1] for column in range(highs.getNumCol())}
    assert len(names) == problem.numVariables() + len(["objective_constant"])


def test_a_file_read_again_by_pulp_has_one_objective(tmp_path, problem):
    file = str(tmp_path / "racks.mps")
    problem.writeMPS(file)

    _, again = pulp.LpProblem.fromMPS(file)
    again.solve(pulp.HiGHS(msg=False))

    assert pulp.value(again.objective) == pytest.approx(CHEAPEST)


def test_names_that_pulp_would_merge_stay_apart(problem):
    shown = problem.variables()

    assert len({variable.name for variable in shown}) == len(SITE) + 1  # and the constant's
    assert problem.pulp_variable("racks", "new-york").name == "racks(new_x2dyork)"
    assert problem.pulp_variable("racks", "new_york").name == "racks(new_york)"


@pytest.mark.parametrize("seen", [False, True], ids=["fresh", "after PuLP looked"])
def test_a_users_own_row_counts_on_both_paths(problem, seen):
    if seen:
        problem.variables()

    problem += problem.pulp_variable("racks", "new york") <= 2, "my limit"

    # One rack moves from 2 to 7.
    outcome = HighsSession(problem).solve()
    assert outcome.objective == pytest.approx(CHEAPEST - 2 + 7)
    assert pulp.LpStatus[problem.solve()] == "Optimal"
    assert pulp.value(problem.objective) == pytest.approx(CHEAPEST - 2 + 7)
    assert problem.row_name(1) == "my_limit"
    assert outcome.row_dual[1] == pytest.approx(2 - 7)


@pytest.mark.filterwarnings("ignore:Overwriting previously set objective")
def test_a_users_own_variable_becomes_a_last_column(problem):
    rented = problem.add_variable("rented", 0, 5)
    problem += problem.pulp_variable("racks", "new/york") + rented == 12.5
    problem += pulp.lpSum([problem.objective, 6 * rented])

    outcome = HighsSession(problem).solve()

    # new/york has all its 8 at 7 and 4.5 are rented at 6; 3 at 2, 4 at 3, 5 at 5 fill up 20.
    expected = 8 * 7 + 4.5 * 6 + 3 * 2 + 4 * 3 + 5 * 5 + 17
    assert outcome.objective == pytest.approx(expected)
    assert outcome.x[6] == pytest.approx(4.5)
    assert problem.column_name(6) == "rented"
    problem.solve()
    assert pulp.value(problem.objective) == pytest.approx(expected)
    np.testing.assert_allclose(problem.values(), outcome.x, atol=1e-9)


@pytest.mark.filterwarnings("ignore:Overwriting previously set objective")
def test_an_objective_written_in_pulp_counts_on_both_paths(problem):
    problem += 4 * problem.pulp_variable("racks", "_x2d") + 23

    assert HighsSession(problem).solve().objective == pytest.approx(23)
    problem.solve()
    assert pulp.value(problem.objective) == pytest.approx(23)


def test_bounds_changed_on_a_pulp_variable_count_on_both_paths(problem):
    problem.pulp_variable("racks", "new_york").upBound = 2

    expected = CHEAPEST - 4 * 5 + 7 + 3 * 11
    assert HighsSession(problem).solve().objective == pytest.approx(expected)
    problem.solve()
    assert pulp.value(problem.objective) == pytest.approx(expected)


def test_a_row_of_a_block_changed_or_removed_through_pulp_is_refused(problem):
    demand = problem.get_constraint_by_name("demand")
    demand.changeRHS(3)
    with pytest.raises(ValueError, match="demand was changed through PuLP"):
        HighsSession(problem)

    demand.modified = False
    problem._constraints.pop("demand")
    with pytest.raises(ValueError, match="removed through PuLP"):
        HighsSession(problem)


def test_rows_added_after_pulp_looked_are_shown_too(problem):
    assert len(problem.constraints()) == 1
    halls = problem.variable("halls", UNIT, upper=2.5)
    problem.rows("hall", halls >= 1.75)
    problem.rows("no_limit", halls <= np.inf)

    assert [row.name for row in problem.constraints()] == ["demand", "hall"]
    assert problem.solve() == pulp.LpStatusOptimal
    assert 1.75 <= problem.values()[6] <= 2.5


def test_whole_numbers_are_whole_on_both_paths():
    problem = ArrayProblem("whole")
    halls = problem.variable("halls", SITES, upper=2.0, integer=True)
    problem.rows("size", (halls * [5.0, 6.0, 7.0, 9.0, 12.0, 14.0]).total() >= 23.0)
    problem.minimise((halls * COST).total())

    outcome = HighsSession(problem).solve()

    # 5 + 5 + 6 + 7 = 23 cost 2 + 2 + 3 + 5; 5 + 6 + 6 + 7 and all else cost more.
    assert problem.isMIP()
    assert outcome.status == "optimal"
    assert outcome.objective == pytest.approx(2 + 2 + 3 + 5)
    problem.solve()
    assert pulp.value(problem.objective) == pytest.approx(outcome.objective)


def test_a_run_stopped_by_its_limit_is_never_optimal_through_pulp():
    problem = dispatch(Data())

    status = problem.solve(pulp.HiGHS(msg=False, solver="simplex", simplex_iteration_limit=7))

    assert problem.solverModel.getModelStatus() == highspy.HighsModelStatus.kIterationLimit
    assert pulp.LpStatus[status] == "Not Solved"
    assert problem.sol_status == pulp.LpSolutionNoSolutionFound


def test_a_time_limit_is_never_optimal_through_pulp():
    problem = dispatch(Data())

    status = problem.solve(pulp.HiGHS(msg=False, timeLimit=0.0))

    assert pulp.LpStatus[status] == "Not Solved"
    assert problem.sol_status == pulp.LpSolutionNoSolutionFound


def test_an_infeasible_problem_is_infeasible_through_pulp(problem):
    problem += pulp.lpSum(problem.pulp_variable("racks", site) for site in SITE.labels) <= 19

    assert pulp.LpStatus[problem.solve()] == "Infeasible"
