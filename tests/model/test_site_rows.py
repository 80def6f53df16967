"""Sites: land, opening, least size, pace of building, budget."""

from __future__ import annotations

import pytest
from small_world import Wish, assert_bites, at, inputs_of, long_inputs_of, only, part, solve

from planner.model.money import capex_musd

RACKS_MW = 1250 * 0.2 / 1.16  # 1.25 GW of facilities, a fifth of them ours, 1.16 MW per MW
ELM_HALLS_MW = RACKS_MW * 290 / (290 + 830) * (0.9 + 0.06)  # for its training racks
FIR = "new_sites.fir={name: Fir, country: US, lat: 35.2, lon: -90.1, like: elm, zone: west}"
MARGIN = 0.01  # MW


@pytest.fixture(scope="module")
def with_fir():
    """The same world and a site where nothing stands yet."""
    return inputs_of(FIR)


def build_at(site: str, mw: float) -> Wish:
    return lambda m: [part(m.build, site=site, year="2027") >= mw]


def test_land_limit_bites_at_the_land_of_a_standing_site():
    inputs = inputs_of("sites.elm.land_limit_mw=130")
    room_mw = 130 - ELM_HALLS_MW

    def build(mw: float) -> Wish:
        return lambda m: [only(m.retrofit, {}), *build_at("elm", mw)(m)]

    assert_bites("land_limit", inputs, build(room_mw - MARGIN), build(room_mw + MARGIN))


def test_land_limit_bites_at_the_share_of_a_new_site_that_is_open(with_fir):
    # 1,040 MW of land, a fifth of 5,200, of which a twentieth is open
    def build(mw: float) -> Wish:
        return lambda m: [at(m.open, "fir", "2027") == 0.05, *build_at("fir", mw)(m)]

    assert_bites("land_limit", with_fir, build(1040 / 20 - MARGIN), build(1040 / 20 + MARGIN))


def test_a_retrofit_leaves_a_site_with_the_power_it_keeps(inputs):
    # 20 MW turned to liquid cooling keep 0.94 of their power.
    work = ("elm", "air_dry|N", "plate_dry|N", "2025")

    solved = solve(inputs, lambda m: [only(m.build, {}), only(m.retrofit, {work: 20.0})])

    halls_mw = solved.at(solved.model.halls.stands_mw, "elm", "2027")
    assert halls_mw == pytest.approx(ELM_HALLS_MW - 20.0 * 0.06)


def test_minimum_size_bites_at_the_least_campus_that_is_open(with_fir):
    def open_with(mw: float) -> Wish:
        return lambda m: [at(m.open, "fir", "2027") == 0.7, part(m.build, site="fir", year="2027") <= mw]

    least_mw = 0.7 * 90  # a campus is at least 90 MW
    assert_bites("minimum_size", with_fir, open_with(least_mw + MARGIN), open_with(least_mw - MARGIN))


def test_opening_bites_where_a_site_would_be_open_that_was_never_opened(with_fir):
    def opened(share: float) -> Wish:
        return lambda m: [at(m.open, "fir", "2027") == 0.6, at(m.opened, "fir", "2027") <= share]

    assert_bites("opening", with_fir, opened(0.6), opened(0.59))


def test_opening_bites_at_the_growth_of_what_is_open():
    inputs = long_inputs_of(FIR)

    def opened(share: float) -> Wish:
        return lambda m: [
            at(m.open, "fir", "2028") == 0.25,
            at(m.open, "fir", "2029") == 0.65,
            at(m.opened, "fir", "2029") <= share,
        ]

    assert_bites("opening", inputs, opened(0.4), opened(0.39))


def test_stays_open_bites_at_what_was_open_the_year_before():
    inputs = long_inputs_of(FIR)

    def closing_to(share: float) -> Wish:
        return lambda m: [at(m.open, "fir", "2028") == 0.45, at(m.open, "fir", "2029") <= share]

    assert_bites("stays_open", inputs, closing_to(0.45), closing_to(0.44))


@pytest.mark.parametrize(
    ("site", "rate_mw"),
    [
        # a fifth of the table's MW a year, over the two years since the last model year
        ("oak", 310 * 0.2 * 2),
        ("elm", 640 * 0.2 * 2),
    ],
)
def test_build_rate_bites_at_the_pace_of_a_site(inputs, site, rate_mw):
    assert_bites("build_rate", inputs, build_at(site, rate_mw - MARGIN), build_at(site, rate_mw + MARGIN))


def test_market_build_rate_bites_at_the_pace_of_all_its_sites():
    # Fir is in the market of Elm: 70 MW a year between them, over two years.
    inputs = inputs_of(FIR, "build.market_rate_mw_per_year={elm-market: 70}")

    def build(mw: float) -> Wish:
        return lambda m: [*build_at("elm", 50.0)(m), *build_at("fir", mw - 50.0)(m)]

    assert_bites("market_build_rate", inputs, build(140 - MARGIN), build(140 + MARGIN))


def test_capex_budget_bites_at_what_enters_service_in_a_year():
    inputs = inputs_of("build.capex_budget_musd={2027: 450}")
    rack = ("elm", "chip26", "plate_dry|N", "training", "2027")
    hall, work = ("elm", "plate_dry|N", "2027"), ("elm", "air_dry|N", "plate_dry|N", "2027")
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
    hall, halls = ("elm", "plate_dry|N", "2027"), inputs.halls
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
