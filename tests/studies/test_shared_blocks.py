"""A block over several sites: a training run whose sites lie within a round trip of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from plans import plan_of

import planner

if TYPE_CHECKING:
    from planner import Plan

# North and South lie on one meridian, 14.1 degrees apart: 1,564 km, times the 0.0157 ms/km of the
# line within the US is 24.6 ms. In 2028 South has the 6.8 MW of training for which North has no
# land (scenarios/tiny.yaml); a block of 9.5 MW is more than that.
BLOCK = "siting.block_mw={train_frontier: 9.5}"
EXACT = ("solver.whole_numbers=search", "solver.gap_frac=1e-8")
SOUTH_MW, TRAINING_MW = 6.8175, 38.3965


def shared_within(ms: float) -> str:
    return f"siting.block_rtt_ms={{train_frontier: {ms}}}"


@pytest.fixture(scope="module")
def free() -> Plan:
    return plan_of("tiny")


@pytest.fixture(scope="module")
def shared() -> Plan:
    return planner.solve("tiny", [BLOCK, shared_within(25), *EXACT])


@pytest.fixture(scope="module")
def apart() -> Plan:
    return planner.solve("tiny", [BLOCK, shared_within(24), *EXACT])


def test_a_site_with_less_than_a_block_shares_that_of_a_site_within_the_round_trip(free: Plan, shared: Plan) -> None:
    blocks = shared.tables["blocks"].set_index(["site", "year"])

    assert shared.outcome.objective == pytest.approx(free.outcome.objective, rel=1e-9)
    assert blocks.loc[("south", 2028), "used_mw"] == pytest.approx(SOUTH_MW, abs=1e-3)
    assert blocks.loc[("south", 2028), "shared_mw"] == pytest.approx(TRAINING_MW, abs=1e-3)
    assert shared.verdict.ok, shared.verdict.broken


def test_a_block_is_in_one_place_where_the_other_site_is_further(apart: Plan, shared: Plan) -> None:
    alone = planner.solve("tiny", [BLOCK, *EXACT])

    assert apart.outcome.objective == pytest.approx(alone.outcome.objective, rel=1e-9)
    assert apart.outcome.objective > shared.outcome.objective * (1.0 + 1e-6)
    blocks = apart.tables["blocks"]
    assert blocks["shared_mw"].tolist() == blocks["used_mw"].tolist()
    assert apart.verdict.ok, apart.verdict.broken


def test_a_block_that_no_site_holds_alone_may_be_shared() -> None:
    # North holds 31.6 MW and South 73.7; 34 MW of 38.4 come together in 2028 only.
    with_34_mw = "siting.block_mw={train_frontier: 34}"
    plan = planner.solve("tiny", [with_34_mw, shared_within(25)])

    blocks = plan.tables["blocks"]
    assert set(blocks["year"]) == {2028}
    assert blocks["used_mw"].sum() == pytest.approx(TRAINING_MW, abs=1e-3)
    assert plan.verdict.ok, plan.verdict.broken
