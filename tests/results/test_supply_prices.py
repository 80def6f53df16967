"""Shadow prices of power at a site and of room for its sources, in units that planners use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import planner
from planner.runs.plan import Plan

MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"
# Gas is dear and the grid is short: engines run at times, and not at full load.
SETTINGS = (
    "supply.allow=[engine]",
    "supply.override.engine={capex_usd_per_kw: 500, lead_months: 4}",
    "supply.fuel_price_usd_per_mmbtu={natural_gas: 9}",
    "energy.price_scale_frac=1.7",
    "sites.oak.grid_firm_mw={2025: 50}",
    "grid.headroom_scale_frac=0.0001",
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(MINI, SETTINGS)


def test_a_mwh_costs_what_the_engine_that_runs_for_it_burns(plan: Plan) -> None:
    assert plan.verdict.ok, plan.verdict.broken
    slots = plan.tables["source_slot"].merge(plan.tables["source_year"][["site", "source", "year", "capacity_mw"]])
    is_marginal = (slots["output_mw"] > 0.01) & (slots["output_mw"] < 0.91 * slots["capacity_mw"] - 0.01)
    prices = plan.tables["prices"]
    worth = prices[prices["block"] == "power_balance"].merge(slots.loc[is_marginal, ["site", "year", "slot"]])
    assert len(worth) > 3
    assert (worth["unit"] == "USD/MWh").all()
    # 8.6 MMBtu/MWh at 9 USD, and 7.5 USD/MWh of upkeep
    assert worth["value"].to_numpy() == pytest.approx(8.6 * 9 + 7.5, rel=1e-5)


def test_room_for_one_more_mw_is_worth_what_solving_again_says() -> None:
    less, scarce, more = (planner.solve(MINI, [*SETTINGS, f"supply.max_mw={{engine: {mw}}}"]) for mw in (20, 21, 22))
    prices = scarce.tables["prices"]
    worth = prices[prices["block"] == "source_limit"]

    assert scarce.verdict.ok, scarce.verdict.broken
    assert set(worth["source"]) == {"engine"}
    assert (worth["unit"] == "USD/MW-year").all()
    rate = scarce.inputs.finance.rate_frac
    # Payments in the middle of 2025 and 2026, which 2025 stands for, and of 2027.
    years = {2025: [0.5, 1.5], 2027: [2.5]}
    factor = [sum((1 + rate) ** -t for t in years[year]) for year in worth["year"]]
    reported_musd = np.dot(worth["value"], factor) / 1e6
    # Each MW more is worth no more than the one before.
    costs = [plan.results.objective_musd for plan in (less, scarce, more)]
    assert reported_musd > 1.0
    assert costs[1] - costs[2] - 0.01 <= reported_musd <= costs[0] - costs[1] + 0.01
