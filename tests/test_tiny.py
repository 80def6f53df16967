"""The shipped tiny scenario against arithmetic that can be followed with a pocket calculator."""

from __future__ import annotations

import math

import pytest
from plans import plan_of

from planner.runs.plan import Plan

RATE = 1.085 / 1.025 - 1  # real cost of capital: 8.5 % nominal over 2.5 % inflation
HOURS = 8760

# MW of racks, from the demand and the figures in the comment of scenarios/tiny.yaml
TRAIN_PER_MW = 182.002 / 132 * 0.85
CHAT_PER_MW = 299.68 / 132 * 0.55 / 1.141
TRAIN_MW = {2027: 30 / TRAIN_PER_MW, 2028: 45 / TRAIN_PER_MW}
CHAT_MW = {2027: 8 / CHAT_PER_MW, 2028: 12 / CHAT_PER_MW}
NORTH_MW = {2027: TRAIN_MW[2027], 2028: 30 / 0.95}
SOUTH_MW = {2028: TRAIN_MW[2028] - NORTH_MW[2028]}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of("tiny")


def payment(overnight: float, life: int) -> float:
    """Yearly payment at mid-year that repays a cost over its life."""
    crf = RATE / (1 - (1 + RATE) ** -life)
    return overnight * crf / math.sqrt(1 + RATE)


def npv(by_year: dict[int, float]) -> float:
    return sum(musd * (1 + RATE) ** -(year - 2027 + 0.5) for year, musd in by_year.items())


def item_npv(plan: Plan, item: str) -> float:
    costs = plan.costs
    return float(costs.loc[costs["item"] == item, "npv_musd"].sum())


def test_training_fills_the_cheapest_land_and_chat_stays_near_its_users(plan: Plan) -> None:
    used = plan.tables["plan"].set_index(["site", "workload", "year"])["used_mw"].to_dict()

    expected = {
        ("north", "train_frontier", 2027): NORTH_MW[2027],
        ("north", "train_frontier", 2028): NORTH_MW[2028],
        ("south", "train_frontier", 2028): SOUTH_MW[2028],
        ("coast", "chat_interactive", 2027): CHAT_MW[2027],
        ("coast", "chat_interactive", 2028): CHAT_MW[2028],
    }
    assert used == pytest.approx(expected, rel=1e-6)


def test_racks_are_repaid_over_five_years_of_which_two_are_in_the_plan(plan: Plan) -> None:
    # 3.0 MUSD a rack, 13 % fabric, 1 % sales tax, 2.439 % cheaper every year, 0.132 MW
    capex = {year: 3.0 * 1.13 * 1.01 * 0.97561 ** (year - 2025) / 0.132 for year in (2027, 2028)}
    bought = {
        2027: TRAIN_MW[2027] + CHAT_MW[2027],
        2028: TRAIN_MW[2028] + CHAT_MW[2028] - TRAIN_MW[2027] - CHAT_MW[2027],
    }

    first = payment(capex[2027] * bought[2027], 5)
    second = payment(capex[2028] * bought[2028], 5)

    expected = npv({2027: first, 2028: first + second})
    assert item_npv(plan, "rack_purchase") == pytest.approx(expected, rel=1e-6)


def test_a_flat_load_pays_the_retail_price(plan: Plan) -> None:
    # IT power: 0.8 of nameplate when busy, 0.275 of that when idle; companions 0.7 of theirs
    train = 0.8 * (0.275 + 0.725 * 0.85) + 0.05 * 0.7
    chat = 0.8 * (0.275 + 0.725 * 0.55 / 1.141) + 0.10 * 0.7
    price = {  # USD/MWh, growing by 0.42 % a year since 2025
        (site, year): usd * 1.0042 ** (year - 2025)
        for site, usd in (("north", 40), ("south", 55), ("coast", 80))
        for year in (2027, 2028)
    }

    bill = {
        year: HOURS
        / 1e6
        * (
            price["north", year] * 1.15 * train * NORTH_MW[year]
            + price["south", year] * 1.15 * train * SOUTH_MW.get(year, 0.0)
            + price["coast", year] * 1.17 * chat * CHAT_MW[year]
        )
        for year in (2027, 2028)
    }

    paid = item_npv(plan, "electricity_energy") + item_npv(plan, "electricity_demand")
    assert paid == pytest.approx(npv(bill), rel=1e-6)


def test_the_objective_is_the_cost_table_and_the_checker_agrees(plan: Plan) -> None:
    assert plan.outcome.status == "optimal"
    assert plan.outcome.objective == pytest.approx(plan.costs["npv_musd"].sum(), rel=1e-9)
    assert plan.verdict.ok, plan.verdict


def test_non_firm_connection_serves_where_halls_have_a_lead_of_their_own() -> None:
    alone = (
        "scope.sites=[south]",
        "new_sites.south.grid_firm_mw={2027: 0}",
        "grid.non_firm={allow: true, lead_months: 10}",
        "supply.standby.allow=true",  # runs while the grid takes the connection back
    )
    own = ("new_sites.south.hall_lead_months=8", "new_sites.south.connection_lead_months=28")

    alike = plan_of("tiny", *alone, "new_sites.south.lead_time_months=28")
    apart = plan_of("tiny", *alone, *own)

    # From January 2026 on 28 months last to April 2028, 10 to November 2026.
    assert alike.tables["summary"].set_index("year")["served_kh100e"][2027] == pytest.approx(0.0)
    assert apart.tables["summary"].set_index("year")["served_kh100e"][2027] == pytest.approx(30.0)
    assert apart.verdict.ok, apart.verdict.broken
    lead = apart.tables["leads"].iloc[0]
    assert (lead["months"], lead["by"]) == (10.0, "non-firm connection")
    assert lead["connection_months"] == 28.0
    assert any("Non-firm connection brings nothing forward" in note for note in alike.inputs.notes)


@pytest.mark.parametrize("has_regions", [False, True])
def test_users_whom_every_site_may_serve_are_gathered_next_to_others(has_regions: bool) -> None:
    # Within 50 ms are all three sites for Chicago and Washington; South is too far from New York.
    near = 19.5 / (19.5 + 9.3 + 6.3)  # New York's share of the people of the three
    york = {2027: 3, 2028: 4} if has_regions else {2027: 8 * near, 2028: 12 * near}
    others = {2027: 5, 2028: 6} if has_regions else {2027: 8 * (1 - near), 2028: 12 * (1 - near)}
    stated = ["by_year: {2027: 8, 2028: 12}"]
    if has_regions:
        stated = [
            "demand_region: us-chicago, by_year: {2027: 5, 2028: 6}",
            "demand_region: us-new-york-city, by_year: {2027: 3, 2028: 4}",
        ]
    chat = ", ".join(f"{{workload: chat_interactive, unit: kh100e, {one}}}" for one in stated)

    served = plan_of(
        "tiny",
        "scope.demand_regions=[us-chicago,us-washington,us-new-york-city]",
        "workloads.chat_interactive.rtt_bound_ms=50",
        f"demand.explicit=[{chat}]",
    )
    demand = served.tables["demand"].set_index(["region", "year"])["demand_kh100e"].to_dict()

    expected = {
        (region, year): kh100e
        for region, own in (("us-new-york-city", york), ("(anywhere)", others))
        for year, kh100e in own.items()
    }
    assert demand == pytest.approx(expected)
    assert served.verdict.ok, served.verdict.broken
