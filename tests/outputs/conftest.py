from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from synthetic import synthetic_run

if TYPE_CHECKING:
    from planner.runs import Run


@pytest.fixture(scope="session")
def run() -> Run:
    return synthetic_run()
