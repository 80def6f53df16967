"""Emissions that cap and price count: by place, by market, of making, and of fuel by scheme."""

from __future__ import annotations

import pytest
from small_world import Solved, inputs_of, solve

from planner.inputs import Inputs

FINANCIAL = "contracts.ppa.heat={technology: geothermal, lead_months: 5, max_mw: 900}"
MARKET = "carbon.accounting=market"


def step_of_cap(inputs_at, cap_kt: float, step_kt: float) -> tuple[Solved, float]:
    """Return a plan under a cap in 2027, and what each kt more saves on the way to a looser one."""
    plan = solve(inputs_at(cap_kt))
    return plan, (plan.cost_musd - solve(inputs_at(cap_kt + step_kt)).cost_musd) / step_kt


@pytest.mark.parametrize("settings", [(), (FINANCIAL, MARKET), ("carbon.embodied=true",)])
def test_the_price_of_a_cap_is_the_slope_of_cost(settings):
    free = solve(inputs_of(*settings))
    cap_kt = round(0.9 * free.sum(free.model.carbon.counted_kt, year="2027"), 1)

    def capped(kt: float) -> Inputs:
        return inputs_of(*settings, f"carbon.cap_kt={{2027: {kt}}}")

    plan, slope = step_of_cap(capped, cap_kt, 0.05)
    (dual,) = plan.dual("carbon_cap")
    assert dual < 0.0
    assert slope == pytest.approx(-dual, rel=1e-4)


def test_a_cap_by_market_costs_no_more_than_the_same_cap_by_place():
    free = solve(inputs_of(FINANCIAL))
    cap = f"carbon.cap_kt={{2027: {0.85 * free.sum(free.model.emissions_kt, year='2027'):.1f}}}"

    by_place = solve(inputs_of(FINANCIAL, cap)).cost_musd
    by_market = solve(inputs_of(FINANCIAL, cap, MARKET)).cost_musd
    assert by_market < by_place
