"""Emissions that cap and price count: by place, by market, of making, and of fuel by scheme."""

from __future__ import annotations

import numpy as np
import pytest
from small_world import Solved, Wish, assert_bites, at, inputs_of, only, part, solve

from planner.inputs import Inputs
from planner.model import Model

HEAT = ("heat", "west", "2027")
FINANCIAL = "contracts.ppa.heat={technology: geothermal, lead_months: 5, max_mw: 900}"
MARKET = "carbon.accounting=market"
SOURCES = "supply.allow=[engine, panel, cells]"
YEAR_H = 8760.0
ELM_T_PER_MWH = 0.371  # in 2027, the same in every hour


def signed(mw: float, *wishes: Wish) -> Wish:
    """Sign so many MW of hot wells in the west from 2027, none there before, and more."""

    def wish(m: Model):
        yield only(m.contracts.signed_mw, {HEAT: mw})
        for more in wishes:
            yield from more(m)

    return wish


def step_of_cap(inputs_at, cap_kt: float, step_kt: float) -> tuple[Solved, float]:
    """Return a plan under a cap in 2027, and what each kt more saves on the way to a looser one."""
    plan = solve(inputs_at(cap_kt))
    return plan, (plan.cost_musd - solve(inputs_at(cap_kt + step_kt)).cost_musd) / step_kt


def test_market_based_emissions_are_those_of_place_less_what_is_claimed():
    inputs = inputs_of(FINANCIAL, MARKET, "carbon.price_usd_per_t=90")
    plan = solve(inputs, signed(7.0, lambda m: [at(m.facility_mw, "elm", "2027", "d0h00") >= 9.0]))
    m = plan.model
    claimed_mwh = 7.0 * YEAR_H  # a ton costs something, so all that is delivered is claimed

    by_place = plan.sum(m.emissions_kt, year="2027")
    by_market = plan.sum(m.carbon.counted_kt, year="2027")
    assert claimed_mwh * ELM_T_PER_MWH / 1e3 <= by_place - by_market + 1e-9
    paid = sum(v for k, v in plan.payments("carbon_price").items() if k[1] == "2027")
    assert paid == pytest.approx(by_market * 90 / 1e3)


def test_contracts_do_not_count_by_place():
    inputs = inputs_of(FINANCIAL, "carbon.price_usd_per_t=90")
    plan = solve(inputs, signed(7.0))
    m = plan.model

    assert m.p.contracts.claim.size == 0
    assert plan.value(m.carbon.counted_kt) == pytest.approx(plan.value(m.emissions_kt))


def test_carbon_cap_bites_at_what_contracts_leave_of_the_draw():
    # By market Elm emits nothing where all it draws is claimed; Oak, with none on offer, remains.
    west = FINANCIAL.replace("}", ", zones: [west]}")
    inputs = inputs_of(west, MARKET, "carbon.cap_kt={2027: 100}")

    def emit(kt: float) -> Wish:
        def wish(m: Model):
            yield part(m.emissions_kt, year="2027") >= 103.0
            yield part(m.carbon.claimed_kt, year="2027") == 3.0
            yield part(m.emissions_kt, year="2027") == 100.0 + 3.0 + kt

        return wish

    assert_bites("carbon_cap", inputs, emit(0.0), emit(0.01))


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


def test_making_counts_in_the_year_of_service_over_the_years_it_stands_for():
    # A MW of liquid25 is 1000/134 racks of 33 t; the model year 2025 stands for 2025 and 2026.
    m = Model(inputs_of("carbon.embodied=true", "decisions_start=2024-03-01"))
    x = np.zeros(m.problem.stats().columns)
    racks = m.install.over
    for pool in (
        ("oak", "liquid25", "plate_dry|N", "training", "2025"),
        ("oak", "liquid25", "plate_dry|N", "training", "2027"),
    ):
        x[m.install.first_column + racks.position(*pool)] = 2.0
    hall = ("oak", "plate_dry|2N", "2027")
    x[m.build.first_column + m.build.over.position(*hall)] = 3.0

    kt = m.carbon.embodied_kt.value(x)
    of = {m.carbon.embodied_kt.over.tuples(i): float(value) for i, value in enumerate(kt)}
    racks_kt = 2.0 * 1000 / 134 * 33 / 1e3
    topology = m.p.tables["redundancy"].set_index("redundancy").loc["2N"]
    hall_t = (
        410 * topology["space_ratio"]
        + 170 * topology["installed_kw_per_kw"]
        + 130 * topology["mechanical_capex_ratio"]
        + 53 * topology["generator_kw_per_kw"]
    )
    assert of[("oak", "2025")] == pytest.approx(racks_kt / 2)
    assert of[("oak", "2027")] == pytest.approx(racks_kt + 3.0 * hall_t / 1e3)
    assert of[("elm", "2027")] == 0.0


def test_nothing_of_making_is_counted_unless_asked():
    m = Model(inputs_of(SOURCES))

    assert m.carbon.embodied_kt.column.size == 0
    assert m.carbon.claimed_kt.column.size == 0


def test_a_new_site_pays_the_scheme_of_the_state_that_it_is_given():
    """Like oak, of Virginia, which pays what the country does; Texas has a scheme of its own."""
    place = "name: Mine, country: US, lat: 31.4, lon: -97.2, like: oak"
    asked = ("carbon.fuel_schemes=true", "scope.sites=[oak, mine]")

    for state, price in (("", 7.0), (", state: TX", 17.0)):
        inputs = inputs_of(SOURCES, *asked, f"new_sites={{mine: {{{place}{state}}}}}")

        at = inputs.sites.site_year.position("mine", "2025")
        assert inputs.carbon.fuel_price_usd_per_t[at] == pytest.approx(price)


def test_fuel_pays_the_scheme_of_its_state_before_that_of_its_country():
    # Texas pays 17 USD/t in 2025 and 21 in 2027; Virginia what the country pays: 7 to 11 in 2029.
    inputs = inputs_of(SOURCES, "carbon.fuel_schemes=true")
    price = dict(
        zip(
            map(inputs.sites.site_year.tuples, range(inputs.sites.site_year.size)),
            inputs.carbon.fuel_price_usd_per_t,
            strict=True,
        )
    )
    assert price == pytest.approx(
        {("oak", "2025"): 7.0, ("oak", "2027"): 9.0, ("elm", "2025"): 17.0, ("elm", "2027"): 21.0}
    )

    def burn(m: Model):
        yield part(m.supply.output_mwh, site="elm", year="2027") == 10_000.0

    plan = solve(inputs, burn)
    assert plan.payments("carbon_schemes")[("elm", "2027")] == pytest.approx(10_000 * 0.47 * 21 / 1e6)
