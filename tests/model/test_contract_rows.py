"""Power under contract: what is in force, delivered, taken and claimed; what must be clean."""

from __future__ import annotations

import numpy as np
import pytest
from small_world import Wish, assert_bites, at, inputs_of, only, part, solve

from planner.inputs import Inputs
from planner.lp import Expression
from planner.model import Model

MARGIN = 0.001  # MW
SLOT_OF = ("2027", "d2h18")
HEAT = ("heat", "west", "2027")
PHYSICAL = "contracts.ppa.heat={technology: geothermal, kind: physical, lead_months: 5, max_mw: 900}"
FINANCIAL = "contracts.ppa.heat={technology: geothermal, lead_months: 5, max_mw: 900}"
BY_ZONE = "contracts.area=zone"
TARGET = "contracts.matching.target_frac={2027: 0.6}"
FLAT_PRICE = "energy.use_flat_price=true"
HOURLY = "contracts.matching.mode=hourly"
WEST_CLEAN_2027 = 0.37  # in every hour: Elm's grid has no hourly shape
YEAR_H = 8760.0


def signed(mw: float, *wishes: Wish) -> Wish:
    """Sign so many MW of hot wells in the west from 2027, none there before, and more."""

    def wish(m: Model):
        yield at(m.contracts.signed_mw, *HEAT) == mw
        yield at(m.contracts.signed_mw, "heat", "west", "2025") == 0.0
        yield part(mean(m, m.facility_mw), site="elm", year="2027") >= 50.0
        for more in wishes:
            yield from more(m)

    return wish


def mean(m: Model, power_mw: Expression) -> Expression:
    """Power of a slot in proportion to its hours: a year of it adds up to its mean."""
    return (m.p.days.weight_h[power_mw.over["slot"]] / YEAR_H) * power_mw


def take(mw: float) -> Wish:
    return lambda m: [at(m.contracts.take_mw, "elm", *SLOT_OF) == mw]


def claim(mw: float) -> Wish:
    return lambda m: [at(m.contracts.claim_mw, "elm", *SLOT_OF) == mw]


@pytest.fixture(scope="module")
def physical() -> Inputs:
    return inputs_of(PHYSICAL)


@pytest.fixture(scope="module")
def hourly() -> Inputs:
    return inputs_of(FINANCIAL, BY_ZONE, TARGET, HOURLY)


def test_nothing_on_offer_and_no_target_build_not_one_row_or_column():
    plain = Model(inputs_of())
    decisions = ("signed_mw", "contract_mw", "take_mw", "claim_mw")

    assert [getattr(plain.contracts, name).over.size for name in decisions] == [0, 0, 0, 0]
    assert plain.p.balance.slot.size == 0


def test_contract_in_force_bites_after_the_term():
    # Decided on 1 March 2025 it delivers from August for a year: half of 2025 and 2026 together.
    inputs = inputs_of("contracts.ppa.heat={technology: geothermal, lead_months: 5, term_years: 1}")
    first = ("heat", "west", "2025")

    def in_force(mw: float, year: str) -> Wish:
        return lambda m: [
            only(m.contracts.signed_mw, {first: 26.0}),
            at(m.contracts.contract_mw, "heat", "west", year) == mw,
        ]

    assert_bites("contract_in_force", inputs, in_force(13.0, "2025"), in_force(13.1, "2025"))
    assert_bites("contract_in_force", inputs, in_force(0.0, "2027"), in_force(0.1, "2027"))


def test_contract_in_force_bites_at_what_is_signed_already():
    # In force to the end of 2025, half of the model year 2025, which represents 2026 too.
    inputs = inputs_of(
        "contracts.existing.heat={technology: geothermal, zone: west, mw: 26, first_year: 2019,"
        " last_year: 2025, price_usd_per_mwh: 52}"
    )

    def in_force(mw: float) -> Wish:
        return lambda m: [at(m.contracts.contract_mw, "heat", "west", "2025") == mw]

    assert_bites("contract_in_force", inputs, in_force(13.0), in_force(13.1))
    assert inputs.contracts.force.labels("year").tolist() == ["2025"]


def test_contract_limit_bites_at_what_is_on_offer(physical):
    def in_force(mw: float) -> Wish:
        return lambda m: [at(m.contracts.contract_mw, *HEAT) == mw]

    assert_bites("contract_limit", physical, in_force(900.0), in_force(900.0 + MARGIN))


def test_contract_delivery_bites_at_what_the_zone_gets(physical):
    assert_bites("contract_delivery", physical, signed(7.0, take(7.0)), signed(7.0, take(7.0 + MARGIN)))


def test_contract_use_bites_at_what_a_site_draws(physical):
    def beyond_draw(mw: float) -> Wish:
        def wish(m: Model):
            drawn = at(m.import_mw, "elm", *SLOT_OF)
            yield at(m.contracts.take_mw, "elm", *SLOT_OF) == drawn + mw

        return signed(870.0, wish)

    assert_bites("contract_use", physical, beyond_draw(0.0), beyond_draw(MARGIN))


def test_claim_within_draw_bites_at_what_a_site_draws(hourly):
    def beyond_draw(mw: float) -> Wish:
        def wish(m: Model):
            drawn = at(m.import_mw, "elm", *SLOT_OF)
            yield at(m.contracts.claim_mw, "elm", *SLOT_OF) == drawn + mw

        return signed(870.0, wish)

    assert_bites("claim_within_draw", hourly, beyond_draw(0.0), beyond_draw(MARGIN))


def test_hourly_claims_bites_at_what_is_delivered_in_the_slot():
    inputs = inputs_of(FINANCIAL, BY_ZONE, "contracts.matching.target_frac={2027: 0.2}", HOURLY)

    assert_bites("hourly_claims", inputs, signed(7.0, claim(7.0)), signed(7.0, claim(7.0 + MARGIN)))


def test_annual_claims_bites_at_what_is_delivered_in_the_year():
    inputs = inputs_of(FINANCIAL, BY_ZONE, "contracts.matching.target_frac={2027: 0.2}")

    def claimed(mw: float) -> Wish:
        def wish(m: Model):
            yield part(mean(m, m.contracts.claim_mw), site="elm", year="2027") == mw
            yield at(m.contracts.claim_mw, "elm", *SLOT_OF) == 0.0  # what is not claimed here ...

        return signed(7.0, wish)

    assert_bites("annual_claims", inputs, claimed(7.0), claimed(7.0 + MARGIN))


def test_clean_target_bites_at_what_the_grid_leaves_to_contracts(hourly):
    # c + 0.37 (u - c) = 0.6 u where 0.23 / 0.63 of the use is claimed.
    least = (0.6 - WEST_CLEAN_2027) / (1.0 - WEST_CLEAN_2027)

    def claimed(share: float) -> Wish:
        def wish(m: Model):
            used = part(mean(m, m.facility_mw), site="elm", year="2027")
            yield part(mean(m, m.contracts.claim_mw), site="elm", year="2027") == share * used

        return signed(870.0, wish)

    assert_bites("clean_target", hourly, claimed(least + 1e-6), claimed(least - 1e-4))


def test_a_physical_agreement_spares_the_wholesale_price_and_not_what_is_added_to_it():
    plan = solve(inputs_of(PHYSICAL, FLAT_PRICE), signed(10.0))
    # Elm draws more than 10 MW in every slot and takes all.
    market = 29.0 * 1.005**2

    assert plan.payments("contract_power_taken")[("elm", "2027")] == pytest.approx(-10.0 * YEAR_H * market / 1e6)
    assert set(plan.payments("contract_market_value").values()) == {0.0}
    drawn, price = plan.value(plan.model.grid_mwh), plan.model.p.grid.energy_usd_per_mwh
    here = plan.model.grid_mw.over["site"] == 1
    here &= plan.model.grid_mw.over["year"] == 1
    assert plan.payments("electricity_energy")[("elm", "2027")] == pytest.approx(
        float((drawn * price)[here].sum()) / 1e6
    )


@pytest.mark.parametrize(("bundle", "spared_frac"), [("bundled", 0.0), ("delivery", 1.0)])
def test_a_physical_agreement_spares_no_wholesale_price_that_a_tariff_has_replaced(bundle, spared_frac):
    tariff = f"{{energy: [{{usd_per_mwh: 41}}], bundle: {bundle}}}"
    own = f"energy.own_tariffs={{own: {tariff}}}"
    used = "energy.tariffs=[{tariff: own, sites: [elm]}]"

    plan = solve(inputs_of(PHYSICAL, FLAT_PRICE, own, used), signed(10.0))

    taken = plan.payments("contract_power_taken").get(("elm", "2027"), 0.0)
    assert taken == pytest.approx(-spared_frac * 10.0 * YEAR_H * 29.0 * 1.005**2 / 1e6)


SUN = "contracts.ppa.sun={technology: solar, lead_months: 3}"
WIND = "contracts.ppa.breeze={technology: wind, lead_months: 3, zones: [west]}"


@pytest.mark.parametrize("target", [0.5, 0.62, 0.81])
def test_clean_power_by_the_hour_costs_at_least_what_it_costs_by_the_year(target):
    offers = (SUN, WIND, FINANCIAL, f"contracts.matching.target_frac={{2027: {target}}}")
    none = solve(inputs_of(*offers[:3])).cost_musd
    annual = solve(inputs_of(*offers)).cost_musd
    by_hour = solve(inputs_of(*offers, HOURLY)).cost_musd

    assert none <= annual * (1 + 1e-9)
    assert annual <= by_hour * (1 + 1e-9)
    if target > 0.7:
        assert none < annual < by_hour


def test_more_on_offer_never_costs_more():
    target = ("contracts.matching.target_frac={2027: 0.62}", HOURLY)
    few = solve(inputs_of(FINANCIAL, *target)).cost_musd
    more = solve(inputs_of(FINANCIAL, SUN, *target)).cost_musd

    assert more < few


def test_the_price_of_a_clean_mwh_is_the_slope_of_cost(hourly):
    # 0.001 MW of mean clean power more than the target, at the price of the target.
    plan = solve(hourly)
    over = plan.model.problem.rows_over("clean_target")
    row = over.position("west", "2027")

    def step(mw: float) -> float:
        def wish(m: Model):
            p = m.p.contracts
            clean = m.contracts.by_pool(mean(m, m.contracts.clean_mw), p.target)
            used = m.contracts.by_pool(mean(m, m.contracts.use_mw), p.target)
            more = np.zeros(p.target.size)
            more[row] = mw
            yield clean - p.target_frac * used >= more

        return solve(hourly, wish).cost_musd

    slope = (step(0.02) - step(0.0)) / 0.02
    assert plan.dual("clean_target")[row] > 0.0
    assert slope == pytest.approx(plan.dual("clean_target")[row], rel=1e-4)
