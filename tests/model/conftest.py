"""The made-up world of `small_world`, built and solved once."""

from __future__ import annotations

import pytest
from small_world import Solved, inputs_of, solve

from planner.inputs import Inputs


@pytest.fixture(scope="session")
def inputs() -> Inputs:
    return inputs_of()


@pytest.fixture(scope="session")
def mini(inputs: Inputs) -> Solved:
    return solve(inputs)
