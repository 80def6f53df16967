"""Laws of non-firm power: a wider choice never costs more, and stress slots never see it."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_world import Solved, changed, inputs_with, solve

few = settings(max_examples=8, derandomize=True)
SLACK = 1e-7  # relative; what two runs of the solver may differ by

TIGHT = (
    "demand.scale_frac=1.6",
    "grid.headroom_scale_frac=0.12",
    "grid.firm_headroom_frac=0.5",
    "rent.depth_scale_frac=0.4",
)
NON_FIRM = (*TIGHT, "grid.non_firm.allow=true")
SHED = (*NON_FIRM, "grid.non_firm.shed.allow=true")


@cache
def solved(*settings_: str) -> Solved:
    return solve(inputs_with(*settings_))


def test_the_world_is_one_in_which_non_firm_power_and_shedding_are_worth_money():
    costs = [solved(*world).cost_musd for world in (TIGHT, NON_FIRM, SHED)]

    assert costs[0] > costs[1] * (1 + 1e-4)
    assert costs[1] > costs[2] * (1 + 1e-6)
    m = solved(*SHED).model
    assert solved(*SHED).value(m.non_firm.connect_mw).sum() > 1.0
    assert solved(*SHED).value(m.non_firm.shed_mwh).sum() > 1.0


@few
@given(
    frac=st.integers(0, 1000).map(lambda thousandth: thousandth / 1000),
    scale=st.floats(0.02, 1.5),
    service=st.sampled_from(["nonfirm", "bridge"]),
    rate=st.sampled_from(["0.25", "0.5", "1", "5"]),
    shed=st.sampled_from(["true", "false"]),
    curtail=st.sampled_from(["pro_rata", "last_in"]),
)
def test_non_firm_power_to_choose_never_costs_more(frac, scale, service, rate, shed, curtail):
    world = (
        "demand.scale_frac=1.4",
        f"grid.headroom_scale_frac={scale}",
        f"grid.firm_headroom_frac={frac}",
        f"grid.curtailment_rate_pct={rate}",
    )
    choice = f"grid.non_firm={{allow: true, service: {service}, curtail: {curtail}, shed: {{allow: {shed}}}}}"

    with_choice = solve(inputs_with(*world, choice))

    assert with_choice.cost_musd <= solve(inputs_with(*world)).cost_musd * (1 + SLACK)


@few
@given(limit=st.sampled_from(["non_firm", "grid"]), factor=st.floats(1.0, 4.0))
def test_more_headroom_never_costs_more(limit, factor):
    inputs = inputs_with(*SHED)
    more_mw = getattr(inputs, limit).headroom_mw * factor

    more = solve(changed(inputs, limit, headroom_mw=more_mw))

    assert more.cost_musd <= solved(*SHED).cost_musd * (1 + SLACK)


@few
@given(factor=st.floats(1.0, 4.0), figure=st.sampled_from(["hours_frac", "max_energy_frac"]))
def test_a_larger_budget_to_shed_never_costs_more(factor, figure):
    inputs = inputs_with(*SHED)
    shed = inputs.non_firm.shed
    larger = shed.changed(**{figure: getattr(shed, figure) * factor})

    more = solve(changed(inputs, "non_firm", shed=larger))

    assert more.cost_musd <= solved(*SHED).cost_musd * (1 + SLACK)


@few
@given(rate=st.sampled_from(["0.25", "0.5", "1", "5"]), slot_h=st.sampled_from(["6", "3"]), scale=st.floats(0.05, 1.0))
def test_non_firm_power_is_never_used_in_a_stress_slot(rate, slot_h, scale):
    found = solve(
        inputs_with(
            *SHED, f"grid.curtailment_rate_pct={rate}", f"time.slot_h={slot_h}", f"grid.headroom_scale_frac={scale}"
        )
    )

    m = found.model
    stress = m.p.non_firm.stress
    zone = m.p.sets.site_zone[stress["site"]]
    off = np.flatnonzero(m.p.non_firm.off_frac[zone, 0, stress["slot"]] == 1.0)
    drawn = found.value(m.import_mw.on(stress))[off]
    firm = found.value(m.firm_mw.on(stress))[off]
    assert off.size
    assert (drawn <= firm + 1e-6).all()


def test_a_higher_rate_never_costs_more_nor_serves_less_where_those_last_in_are_off_first():
    world = (*SHED, "grid.non_firm.curtail=last_in", "demand.scale_frac=2.1")

    plans = [solved(*world, f"grid.curtailment_rate_pct={rate}") for rate in ("0.25", "0.5", "1", "5")]

    costs = [plan.cost_musd for plan in plans]
    # Compute that nobody rents out and no site can hold is unmet here, so own load is what gives.
    own = [plan.sum(plan.model.load, year="2027") for plan in plans]
    for before, after in pairwise(costs):
        assert after <= before * (1 + SLACK)
    for before, after in pairwise(own):
        assert after >= before * (1 - SLACK)
    assert costs[-1] < costs[0] * (1 - 1e-4)
    assert own[-1] > own[0]


def test_the_dual_of_headroom_is_the_slope_of_the_cost():
    inputs = inputs_with(*SHED)
    row = int(np.argmin(solved(*SHED).dual("all_headroom")))
    step_mw = np.zeros(inputs.non_firm.headroom_mw.size)
    step_mw[row] = 0.01

    more = solve(changed(inputs, "non_firm", headroom_mw=inputs.non_firm.headroom_mw + step_mw))

    slope = (more.cost_musd - solved(*SHED).cost_musd) / 0.01
    assert solved(*SHED).dual("all_headroom")[row] == pytest.approx(slope, rel=1e-4)
    assert slope < -0.01
