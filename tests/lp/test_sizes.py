"""Programs with numbers that no solver can tell apart are refused, by the names of their rows."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.lp import UNIT, ArrayProblem, HighsSession


@pytest.mark.parametrize("number", [3e12, -1e20, 1e300])
@pytest.mark.parametrize("where", ["coefficient", "bound of a row", "bound", "cost"])
def test_a_number_too_large_or_none_is_named(number: float, where: str) -> None:
    problem = ArrayProblem("tiny")
    upper = abs(number) if where == "bound" else 7.0
    power_mw = problem.variable("power_mw", UNIT, upper=upper)
    need = number if where == "bound of a row" else 3.0
    problem.rows("demand", power_mw * (number if where == "coefficient" else 2.0) >= need)
    problem.minimise(power_mw * (number if where == "cost" else 2.0))

    with pytest.raises(InputError) as caught:
        HighsSession(problem)

    (found,) = caught.value.problems
    assert found.file == "tiny"
    assert ("demand" if where in {"coefficient", "bound of a row"} else "power_mw") in found.what_is
    assert found.must_be == "at most 1e+12 in size"


def test_infinite_bounds_are_none() -> None:
    problem = ArrayProblem("tiny")
    power_mw = problem.variable("power_mw", UNIT)
    problem.rows("demand", power_mw >= 1e12)
    problem.minimise(power_mw * 2.0)

    assert HighsSession(problem).solve().objective == pytest.approx(2e12)
