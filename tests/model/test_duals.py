"""Duals: what one more unit on the right side of a row is worth, against solving again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_world import Solved, changed, inputs_of, solve

from planner.inputs import Inputs
from planner.lp import HighsSession
from planner.model import FAMILIES, Model
from planner.model.money import objective_musd

STEP = 0.01  # of the unit of the row
SLACK = 1e-5  # MUSD per unit: what the tolerance of two runs of the solver makes of a difference

# A world where zones, vendors and the air have less than the plan would take.
SCARCE = ("grid.headroom_scale_frac=0.07", "deliveries.scale_frac=0.16", "carbon.cap_kt={2027: 740}")


@pytest.fixture(scope="module")
def scarce() -> Solved:
    return solve(inputs_of(*SCARCE))


def cost_with(inputs: Inputs, block: str, row: int, step: float) -> float:
    """Solve with one row's right side moved. [MUSD]"""
    model = Model(inputs)
    for constraint in (rows for family in FAMILIES for rows in family.CONSTRAINTS):
        comparison = constraint.build(model)
        if not comparison.over.size:
            continue
        if constraint.name == block:
            moved = np.zeros(comparison.over.size)
            moved[row] = step
            comparison = replace(comparison, lower=comparison.lower + moved, upper=comparison.upper + moved)
        model.problem.rows(constraint.name, comparison)
    model.problem.minimise(objective_musd(model))
    outcome = HighsSession(model.problem).solve()
    return outcome.objective if outcome.status == "optimal" else np.inf


@pytest.mark.parametrize("block", ["demand_balance", "zone_headroom", "grid_connection", "hall_power"])
def test_a_dual_lies_between_what_a_unit_less_and_a_unit_more_change(scarce, block):
    inputs, cost = scarce.model.p, scarce.cost_musd

    duals = scarce.dual(block)

    priced = np.flatnonzero(np.abs(duals) > 1e-6)
    assert priced.size > 0
    for row in priced[:8]:
        left = (cost - cost_with(inputs, block, int(row), -STEP)) / STEP
        right = (cost_with(inputs, block, int(row), STEP) - cost) / STEP
        # Cost is convex in the right side: one unit less costs more than the dual, one more less.
        assert left - SLACK <= duals[row] <= right + SLACK, scarce.model.problem.row_name(
            scarce.model.problem.row_block(block).start + int(row)
        )


def test_a_row_that_does_not_bind_is_worth_nothing(scarce):
    problem = scarce.model.problem
    bounds, value = problem.row_bounds(), scarce.outcome.row_value
    slack = np.minimum(value - bounds.lower, bounds.upper - value)

    loose = slack > 1e-4

    assert loose.sum() > 10
    assert scarce.outcome.row_dual[loose] == pytest.approx(0.0, abs=1e-7)


def test_the_dual_of_demand_is_what_another_user_costs(scarce):
    # More demand moves the balance and, for chat, what must be near: both duals count.
    demand = scarce.model.p.demand
    kh100e = demand.demand_kh100e
    place = demand.demand.position("(anywhere)", "train", "2027")

    more, less = (
        solve(changed(scarce.model.p, "demand", demand_kh100e=kh100e + step)).cost_musd
        for step in (one_more(place, kh100e.size), -one_more(place, kh100e.size))
    )

    dual = scarce.dual("demand_balance")[place]
    assert (scarce.cost_musd - less) / STEP - SLACK <= dual <= (more - scarce.cost_musd) / STEP + SLACK
    assert dual > 0.0


def one_more(place: int, size: int) -> np.ndarray:
    step = np.zeros(size)
    step[place] = STEP
    return step


def test_the_dual_of_headroom_is_what_another_mw_saves(scarce):
    grid = scarce.model.p.grid
    place = grid.headroom.position("west", "2027")
    step = one_more(place, grid.headroom.size)

    more, less = (
        solve(changed(scarce.model.p, "grid", headroom_mw=grid.headroom_mw + sign * step)).cost_musd for sign in (1, -1)
    )

    saved = -scarce.dual("zone_headroom")[place]
    assert (scarce.cost_musd - more) / STEP - SLACK <= saved <= (less - scarce.cost_musd) / STEP + SLACK
    assert saved > 0.0


def test_the_duals_of_a_connection_are_what_another_mw_of_it_saves(scarce):
    # A MW of connection relaxes the peak of every billing period, and the floor of the contract.
    grid = scarce.model.p.grid
    place = grid.firm.position("elm", "2027")
    step = one_more(place, grid.firm.size)
    drawn = grid.billing
    here = (drawn["site"] == grid.firm["site"][place]) & (drawn["year"] == grid.firm["year"][place])

    saved = -scarce.dual("grid_connection")[here].sum() - scarce.dual("contract_floor")[place]

    more, less = (
        solve(changed(scarce.model.p, "grid", firm_mw=grid.firm_mw + sign * step)).cost_musd for sign in (1, -1)
    )
    assert (scarce.cost_musd - more) / STEP - SLACK <= saved <= (less - scarce.cost_musd) / STEP + SLACK
    assert saved > 0.0


def test_the_dual_of_a_carbon_cap_is_the_price_that_makes_the_same_plan(scarce):
    # In place of the cap, its dual as a price per tonne of 2027, brought to that year.
    carbon = scarce.model.p.carbon
    dual_musd_per_kt = -scarce.dual("carbon_cap")[0]
    of_2027 = scarce.model.p.finance.year_weight[1]
    usd_per_t = dual_musd_per_kt / of_2027 * 1e6 / 1e3
    priced = changed(scarce.model.p, "carbon", cap_kt=carbon.cap_kt * 10, price_usd_per_t=np.array([0.0, usd_per_t]))

    solved = solve(priced)

    # The plan under the cap is as good as any under the price.
    capped = scarce.cost_musd + dual_musd_per_kt * scarce.sum(scarce.model.emissions_kt, year="2027")
    assert dual_musd_per_kt > 0.0
    assert solved.cost_musd == pytest.approx(capped, rel=1e-7)


def test_the_plan_has_no_use_for_what_the_duals_call_worthless(scarce):
    # Five times the deliveries where another MW of them is worth nothing: nothing changes.
    duals = scarce.dual("deliveries")
    racks = scarce.model.p.racks
    spare = racks.delivery_limit_mw.copy()
    spare[np.abs(duals) < 1e-9] *= 5.0

    assert solve(changed(scarce.model.p, "racks", delivery_limit_mw=spare)).cost_musd == (
        pytest.approx(scarce.cost_musd, rel=1e-9)
    )
    assert np.any(np.abs(duals) < 1e-9)
