"""A price shock and a heat wave move a plan the way a planner would expect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.runs.plan import Plan
from planner.studies.solve import solve

MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"
SHOCK = "{zones: [east], first_year: 2027, last_year: 2027, wholesale_scale_frac: 6}"
SPIKE = "{first_year: 2025, last_year: 2027, wholesale_scale_frac: 11, peak_day_only: true}"


@pytest.fixture(scope="module")
def base() -> Plan:
    return solve(MINI)


def energy_mwh(plan: Plan, zone: str, year: int) -> float:
    table = plan.tables["power_zone"].set_index(["zone", "year"])
    return float(table["energy_mwh"].get((zone, year), 0.0))


def test_work_leaves_a_zone_under_a_price_shock(base: Plan) -> None:
    shocked = solve(MINI, [f"energy.shocks=[{SHOCK}]"])

    assert shocked.verdict.ok, shocked.verdict.broken
    assert shocked.results.objective_musd > base.results.objective_musd
    assert energy_mwh(shocked, "east", 2027) < energy_mwh(base, "east", 2027)
    # It costs no more than to keep the plan and pay: the wholesale price of oak is 37 USD/MWh.
    kept_musd = energy_mwh(base, "east", 2027) * 37 * 1.2 * (6 - 1) / 1e6
    assert shocked.results.objective_musd <= base.results.objective_musd + kept_musd


def test_a_heat_wave_raises_peak_and_cost_and_not_the_work_done(base: Plan) -> None:
    hot = solve(MINI, ["time.peak_hotter_k=6", f"energy.shocks=[{SPIKE}]"])

    assert hot.verdict.ok, hot.verdict.broken
    assert hot.results.objective_musd > base.results.objective_musd
    peaks = [plan.site_year["facility_peak_mw"].sum() for plan in (base, hot)]
    assert peaks[1] > peaks[0]
    work = [plan.tables["demand"]["demand_kh100e"].to_numpy() for plan in (base, hot)]
    assert np.array_equal(*work)
