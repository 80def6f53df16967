"""Sites: land, opening, least size, pace of building, budget."""

from __future__ import annotations

import pytest
from small_world import Wish, assert_bites, inputs_of, only, solve

from planner.model.money import capex_musd

FIR = "new_sites.fir={name: Fir, country: US, lat: 35.2, lon: -90.1, like: elm, zone: west}"


@pytest.fixture(scope="module")
def with_fir():
    """The same world and a site where nothing stands yet."""
    return inputs_of(FIR)


def test_capex_budget_bites_at_what_enters_service_in_a_year():
    inputs = inputs_of("build.capex_budget_musd={2027: 450}")
    rack = ("elm", "chip26", "plate_dry|N", "training", "2027")
    hall, work = ("elm", "plate_dry|N", "2027", "ordered"), ("elm", "air_dry|N", "plate_dry|N", "2027")
    # 1.92 MUSD a rack of 104 kW, 15 % network, 1.3 % sales tax, 2.2 % cheaper a year
    per_rack_mw = 1.92 * 1.15 / 0.104 * 1.013 * (1 - 0.022) ** 2
    halls = inputs.halls
    others = (
        12.0 * halls.build_capex_musd_per_mw[halls.build.position(*hall)]
        + 6.0 * halls.retrofit_capex_musd_per_mw[halls.retrofit.position(*work)]
        + 9.0 * (152_000 + 645_000) / 1e6  # substation and network of new connection
    )
    two_years = 450.0 * 2

    def spend(musd: float) -> Wish:
        return lambda m: [
            only(m.build, {hall: 12.0}),
            only(m.retrofit, {work: 6.0}),
            only(m.expand, {("elm", "2027"): 9.0}),
            only(m.install, {rack: (musd - others) / per_rack_mw}),
        ]

    assert_bites("capex_budget", inputs, spend(two_years - 0.1), spend(two_years + 0.1))


def test_cash_budget_bites_at_what_is_paid_in_its_years():
    inputs = inputs_of("build.cash_budget_musd={2027: 450}")
    hall, halls = ("elm", "plate_dry|N", "2027", "ordered"), inputs.halls
    at = halls.build.position(*hall)
    # Paid over the 21 months to February 2027: 13 of them are in 2026 and 2027.
    assert halls.build_start[at] == pytest.approx(2027 + 1 / 12)
    assert inputs.finance.spend_months == 21.0
    in_its_years = 13 / 21 * halls.build_capex_musd_per_mw[at]
    of_racks = 1.92 * 1.15 / 0.104 * 1.013 * (1 - 0.022) ** 2 * 20.0  # when they serve
    rack = ("elm", "chip26", "plate_dry|N", "training", "2027")

    def spend(musd: float) -> Wish:
        return lambda m: [
            only(m.build, {hall: (musd - of_racks) / in_its_years}),
            only(m.retrofit, {}),
            only(m.expand, {}),
            only(m.install, {rack: 20.0}),
        ]

    assert_bites("cash_budget", inputs, spend(2 * 450.0 - 0.1), spend(2 * 450.0 + 0.1))


def test_an_opening_counts_towards_the_budget(with_fir):
    solved = solve(
        with_fir,
        lambda m: [
            only(m.build, {}),
            only(m.install, {}),
            only(m.retrofit, {}),
            only(m.expand, {}),
            only(m.opened, {("fir", "2027"): 0.4}),
        ],
    )

    assert solved.value(capex_musd(solved.model)).sum() == pytest.approx(0.4 * 29.0)
