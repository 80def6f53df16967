"""Plans that tests of several files look at, each solved once for all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from shared import shared

import planner

FAILOVER = Path(__file__).parent / "check" / "failover.yaml"
MINI = Path(__file__).parent / "fixtures" / "mini" / "mini.yaml"
RICH = Path(__file__).parent / "check" / "rich.yaml"


@shared
def plan_of(scenario: str | Path, *settings: str) -> planner.Plan:
    """Solve a scenario, shipped or of the repository, with settings, and check the plan.

    Without the basis, an object of HiGHS that cannot be handed from process to process.
    """
    plan = planner.solve(scenario, settings)
    return replace(plan, outcome=replace(plan.outcome, basis=None))
