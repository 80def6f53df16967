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
