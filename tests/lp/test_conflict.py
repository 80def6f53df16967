"""Rows and bounds that conflict."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lp_samples import Data, dispatch

from planner.lp import UNIT, ArrayProblem, Axis, HighsSession, Index
from planner.lp.expression import Comparison, Expression

SITES = Index.full("site", Axis("site", ("us-va", "us_va", "boden")))


def racks_problem(*, least=25.5, integer=False):
    problem = ArrayProblem("conflict")
    racks = problem.variable("racks", SITES, upper=[6.0, 7.0, 8.0], integer=integer)
    spare = problem.variable("spare", UNIT, upper=4.0)
    problem.rows("demand", racks.total() + spare >= least)
    problem.rows("land", racks.select([2]) <= 2.5)
    problem.rows("idle", racks.select([0]) >= 1.5)
    problem.minimise((racks * [2.0, 3.0, 5.0]).total())
    return problem


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("solve_first", [False, True])
def test_the_conflict_is_named_and_what_plays_no_part_is_left_out(integer, solve_first):
    session = HighsSession(racks_problem(integer=integer))
    if solve_first:
        assert session.solve().status == "infeasible"

    # At most 6 + 7 + 2.5 + 4 = 19.5 can be had.
    assert session.iis() == [
        "demand",
        "land(boden)",
        "upper bound of racks(us-va)",
        "upper bound of racks(us_va)",
        "upper bound of spare",
    ]


def test_a_program_with_a_plan_has_no_conflict():
    session = HighsSession(racks_problem(least=19.5))

    assert session.iis() == []


def test_a_conflict_is_forgotten_when_the_program_is_mended():
    session = HighsSession(racks_problem())
    assert session.iis() != []

    session.update(racks_problem(least=19.5))

    assert session.iis() == []
    assert session.solve().objective == pytest.approx(6 * 2 + 7 * 3 + 2.5 * 5)


def test_bounds_that_cross_are_the_conflict():
    problem = ArrayProblem()
    problem.variable("racks", SITES, lower=[2.0, 9.0, 2.5], upper=[6.0, 7.0, 8.0])

    session = HighsSession(problem)

    assert session.solve().status == "infeasible"
    assert session.iis() == ["lower bound of racks(us_va)", "upper bound of racks(us_va)"]


def test_a_row_without_columns_that_asks_for_something_is_the_conflict():
    problem = racks_problem(least=19.5)
    problem.rows("impossible", Expression.constant(UNIT, 2.0) >= 3.0)

    session = HighsSession(problem)

    assert session.solve().status == "infeasible"
    assert session.iis() == ["impossible"]


def test_a_conflict_in_a_larger_program_names_the_rows_of_one_site_and_year():
    # Capacity starts at 2.5 MW, so land for 2 MW is none.
    session = HighsSession(dispatch(Data(land_mw=2.0)))
    session.solve()

    names = session.iis()

    # The last year's capacity is what was built in every year up to it.
    assert names[0].startswith("land(")
    site = names[0].removeprefix("land(").split(",")[0]
    assert names[1:] == [f"lower bound of built({site},{year})" for year in ("2026", "2027", "2029", "2030")]


def program(matrix, low, high, row_low, row_high):
    rows, columns = matrix.shape
    problem = ArrayProblem("random")
    x = problem.variable("x", Index.full("x", axis("x", columns)), lower=low, upper=high)
    over = Index.full("rows", axis("row", rows))
    row, column = np.nonzero(matrix)
    terms = x.map(over, column, row, matrix[row, column])
    problem.rows("least", Comparison(over, terms, row_low, np.full(rows, np.inf)))
    problem.rows("most", Comparison(over, terms, np.full(rows, -np.inf), row_high))
    return problem


def axis(name, count):
    return Axis(name, tuple(map(str, range(count))))


def without(name, low, high, row_low, row_high):
    """Return the bounds with the named one taken away."""
    sides = {"lower": low.copy(), "upper": high.copy(), "least": row_low.copy()}
    sides["most"] = row_high.copy()
    side = name.split("(")[0].split(" ")[0]
    at = int(name.split("(")[1].rstrip(")"))
    sides[side][at] = -np.inf if side in {"lower", "least"} else np.inf
    return sides["lower"], sides["upper"], sides["least"], sides["most"]


@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(2, 6))
def test_a_conflict_has_no_plan_and_any_part_less_has_one(seed, rows, columns):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-3, 4, (rows, columns)) * (rng.random((rows, columns)) < 0.6)
    low = np.where(rng.random(columns) < 0.7, rng.integers(-3, 1, columns), -np.inf)
    high = np.where(rng.random(columns) < 0.5, rng.integers(1, 4, columns), np.inf)
    rhs = rng.integers(-8, 9, rows).astype(float)
    row_low = np.where(rng.random(rows) < 0.7, rhs, -np.inf)
    row_high = np.where(rng.random(rows) < 0.7, rhs, np.inf)
    session = HighsSession(program(matrix, low, high, row_low, row_high))
    assume(session.solve("simplex").status == "infeasible")

    names = session.iis()

    # Keep only what is named: still infeasible. Then without each in turn: a plan.
    sides = [np.full(n, s) for n, s in [(columns, -np.inf), (columns, np.inf)]]
    sides += [np.full(n, s) for n, s in [(rows, -np.inf), (rows, np.inf)]]
    for name in names:
        full = (low, high, row_low, row_high)
        for kept, bounds, cut in zip(sides, full, without(name, *full), strict=True):
            changed = (bounds != cut).nonzero()
            kept[changed] = bounds[changed]
    assert HighsSession(program(matrix, *sides)).solve("simplex").status == "infeasible"
    for name in names:
        less = program(matrix, *without(name, *sides))
        assert HighsSession(less).solve("simplex").status == "optimal"
