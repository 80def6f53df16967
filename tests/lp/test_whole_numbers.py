"""Whole numbers: relaxed, fixed, searched for from a start, within a gap, with rows added."""

import numpy as np
import pytest

from planner.lp import ArrayProblem, Axis, Change, HighsSession, Index

SITES = Axis("site", ("a", "b", "c"))
OPENING, PER_MW, LAND_MW, DEMAND_MW = [31.0, 17.0, 23.0], [2.5, 3.5, 2.75], 7.0, 11.5


def siting() -> ArrayProblem:
    """Return a small siting problem; two of three sites must open, b and c are the cheapest.

    a and b: 48 + 7 x 2.5 + 4.5 x 3.5 = 81.25; a and c: 54 + 7 x 2.5 + 4.5 x 2.75 = 83.875;
    b and c: 40 + 7 x 2.75 + 4.5 x 3.5 = 75.
    """
    problem = ArrayProblem("siting")
    site = Index.full("site", SITES)
    is_open = problem.variable("open", site, upper=1.0, integer=True)
    halls_mw = problem.variable("halls_mw", site)
    problem.rows("demand", halls_mw.total() >= DEMAND_MW)
    problem.rows("land", halls_mw - LAND_MW * is_open <= 0.0)
    problem.minimise((is_open * OPENING).total() + (halls_mw * PER_MW).total())
    return problem


def relaxed_cost() -> float:
    # Opened in part, a MW costs 2.5 + 31 / 7, 3.5 + 17 / 7 or 2.75 + 23 / 7: b is full first.
    return 7.0 * (3.5 + 17 / 7) + 4.5 * (2.75 + 23 / 7)


def test_whole_numbers_can_be_relaxed_and_asked_for_again():
    session = HighsSession(siting())
    integer = siting().columns().integer

    change = session.set_columns(integer=np.zeros(6, dtype=bool))
    relaxed = session.solve()
    session.set_columns(integer=integer)
    whole = session.solve()

    assert change == Change(integrality=3)
    assert relaxed.objective == pytest.approx(relaxed_cost())
    assert relaxed.has_duals
    assert whole.objective == pytest.approx(75.0)
    assert whole.status == "optimal"
    assert not whole.has_duals


def test_fixed_whole_numbers_leave_a_program_with_duals():
    session = HighsSession(siting())
    session.set_columns(integer=np.zeros(6, dtype=bool))
    session.solve()

    lower = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    upper = np.array([1.0, 1.0, 0.0, np.inf, np.inf, np.inf])
    session.set_columns(lower=lower, upper=upper)
    fixed = session.solve()

    assert fixed.objective == pytest.approx(81.25)  # a and b are open
    assert fixed.row_dual[0] == pytest.approx(3.5)  # the last MW is built at b


def test_a_search_takes_the_plan_it_is_given_to_start_from():
    session = HighsSession(siting(), {"mip_max_nodes": 0, "presolve": "off"})
    start = np.array([1.0, 0.0, 1.0, 7.0, 0.0, 4.5])

    started = session.solve(start=start, gap_frac=0.9)

    # The gap of the start is less than was asked for, so the search ends with it or better.
    assert started.has_plan
    assert started.objective <= 83.875 + 1e-9


def test_a_plan_within_a_wide_gap_is_not_called_optimal():
    session = HighsSession(siting(), {"presolve": "off", "mip_heuristic_effort": 0.0})

    outcome = session.solve(start=np.array([1.0, 0.0, 1.0, 7.0, 0.0, 4.5]), gap_frac=0.5)

    assert outcome.status == "within_gap"
    assert outcome.dual_bound < 75.0 < outcome.objective <= 83.875
    assert 1e-4 < outcome.gap <= 0.5


def test_rows_below_the_others_keep_the_basis():
    session = HighsSession(siting())
    session.set_columns(integer=np.zeros(6, dtype=bool))
    session.solve()
    problem = siting()
    is_open = problem._column_blocks["open"]
    problem.rows("at_least_two", is_open.total() >= 2.0)

    change = session.update(problem)
    session.set_columns(integer=np.zeros(6, dtype=bool))
    outcome = session.solve()

    # With two sites' worth open, b and c are cheapest, whole as it happens.
    assert change == Change(integrality=3, new_rows=1)
    assert outcome.method_used == "warm dual"
    assert outcome.objective == pytest.approx(7 * 2.75 + 4.5 * 3.5 + 40)
    assert len(outcome.row_dual) == 5


def test_rows_that_differ_and_are_more_start_afresh():
    session = HighsSession(siting())
    session.set_columns(integer=np.zeros(6, dtype=bool))
    session.solve()
    other = ArrayProblem("other")
    halls_mw = other.variable("halls_mw", Index.full("site", SITES), upper=3.0)
    more = other.variable("more", Index.full("site", SITES))
    for name in ("one", "two", "three"):
        other.rows(name, halls_mw + more >= 5.5)
    other.minimise(more.total())

    assert session.update(other) == Change(is_new_shape=True)
    assert session.solve().objective == pytest.approx(3 * 2.5)
