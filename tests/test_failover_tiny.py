"""The tiny scenario, with training that survives the loss of any one site, worked by hand.

Let a site have work l and reserve q, in kH100e. For each site the reserves of the two others
must reach its work: with Q the sum of all reserves, Q - q >= l. Added up over three sites,
2 Q >= L, so that at least half of all work is kept in reserve, and exactly half where every
site has l + q = Q = L / 2. That is 15 kH100e of racks at each site in 2027, and 22.5 in 2028. Power
is cheapest North and South, which then work in full, and the Coast (80 USD/MWh) stands by.
"""

from __future__ import annotations

import pytest
from plans import plan_of

from planner.runs.plan import Plan

RATE = 1.085 / 1.025 - 1  # real cost of capital: 8.5 % nominal over 2.5 % inflation
HOURS = 8760
SURVIVES = "workloads.train_frontier.failover=true"
LOAD_KH100E = {2027: 30.0, 2028: 45.0}
PER_MW = 182.002 / 132 * 0.85  # kH100e of training per MW of racks
SITE_MW = {year: load / 2 / PER_MW for year, load in LOAD_KH100E.items()}
CHAT_MW = {2027: 8 / (299.68 / 132 * 0.55 / 1.141), 2028: 12 / (299.68 / 132 * 0.55 / 1.141)}


@pytest.fixture(scope="module", params=["neighbours", "pairs"])
def plan(request: pytest.FixtureRequest) -> Plan:
    return plan_of("tiny", SURVIVES, f"failover.form={request.param}")


def npv(by_year: dict[int, float]) -> float:
    return sum(musd * (1 + RATE) ** -(year - 2027 + 0.5) for year, musd in by_year.items())


def item_npv(plan: Plan, *items: str) -> float:
    return float(plan.costs.loc[plan.costs["item"].isin(items), "npv_musd"].sum())


def test_two_sites_work_and_the_dear_one_stands_by_for_either(plan: Plan) -> None:
    table = plan.tables["plan"]
    train = table[table["workload"] == "train_frontier"].set_index(["site", "year"])

    for year, mw in SITE_MW.items():
        assert train.loc[("north", year), "used_mw"] == pytest.approx(mw)
        assert train.loc[("south", year), "used_mw"] == pytest.approx(mw)
        assert train.loc[("coast", year), "standby_mw"] == pytest.approx(mw)
        assert train.loc[("coast", year), "used_mw"] == 0.0
    assert plan.verdict.ok, plan.verdict.broken


def test_the_reserve_is_half_of_all_work_and_shared_between_failures(plan: Plan) -> None:
    reported = plan.tables["resilience"].set_index("year")

    for year, load in LOAD_KH100E.items():
        assert reported.loc[year, "load_kh100e"] == pytest.approx(load)
        assert reported.loc[year, "largest_load_kh100e"] == pytest.approx(load / 2)
        assert reported.loc[year, "reserve_kh100e"] == pytest.approx(load / 2)  # not load, if added
        assert reported.loc[year, "unserved_kh100e"] == 0.0
    takers = plan.tables["takeovers"][["site", "standby"]].drop_duplicates()
    assert sorted(map(tuple, takers.to_numpy())) == [("north", "coast"), ("south", "coast")]


def test_racks_that_stand_by_pay_for_idling_alone(plan: Plan) -> None:
    # IT power: 0.8 of nameplate when busy, 0.275 of that when idle; companions 0.7 of theirs
    idle = 0.8 * 0.275 + 0.05 * 0.7
    train = 0.8 * (0.275 + 0.725 * 0.85) + 0.05 * 0.7
    chat = 0.8 * (0.275 + 0.725 * 0.55 / 1.141) + 0.10 * 0.7
    bill = {
        year: HOURS
        / 1e6
        * 1.0042 ** (year - 2025)
        * (
            1.15 * (40 + 55) * train * SITE_MW[year]
            + 1.15 * 80 * idle * SITE_MW[year]
            + 1.17 * 80 * chat * CHAT_MW[year]
        )
        for year in (2027, 2028)
    }

    paid = item_npv(plan, "electricity_energy", "electricity_demand")

    assert paid == pytest.approx(npv(bill), rel=1e-6)


def test_it_costs_more_than_a_plan_that_may_lose_no_site(plan: Plan) -> None:
    assert plan.outcome.objective > plan_of("tiny").outcome.objective


def test_sites_of_one_flood_zone_do_not_stand_in_for_each_other(plan: Plan) -> None:
    barred = plan_of("tiny", SURVIVES, "failover.barred_groups={river: [south, coast]}")

    takers = barred.tables["takeovers"][["site", "standby"]].drop_duplicates()
    assert barred.verdict.ok
    assert not {("south", "coast"), ("coast", "south")} & set(map(tuple, takers.to_numpy()))
    assert barred.outcome.objective > plan.outcome.objective
