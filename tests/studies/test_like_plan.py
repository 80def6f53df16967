"""A program with integers that begins where a like one ended tries its integers first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.inputs import build_inputs
from planner.lp.start import Start
from planner.runs.plan import Plan
from planner.scenario import load_scenario
from planner.studies.solve.checked_plan import StageTimes, plan_of

WHOLE = ("siting.whole_openings=true", "racks.whole=true", "solver.gap_frac=0.04")


def planned(north_usd_per_mwh: float, start: Start | None = None) -> tuple[Plan, Start]:
    scenario = load_scenario("tiny", [*WHOLE, f"new_sites.north.retail_usd_per_mwh={north_usd_per_mwh}"])
    ended: list[Start] = []
    plan = plan_of(scenario, build_inputs(scenario), StageTimes(), start=start, keep_start=ended.append)
    return plan, Start.from_bytes(ended[0].to_bytes())


@pytest.fixture(scope="module")
def before() -> tuple[Plan, Start]:
    return planned(36.0)


def test_its_integers_are_kept_where_they_leave_a_plan_that_is_good_enough(before: tuple[Plan, Start]) -> None:
    first, start = before
    alone, _ = planned(37.5)
    plan, _ = planned(37.5, start)

    assert "rounded" in first.outcome.method_used
    assert "fixed as in a like plan" in plan.outcome.method_used
    assert "rounded" not in plan.outcome.method_used
    assert plan.verdict.ok
    assert plan.outcome.gap <= 0.04
    assert plan.outcome.dual_bound == pytest.approx(alone.outcome.dual_bound, rel=1e-6)
    bought = [one.tables["installs"]["racks"].tolist() for one in (plan, first)]
    assert bought[0] == pytest.approx(bought[1], rel=1e-9)


def test_integers_that_leave_no_plan_are_rounded_as_without_a_start(before: tuple[Plan, Start]) -> None:
    _, start = before
    none = {name: (over, np.zeros_like(whole)) for name, (over, whole) in start.whole.items()}
    alone, _ = planned(37.5)

    plan, _ = planned(37.5, replace(start, whole=none))

    assert "fixed as in a like plan" in plan.outcome.method_used
    assert "rounded" in plan.outcome.method_used
    assert plan.outcome.objective == pytest.approx(alone.outcome.objective, rel=1e-6)
