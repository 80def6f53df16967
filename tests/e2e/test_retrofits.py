"""What a retrofit costs in time: its months count in every year they reach into."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from project import MINI

import planner
from planner.cli import main
from planner.inputs import TABLES, Inputs, build_inputs_from
from planner.model import Model
from planner.scenario import load_scenario
from planner.studies.solve import solve
from planner.tables import read_tables

SCENARIO = MINI / "mini.yaml"
OLD, NEW = "air_dry|2N", "plate_dry|2N"
# New halls come too late for the horizon, so liquid-cooled racks wait for retrofits.
SCARCE = ("lead_times.construction_months=60", "rent.allow=false")


def inputs_of(*settings: str) -> Inputs:
    scenario = load_scenario(SCENARIO, settings)
    return build_inputs_from(scenario, read_tables(TABLES, scenario.data_files))


@cache
def cost_musd(months: float) -> float:
    outcome = solve(SCENARIO, [*SCARCE, f"retrofit.duration_months={months}"]).outcome
    assert outcome.status == "optimal"
    return outcome.objective


def per_mw(model: Model, hall: str, year: str) -> float:
    """MW usable in a hall of Oak per MW of its retrofit begun in the first model year."""
    usable = model.halls.usable_mw
    row = usable.over.position("oak", hall, year)
    work = model.retrofit.over.position("oak", OLD, NEW, "2025")
    alone = np.zeros(len(model.problem.columns().cost))
    before = usable.value(alone)[row]
    alone[model.problem.column_block("retrofit").start + work] = 1.0
    return float(usable.value(alone)[row] - before)


def test_a_retrofit_is_out_of_service_for_all_its_months_in_whatever_years() -> None:
    # Begun on 1 March 2025 and done 24 months later, on 1 March 2027; 0.94 of the power is kept.
    # Model year 2025 stands for 2025 and 2026, and the work is under way in 22 of 24 months.
    model = Model(inputs_of("retrofit.duration_months=24"))

    assert per_mw(model, OLD, "2025") == pytest.approx(-22 / 24)
    assert per_mw(model, OLD, "2027") == pytest.approx(-1.0)
    assert per_mw(model, NEW, "2025") == 0.0
    assert per_mw(model, NEW, "2027") == pytest.approx(0.94 * 10 / 12)


def test_longer_work_on_halls_that_are_needed_costs_more() -> None:
    costs = [cost_musd(months) for months in (3, 6, 12, 24, 30)]

    # Where 6 months are as good as 12, halls that are done later are paid and kept from later on.
    assert all(0.999 * shorter < longer for shorter, longer in pairwise(costs))
    assert all(1.01 * shorter < longer for shorter, longer in pairwise(costs[:1] + costs[2:]))


_PIECES = ["supply.allow=[bess_4h]", "time.slot_h=3", "solver.method=decomposed", "solver.gap_frac=0.001"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            ["scope.sites=[arizona]", "demand.scale_frac=0.2", "retrofit.duration_months=15"], id="water class"
        ),
        pytest.param(_PIECES, id="worn cells"),
    ],
)
def test_a_plan_of_ones_own_that_was_refused_keeps_every_rule(changes: list[str], tmp_path: Path) -> None:
    made = CliRunner().invoke(main, ["init", "--own", str(tmp_path / "project")])
    assert made.exit_code == 0, made.output

    plan = planner.solve(str(tmp_path / "project" / "company.yaml"), changes)

    assert plan.verdict.ok, plan.verdict.broken
