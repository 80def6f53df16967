"""Costs: every line by hand for decisions that are given, and all of them as the objective."""

from __future__ import annotations

import math

import pytest
from small_world import Solved, inputs_of, only, solve

from planner.family.payments import discount
from planner.model import ALL_COSTS

RATE = 1.083 / 1.024 - 1  # real cost of capital: 8.3 % nominal over 2.4 % inflation
EVERYTHING = (
    "new_sites.fir={name: Fir, country: US, lat: 35.2, lon: -90.1, like: elm, zone: west}",
    "lease.allow=true",
    "levers.allow=all",
    "carbon.price_usd_per_t=23",
    "demand.unmet_usd_per_h100e_hour=3.5",
    "finance.asset_wacc_nominal_frac.rack=0.12",
)


def payment(overnight: float, life: float, rate: float = RATE) -> float:
    """Yearly payment at mid-year that repays a cost over its life."""
    crf = rate / (1 - (1 + rate) ** -life)
    return overnight * crf / math.sqrt(1 + rate)


@pytest.fixture(scope="module", params=["annuity", "truncated_salvage", "perpetuity"])
def everything(request) -> Solved:
    """A case with every kind of cost on offer, by each end of the horizon."""
    return solve(inputs_of(*EVERYTHING, f"finance.end_of_horizon={request.param}"))


# --- the list ---------------------------------------------------------------------------


def test_the_objective_is_the_list_of_costs_discounted(everything):
    factor = discount(everything.model)

    by_item = {}
    for item in ALL_COSTS:
        line = item.build(everything.model)
        by_item[item.name] = (everything.value(line) * factor[line.over["calendar"]]).sum()

    assert sum(by_item.values()) == pytest.approx(everything.cost_musd, rel=1e-9)
    assert len([musd for musd in by_item.values() if abs(musd) > 0.01]) > 10


def test_no_cost_is_negative_but_what_is_sold_or_financed_cheaper(everything):
    sold = {"financing_premium"}
    if everything.model.p.finance.end_of_horizon == "truncated_salvage":
        sold |= {item.name for item in ALL_COSTS if item.upfront}

    for item in ALL_COSTS:
        if item.name not in sold:
            assert min(everything.payments(item.name).values()) >= -1e-9, item.name


def test_unmet_demand_is_a_line_of_its_own(inputs):
    # No racks and no rent: all 45.2 and 192.9 kH100e of chat, 119.4 and 218.0 of training.
    solved = solve(inputs, lambda m: [only(m.used, {}), only(m.rented, {}), only(m.bought, {})])

    unmet = solved.payments("unmet_compute")

    asked = {"2025": 0.0, "2027": 0.0}
    for position, kh100e in enumerate(inputs.demand.demand_kh100e):
        asked[inputs.demand.demand.tuples(position)[2]] += kh100e
    musd_per_kh100e = 20 * 8760 * 1000 / 1e6
    assert unmet == pytest.approx(
        {
            ("2025",): musd_per_kh100e * asked["2025"],
            ("2026",): musd_per_kh100e * asked["2025"],
            ("2027",): musd_per_kh100e * asked["2027"],
        }
    )
    assert set(solved.payments("rented_compute").values()) == {0.0}


# --- what is bought ---------------------------------------------------------------------


# --- what is paid every year ------------------------------------------------------------


# --- cost of capital --------------------------------------------------------------------


def test_costlier_capital_for_racks_alone_is_a_premium_on_racks():
    settings = ("finance.asset_wacc_nominal_frac.rack=0.12", "finance.country_risk=false")
    rack = ("elm", "chip26", "plate_dry|N", "training", "2027")
    solved = solve(inputs_of(*settings), lambda m: [only(m.install, {rack: 9.5})])

    cost = 9.5 * 1.92 * 1.15 / 0.104 * 1.013 * (1 - 0.022) ** 2
    premium = payment(cost, 6, 1.12 / 1.024 - 1) - payment(cost, 6)
    assert solved.payments("financing_premium")["elm", "2027"] == pytest.approx(premium)


@pytest.mark.parametrize("rule", ["annuity", "truncated_salvage", "perpetuity"])
def test_costlier_capital_costs_more_under_every_end_of_the_horizon(rule):
    rule_and_risk = (f"finance.end_of_horizon={rule}", "finance.country_risk=false")
    plain = solve(inputs_of(*rule_and_risk))
    costlier = solve(inputs_of(*rule_and_risk, "finance.asset_wacc_nominal_frac.rack=0.14"))

    assert costlier.cost_musd > plain.cost_musd * (1 + 1e-6)


def test_costlier_capital_is_a_premium_on_what_is_bought_and_sold_at_book_value_too():
    settings = ("finance.asset_wacc_nominal_frac.rack=0.12", "finance.country_risk=false")
    rack = ("elm", "chip26", "plate_dry|N", "training", "2027")
    solved = solve(
        inputs_of(*settings, "finance.end_of_horizon=truncated_salvage"), lambda m: [only(m.install, {rack: 9.5})]
    )

    # Bought on 1 January, sold on 31 December after one of six years, both moved to mid-year.
    cost = 9.5 * 1.92 * 1.15 / 0.104 * 1.013 * (1 - 0.022) ** 2
    spent = cost * (math.sqrt(1 + RATE) - 5 / 6 / math.sqrt(1 + RATE))
    costlier = payment(1.0, 6, 1.12 / 1.024 - 1) / payment(1.0, 6) - 1
    assert solved.payments("rack_purchase")["elm", "2027"] == pytest.approx(spent)
    assert solved.payments("financing_premium")["elm", "2027"] == pytest.approx(spent * costlier)
