"""Tariffs: what a bill is never below, what a contract binds, and bills worked out by hand."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from small_world import Wish, assert_bites, at, inputs_of, long_inputs_of, solve

from planner.inputs import Inputs
from planner.model import Model
from planner.tariffs import bill_metered

MARGIN = 0.001  # MW
LARGE = (
    "{energy: [{usd_per_mwh: [44, 47], tier_limits_mwh: [9000]}],"
    " demand: [{usd_per_kw_month: 7.5, min_take_frac: 0.85,"
    " ratchet: {share_frac: 0.65, look_back_months: 11}}],"
    " terms: {term_years: 6, exit_fee_months: 14, reduction_frac: 0.2}}"
)


def with_tariff(tariff: str, use: str = "sites: [elm]") -> tuple[str, str]:
    return f"energy.own_tariffs={{own: {tariff}}}", f"energy.tariffs=[{{tariff: own, {use}}}]"


def billed(tariff: str, *settings: str, use: str = "sites: [elm]") -> Inputs:
    """Inputs of the made-up world with a tariff."""
    return inputs_of(*with_tariff(tariff, use), *settings)


@pytest.fixture(scope="module")
def large() -> Inputs:
    return billed(LARGE, use="sites: [elm], ramp_frac: [0.55]")


def drawn(mw: float, year: str = "2027", slot: str = "d2h12") -> Wish:
    return lambda m: [at(m.grid_mw, "elm", year, slot) >= mw]


def peak(m: Model, month: str):
    return at(m.tariffs.program.metered_mw, "elm", f"demand {month}")


def billing_demand(m: Model, month: str):
    return at(m.tariffs.program.billed_mw, "elm", f"demand {month}")


def signed(m: Model, mw: float):
    return at(m.tariffs.signed_mw, "elm", "2025") == mw


def test_a_scenario_without_a_tariff_builds_not_one_row_or_column_for_it():
    plain = Model(inputs_of())
    terms, program = plain.tariffs, plain.tariffs.program
    columns = (
        program.metered_mw,
        program.billed_mw,
        program.tier_units,
        terms.signed_mw,
        terms.released_mw,
        terms.fee_mw,
    )

    assert [column.over.size for column in columns] == [0] * 6
    assert terms.usd.over.size == 0


def test_tariff_peak_bites_at_the_highest_draw_of_its_months(large):
    def wish(mw: float) -> Wish:
        return lambda m: [*drawn(50.0)(m), peak(m, "2027-06") <= mw]

    # June to August are told by one day, July by the peak day as well.
    assert_bites("tariff_peak", large, wish(50.0), wish(50.0 - MARGIN))


def test_tariff_billing_bites_at_a_share_of_a_peak_of_the_year_before(large):
    def wish(mw: float) -> Wish:
        def asked(m: Model):
            # Of July 2026, which 2025 stands for; January 2027 looks back on it.
            yield at(m.grid_mw, "elm", "2025", "d4h12") >= 55.0
            yield peak(m, "2027-01") <= 5.0
            yield billing_demand(m, "2027-01") <= mw

        return asked

    assert_bites("tariff_billing", large, wish(0.65 * 55), wish(0.65 * 55 - MARGIN))


def test_tariff_take_bites_at_the_share_of_capacity_that_the_ramp_has_in_force(large):
    def wish(month: str, mw: float) -> Wish:
        return lambda m: [signed(m, 70.0), billing_demand(m, month) <= mw]

    in_2025, in_2026 = 0.85 * 0.55 * 70, 0.85 * 70
    assert_bites("tariff_take", large, wish("2025-03", in_2025), wish("2025-03", in_2025 - MARGIN))
    assert_bites("tariff_take", large, wish("2026-03", in_2026), wish("2026-03", in_2026 - MARGIN))


def test_tariff_tiers_bites_at_the_energy_beyond_the_first_tier(large):
    def wish(gwh: float) -> Wish:
        def asked(m: Model):
            for slot in ("d0h00", "d0h06", "d0h12", "d0h18"):
                yield from drawn(50.0, slot=slot)(m)
            yield at(m.tariffs.program.tier_units, "elm", "energy 2027-02 all hours", "2") <= gwh

        return asked

    beyond = 50 * 24 * 28 / 1000 - 9.0
    assert_bites("tariff_tiers", large, wish(beyond), wish(beyond - MARGIN))


def test_tariff_contract_bites_at_the_capacity_signed_and_kept(large):
    def wish(mw: float) -> Wish:
        def asked(m: Model):
            yield from drawn(50.0)(m)
            yield signed(m, 62.0)
            yield at(m.tariffs.signed_mw, "elm", "2027") == 7.0
            yield at(m.tariffs.released_mw, "elm", "2025", "2027") == 62.0 + 7.0 - mw

        return asked

    assert_bites("tariff_contract", large, wish(50.0), wish(50.0 - MARGIN))


def test_tariff_release_bites_at_what_was_signed(large):
    def wish(mw: float) -> Wish:
        return lambda m: [
            signed(m, 62.0),
            at(m.tariffs.signed_mw, "elm", "2027") >= 70.0,
            at(m.tariffs.released_mw, "elm", "2025", "2027") == mw,
        ]

    assert_bites("tariff_release", large, wish(62.0), wish(62.0 + MARGIN))


def test_tariff_exit_bites_at_what_is_given_up_beyond_the_free_share(large):
    def wish(mw: float) -> Wish:
        def asked(m: Model):
            yield signed(m, 62.0)
            yield at(m.tariffs.released_mw, "elm", "2025", "2027") == 33.0
            yield at(m.tariffs.fee_mw, "elm", "2025", "2027") <= mw

        return asked

    due = 33.0 - 0.2 * 62.0
    assert_bites("tariff_exit", large, wish(due), wish(due - MARGIN))


def test_tariff_fee_bites_where_it_is_paid_before_capacity_is_given_up(large):
    def wish(mw: float) -> Wish:
        return lambda m: [
            signed(m, 62.0),
            at(m.tariffs.released_mw, "elm", "2025", "2027") == 33.0,
            at(m.tariffs.fee_mw, "elm", "2025", "2027") >= mw,
        ]

    assert_bites("tariff_fee", large, wish(33.0), wish(33.0 + MARGIN))


# --- bills by hand ----------------------------------------------------------------------


# --- laws -------------------------------------------------------------------------------

PARTS = (
    "energy: [{usd_per_mwh: [41, 48, 55], tier_limits_mwh: [7000, 21000]}]",
    "demand: [{usd_per_kw_month: [4, 9], tier_limits_kw: [12000], ratchet: {share_frac: 0.8}}]",
    "demand: [{usd_per_kw_month: 11, min_take_frac: 0.75, weekdays: workdays, from_hour: 7,"
    " to_hour: 22, ratchet: {share_frac: 0.9, look_back_months: 3, months: [6, 7, 8, 9]}}]",
    "coincident_peak: [{usd_per_kw: 60, hours: [14, 17, 20]}], capacity: [{usd_per_mw_day: 330,"
    " hours: [15, 16]}], time_zone: America/Chicago",
)


@pytest.mark.parametrize("make", [inputs_of, partial(long_inputs_of, last_year=2028)])
@pytest.mark.parametrize("rules", [*PARTS, f"{PARTS[0]}, {PARTS[2]}, {PARTS[3]}"])
def test_what_the_program_charges_is_the_exact_bill_of_the_load_it_chose(rules, make):
    tariff = with_tariff(f"{{{rules}}}", "sites: all, ramp_frac: [0.5, 0.75]")
    inputs = make(*tariff, "supply.allow=[cells, panel]")
    solved = solve(inputs)
    terms, p = solved.model.tariffs, inputs.tariffs

    customer_usd = solved.value(terms.usd.sum_to(p.bills.customer))
    load_mw = np.zeros((p.bills.customer.size, len(p.bills.load.axes[-1])))
    load_mw[p.bills.customer.find(p.bills.load), p.bills.load["step"]] = solved.value(terms.load_mw)
    contracted = solved.value(terms.contracted_mw)
    for account in p.accounts:
        for customer in account.customers:
            site = p.bills.customer["site"][customer]
            of_year = contracted[p.bills.contracted["site"] == site]
            by_month = np.repeat(of_year, 12) if of_year.size else 0.0
            metered = account.reading.metered(load_mw[customer], by_month)
            exact = bill_metered(metered, account.tariff).total_usd
            assert exact > 1e6
            assert customer_usd[customer] == pytest.approx(exact, rel=1e-6)


def test_one_more_demand_charge_never_lowers_the_cost():
    energy = "energy: [{usd_per_mwh: 41}]"
    costs = [
        solve(billed(f"{{{energy}, demand: [{demand}]}}", "supply.allow=[cells]")).cost_musd
        for demand in (
            "",
            "{usd_per_kw_month: 6}",
            "{usd_per_kw_month: 6, ratchet: {share_frac: 0.9}}",
            "{usd_per_kw_month: 6, ratchet: {share_frac: 0.9}, min_take_frac: 0.95}",
            "{usd_per_kw_month: 6, ratchet: {share_frac: 0.9}, min_take_frac: 0.95},"
            " {name: dusk, usd_per_kw_month: 4, from_hour: 16, to_hour: 21}",
        )
    ]

    assert costs == sorted(costs)
    assert costs[-1] > costs[0] * (1 + 1e-6)
