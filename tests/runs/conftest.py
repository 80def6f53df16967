from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "outputs"))

from plans import plan_of
from synthetic import synthetic_run

import planner

if TYPE_CHECKING:
    from planner.runs import Run


@pytest.fixture(scope="session")
def plan() -> planner.Plan:
    return plan_of("tiny")


@pytest.fixture(scope="session")
def run() -> Run:
    return synthetic_run()
