"""Sums of decisions are let go, and made again to the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from plans import RICH

from planner.inputs import build_inputs
from planner.lp import Expression, Variable
from planner.model import ALL_COSTS, Model, build_model
from planner.scenario import load_scenario


@pytest.fixture(scope="module")
def model() -> Model:
    return build_model(build_inputs(load_scenario(str(RICH))))


def sums_of(model: Model) -> list[str]:
    """Name the sums that the model and its families hold; decisions are none."""
    families = [of for of in vars(model).values() if type(of).__name__.endswith("Terms")]
    return [
        name
        for of in (model, *families)
        for name, held in vars(of).items()
        if isinstance(held, Expression) and not isinstance(held, Variable)
    ]


def test_none_is_held_after_they_are_let_go(model: Model) -> None:
    assert {"facility_mw", "it_mw", "alive", "firm_mw", "stands_mw"} <= set(sums_of(model))

    model.forget_sums()

    assert sums_of(model) == []


def test_what_is_made_of_them_again_has_the_same_bits(model: Model) -> None:
    x = np.random.default_rng(20261130).uniform(0.5, 90.0, model.problem.column_count)
    before = [line.build(model).value(x) for line in ALL_COSTS]

    model.forget_sums()
    after = [line.build(model).value(x) for line in ALL_COSTS]

    assert sum(np.count_nonzero(of) for of in before) > 100
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(new, old)
