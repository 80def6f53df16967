"""One program beside another in a third, and bounds that are narrowed afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from planner.lp import ArrayProblem, Axis, HighsSession, Index

SITE = Index.full("site", Axis("site", ("oak", "elm", "ash")))


def program(demand: float, costs: list[float]) -> ArrayProblem:
    """Serve a demand from three sites of 4, 5 and 6 MW."""
    problem = ArrayProblem("one")
    built = problem.variable("built", SITE, upper=[4.0, 5.0, 6.0])
    problem.rows("demand", built.total() >= demand)
    problem.minimise((built * costs).total() + 2.5)
    return problem


def test_programs_side_by_side_have_the_solutions_of_each() -> None:
    first, second = program(7.0, [2.0, 3.0, 9.0]), program(8.0, [8.0, 3.0, 5.0])
    both = ArrayProblem("both")
    at = [both.include(one, f"{name}.") for one, name in ((first, "a"), (second, "b"))]
    costs = [one.total.moved(place) for one, place in zip((first, second), at, strict=True)]
    both.minimise(0.25 * costs[0] + 0.75 * costs[1])

    outcome = HighsSession(both).solve()

    assert at == [0, 3]
    assert both.column_block_names == ("a.built", "b.built")
    assert both.row_name(1) == "b.demand"
    # 4 x 2 + 3 x 3 = 17 and 5 x 3 + 3 x 5 = 30, each with 2.5.
    assert outcome.x.tolist() == [4.0, 3.0, 0.0, 0.0, 5.0, 3.0]
    assert outcome.objective == pytest.approx(0.25 * 19.5 + 0.75 * 32.5)
    assert [float(cost.value(outcome.x)[0]) for cost in costs] == pytest.approx([19.5, 32.5])


def test_rows_may_tie_what_was_included() -> None:
    both = ArrayProblem("both")
    problems = [program(7.0, [2.0, 3.0, 9.0]), program(8.0, [8.0, 3.0, 5.0])]
    costs = []
    parts = []
    for problem, name in zip(problems, "ab", strict=True):
        first = both.include(problem, f"{name}.")
        costs.append(problem.total.moved(first))
        built = both.columns_over(f"{name}.built")
        parts.append(problem._column_blocks["built"].moved(first).select([0], "oak"))
        assert built is SITE
    both.rows("same_oak", parts[0] == parts[1])
    both.minimise(0.4 * costs[0] + 0.6 * costs[1])

    x = HighsSession(both).solve().x

    # A MW at the oak costs 0.6 x (8 - 5) = 1.8 more in the second program. In the first it saves
    # 0.4 x (9 - 2) = 2.8 as long as the ash is needed, which are 2 MW, and then 0.4 x (3 - 2).
    assert x[0] == x[3] == pytest.approx(2.0)


def test_what_is_included_is_minimised_only_if_asked() -> None:
    both = ArrayProblem("both")
    both.include(program(7.0, [2.0, 3.0, 9.0]), "a.")

    assert both.columns().cost.tolist() == [0.0, 0.0, 0.0]
    assert both.total.constants.tolist() == [0.0]


def test_bounds_are_narrowed_and_never_widened() -> None:
    problem = program(7.0, [2.0, 3.0, 9.0])

    problem.hold(np.array([0, 2]), np.array([1.5, 3.0]), np.array([1.5, 7.0]))

    assert problem.columns().lower.tolist() == [1.5, 0.0, 3.0]
    assert problem.columns().upper.tolist() == [1.5, 5.0, 6.0]
    # 1.5 and 3 MW are held, the elm serves the other 2.5.
    assert HighsSession(problem).solve().x.tolist() == [1.5, 2.5, 3.0]
