"""The loss of a site: who may take its work over."""

from __future__ import annotations

import pytest
from plans import FAILOVER, plan_of

import planner
from planner.inputs import build_inputs
from planner.scenario import load_scenario
from planner.stress import site_outage_losses


@pytest.fixture(scope="module")
def plan() -> planner.Plan:
    return plan_of(FAILOVER)


@pytest.mark.parametrize(
    ("barred", "takes_over"),
    [
        ("barred_pairs: []", {"oak": True, "elm": True}),
        ("barred_pairs: [[elm, fir]]", {"oak": True, "elm": False}),
        ("barred_groups: {flood: [fir, oak], feeder: [elm, ash, fir]}", {"oak": False, "elm": False}),
        ("barred_within_km: 20000", {"oak": False, "elm": False}),
    ],
)
def test_a_site_that_is_barred_takes_nothing_over(plan: planner.Plan, barred: str, takes_over: dict[str, bool]) -> None:
    # All that stands still stands at Fir, and is more than anyone needs.
    tables = dict(plan.tables)
    fleet = tables["fleet"]
    at_fir = fleet.assign(parked_mw=fleet["site"].map({"fir": 1e6}).fillna(0.0))
    still = {**tables, "fleet": at_fir, "reserve": tables["reserve"].iloc[:0]}
    inputs = build_inputs(load_scenario(str(FAILOVER), [f"failover={{{barred}}}"]))

    losses = site_outage_losses(inputs, still)

    taken = losses.groupby("site")["taken_kh100e"].sum()
    assert (losses.groupby("site")["load_kh100e"].sum() > 1.0).all()
    assert {site: taken[site] > 1.0 for site in takes_over} == takes_over
    assert taken["fir"] == 0.0
