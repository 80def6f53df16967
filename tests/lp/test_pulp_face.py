"""A program as a `pulp.LpProblem`: for files, and for other solvers."""

import highspy
import numpy as np
import pulp
import pytest
from lp_samples import Data, dispatch

from planner.lp import UNIT, ArrayProblem, Axis, HighsSession, Index
from planner.lp.expression import to_pulp_name

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
    fast, shown = HighsSession(problem).solve(), problem.to_pulp()

    status = shown.solve(solver_named(name))

    assert shown.numConstraints() > 3000
    assert fast.status == "optimal"
    assert pulp.LpStatus[status] == "Optimal"
    assert pulp.value(shown.objective) == pytest.approx(fast.objective, rel=1e-6)


@pytest.mark.parametrize("suffix", ["lp", "mps"])
def test_a_file_written_and_read_again_has_one_objective(tmp_path, suffix):
    problem = dispatch(Data())
    file = str(tmp_path / f"dispatch.{suffix}")
    shown = problem.to_pulp()

    (shown.writeLP if suffix == "lp" else shown.writeMPS)(file)

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(file) == highspy.HighsStatus.kOk
    highs.run()
    expected = HighsSession(problem).solve().objective
    assert highs.getObjectiveValue() == pytest.approx(expected, rel=1e-6)
    names = {highs.getColName(column)[1] for column in range(highs.getNumCol())}
    assert len(names) == problem.column_count + len(["objective_constant"])


def test_names_that_pulp_would_merge_stay_apart(problem):
    names = {variable.name for variable in problem.to_pulp().variables()}

    assert names == {f"racks({to_pulp_name(site)})" for site in SITE.labels} | {"objective_constant"}


def test_a_users_own_row_counts(problem):
    shown = problem.to_pulp()

    shown += shown.variablesDict()["racks(new_x20york)"] <= 2, "my limit"

    # One rack moves from 2 to 7.
    assert pulp.LpStatus[shown.solve(pulp.HiGHS(msg=False))] == "Optimal"
    assert pulp.value(shown.objective) == pytest.approx(CHEAPEST - 2 + 7)


def test_integers_and_rows_of_either_kind_are_shown():
    problem = ArrayProblem("whole")
    halls = problem.variable("halls", SITES, upper=2.0, integer=True)
    problem.variable("spare", UNIT, lower=-np.inf)
    problem.rows("size", (halls * [5.0, 6.0, 7.0, 9.0, 12.0, 14.0]).total() >= 23.0)
    problem.rows(
        "as_many",
        halls.select([0], "first") == halls.select([2], "first").map(halls.over.select([0], "first"), [0], [0]),
    )
    problem.rows("no_limit", halls <= np.inf)
    problem.minimise((halls * COST).total())

    outcome, shown = HighsSession(problem).solve(), problem.to_pulp()

    # 5 + 6 + 6 + 7 are 24; without as many of the first as of the third, 5 + 5 + 6 + 7 would do.
    assert problem.has_integers
    assert [row.name for row in shown.constraints()] == ["size", "as_many(new_x20york)"]
    assert outcome.objective == pytest.approx(2 + 3 + 3 + 5)
    shown.solve(pulp.HiGHS(msg=False))
    assert pulp.value(shown.objective) == pytest.approx(outcome.objective)
