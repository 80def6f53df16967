"""Each rule against its closed form, worked out in the open."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from planner.base.errors import InputError
from planner.tariffs import (
    WEEKEND,
    WORKDAYS,
    BillingCalendar,
    CapacityCharge,
    CoincidentPeakCharge,
    DemandCharge,
    EnergyCharge,
    EnergyPeriod,
    Escalation,
    RollingRatchet,
    StandingCharge,
    Tariff,
    Tiers,
    When,
    YearRatchet,
    bill,
    clock_hours,
    flat_energy,
)

YEAR = BillingCalendar.of_years(2027, time_zone="America/Chicago")
LEAP_YEAR = BillingCalendar.of_years(2028, time_zone="America/Chicago")
KW = 1000.0  # [kW/MW]


def monthly_mw(peaks_mw: list[float], calendar: BillingCalendar, base_mw: float) -> np.ndarray:
    """A flat load with one hour of a peak in each month."""
    load_mw = np.full(calendar.n_hours, base_mw)
    load_mw[calendar.month_starts + 37] = peaks_mw
    return load_mw


def test_a_flat_load_pays_every_rule_by_its_closed_form() -> None:
    evening = When(months=(6, 7, 8), weekdays=WORKDAYS, hours=clock_hours(17, 21))
    peaks = LEAP_YEAR.moments([4_100, 4_500, 5_000])
    tariff = Tariff(
        "all of it",
        (
            flat_energy("energy", 47.0),
            DemandCharge("delivery", 6.5, ratchet=YearRatchet(0.7)),
            DemandCharge("evening", 9.0, when=evening),
            CoincidentPeakCharge("transmission", 21.0, peaks),
            CapacityCharge("capacity", 270.0, peaks),
            StandingCharge("meter", usd_per_month=850.0, usd_per_day=3.25),
        ),
    )
    load_mw = 23.0

    found = bill(load_mw, tariff, LEAP_YEAR)

    assert found.usd_by_rule == pytest.approx(
        {
            "energy": load_mw * 47.0 * 8784,
            "delivery": load_mw * KW * 6.5 * 12,
            "evening": load_mw * KW * 9.0 * 3,
            "transmission": load_mw * KW * 21.0,
            "capacity": load_mw * 270.0 * 366,
            "meter": 850.0 * 12 + 3.25 * 366,
        },
        rel=1e-13,
    )
    assert found.total_usd == pytest.approx(sum(found.usd_by_month.values()), rel=1e-13)


def test_energy_is_priced_by_season_weekday_and_hour() -> None:
    summer_peak = When(months=(7,), weekdays=WORKDAYS, hours=(15, 16))
    rest_of_workday = When(months=(7,), weekdays=WORKDAYS, hours=clock_hours(17, 15))
    weekend = When(months=(7,), weekdays=WEEKEND)
    other_months = When(months=(1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12))
    charge = EnergyCharge(
        "energy",
        (
            EnergyPeriod("peak", 143.0, summer_peak),
            EnergyPeriod("workday", 61.0, rest_of_workday),
            EnergyPeriod("weekend", 37.0, weekend),
            EnergyPeriod("other", 53.0, other_months),
        ),
    )

    found = bill(7.0, Tariff("time of use", (charge,)), YEAR).to_frame()

    # July 2027 begins on a Thursday: 22 workdays and 9 days of weekends.
    july = found[found["month"] == "2027-07"].set_index("item")["quantity"]
    assert july.to_dict() == {"peak": 7.0 * 22 * 2, "workday": 7.0 * 22 * 22, "weekend": 7.0 * 9 * 24}
    assert found["usd"].sum() == pytest.approx(
        7.0 * (143.0 * 44 + 61.0 * 484 + 37.0 * 216 + 53.0 * (8760 - 744)), rel=1e-13
    )


@pytest.mark.parametrize(
    ("periods", "words"),
    [
        ((), "0 periods in month 1, weekday 0, hour 0"),
        (
            (EnergyPeriod("all", 51.0), EnergyPeriod("more", 67.0, When(months=(5,), weekdays=(2,), hours=(9,)))),
            "2 periods in month 5, weekday 2, hour 9",
        ),
    ],
)
def test_an_hour_without_a_price_or_with_two_is_refused(periods: tuple[EnergyPeriod, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        EnergyCharge("energy", periods)


def test_tiers_of_energy_are_filled_month_by_month() -> None:
    tiers = Tiers((90.0, 70.0, 65.0), limits=(2_000.0, 5_000.0))
    tariff = Tariff("blocks", (flat_energy("energy", tiers),))

    found = bill(7.0, tariff, YEAR).to_frame()

    # January has 744 h: 5,208 MWh. February has 672 h: 4,704 MWh, which leaves the third unused.
    january = found[found["month"] == "2027-01"]
    assert january["quantity"].tolist() == [2_000.0, 3_000.0, 208.0]
    assert january["usd"].sum() == 2_000 * 90.0 + 3_000 * 70.0 + 208 * 65.0
    assert found[found["month"] == "2027-02"]["quantity"].tolist() == [2_000.0, 2_704.0]


@pytest.mark.parametrize(
    ("prices", "rising", "fixed_usd"),
    [
        ((4.0, 9.0, 7.0), (4.0, 7.0, 7.0), 2.0 * 30.0),
        ((4.0, 9.0, 3.0), (3.0, 3.0, 3.0), 1.0 * 20.0 + 6.0 * 30.0),
        ((9.0, 4.0, 7.0), (4.0, 4.0, 7.0), 5.0 * 20.0),
        ((4.0, 7.0, 9.0), (4.0, 7.0, 9.0), 0.0),
    ],
)
def test_a_price_that_falls_after_any_tier_is_no_convex_cost(
    prices: tuple[float, ...], rising: tuple[float, ...], fixed_usd: float
) -> None:
    tiers = Tiers(prices, limits=(20.0, 50.0))

    bound_usd, bound = tiers.convex_bound()

    assert (bound_usd, bound.prices) == (fixed_usd, rising)
    for units in (0.0, 11.0, 20.0, 33.0, 50.0, 71.0):
        at_most = bound_usd + bound.cost_usd(units)
        assert at_most >= tiers.cost_usd(units)
        assert units < 50.0 or at_most == pytest.approx(tiers.cost_usd(units))


def test_a_tier_is_billed_from_its_first_unit_on() -> None:
    tiers = Tiers((4.0, 9.0), limits=(20.0,))

    assert tiers.blocks(0.0) == ((0.0, 4.0),)
    assert tiers.blocks(20.0) == ((20.0, 4.0),)
    assert tiers.blocks(21.5) == ((20.0, 4.0), (1.5, 9.0))
    with pytest.raises(InputError, match=r"prices \[4, nan\] and limits \[20\]"):
        Tiers((4.0, float("nan")), limits=(20.0,))


def test_a_rolling_ratchet_forgets_after_its_months_and_has_no_past() -> None:
    peaks_mw = [20.0, 21.0, 50.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0]
    ratchet = RollingRatchet(0.8, look_back_months=3)
    tariff = Tariff("ratchet", (DemandCharge("demand", 4.0, ratchet=ratchet),))

    frame = bill(monthly_mw(peaks_mw, YEAR, 6.0), tariff, YEAR).to_frame()

    # 80 % of 50 in April to June, else the metered peaks.
    billed_mw = [20.0, 21.0, 50.0, 40.0, 40.0, 40.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0]
    assert (frame["quantity"] / KW).tolist() == pytest.approx(billed_mw, rel=1e-13)
    assert frame["basis"].tolist() == ["metered"] * 3 + ["ratchet"] * 3 + ["metered"] * 6


def test_a_rolling_ratchet_looks_across_the_new_year_and_a_year_ratchet_does_not() -> None:
    two_years = BillingCalendar.of_years(2027, 2028)
    peaks_mw = [20.0 + month for month in range(23)] + [31.5]
    peaks_mw[10] = 80.0  # November 2027
    load_mw = monthly_mw(peaks_mw, two_years, 6.0)
    january = 12

    billed_mw = {}
    for name, ratchet in {"rolling": RollingRatchet(0.9, 11), "year": YearRatchet(0.9)}.items():
        tariff = Tariff(name, (DemandCharge("demand", 4.0, ratchet=ratchet),))
        billed_mw[name] = bill(load_mw, tariff, two_years).lines[january].quantity / KW

    assert billed_mw["rolling"] == pytest.approx(0.9 * 80.0)
    assert billed_mw["year"] == pytest.approx(0.9 * 42.0)  # November 2028


def test_last_summers_peaks_set_the_capacity_charge_of_the_next_twelve_months() -> None:
    two_years = BillingCalendar.of_years(2027, 2028, time_zone="America/New_York")
    zone = ZoneInfo("America/New_York")
    hours = tuple(datetime.datetime(2027, 9, day, 17, tzinfo=zone) for day in (30, 29, 28, 27, 26))
    load_mw = np.full(two_years.n_hours, 8.0)
    load_mw[two_years.positions(hours, "peaks")] = [10.0, 12.0, 14.0, 16.0, 23.0]
    charge = CapacityCharge("capacity", 269.92, hours, datetime.date(2028, 6, 1), datetime.date(2029, 6, 1))

    found = bill(load_mw, Tariff("capacity", (charge,)), two_years)

    # 214 days from June to December 2028.
    assert [str(month) for month in found.usd_by_month] == [f"2028-{m:02d}" for m in range(6, 13)]
    assert found.total_usd == pytest.approx(15.0 * 214 * 269.92, rel=1e-13)


def test_prices_rise_every_first_of_january() -> None:
    tariff = Tariff(
        "rising",
        (flat_energy("energy", 40.0), StandingCharge("meter", usd_per_month=700.0)),
        escalation=Escalation(0.03, base_year=2026),
    )
    calendar = BillingCalendar.of_years(2027, 2028)

    by_month = bill(9.0, tariff, calendar).usd_by_month

    first, *_, last = by_month.values()
    assert first == pytest.approx((9.0 * 744 * 40.0 + 700.0) * 1.03, rel=1e-13)
    assert last == pytest.approx((9.0 * 744 * 40.0 + 700.0) * 1.03**2, rel=1e-13)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Tiers((3.0, 4.0)), "2 prices and 0 limits"),
        (lambda: Tiers((3.0, 4.0, 5.0), (20.0, 15.0)), "above 0 and rising"),
        (lambda: Tiers((3.0, float("nan")), (20.0,)), "finite"),
        (lambda: When(hours=(5, 24)), "hours of a period"),
        (lambda: When(months=(4, 4)), "each once"),
        (lambda: When(weekdays=()), "at least one"),
        (lambda: DemandCharge("d", -2.0), "-2.0 USD/kW-month"),
        (lambda: DemandCharge("d", 2.0, min_take_frac=1.5), "min_take_frac of 'd' is 1.5"),
        (lambda: YearRatchet(1.2), "share_frac"),
        (lambda: YearRatchet(0.7, months=(13,)), "months of a ratchet"),
        (lambda: RollingRatchet(0.7, 0), "look_back_months"),
        (lambda: StandingCharge("meter", usd_per_day=-2.0), "prices of 'meter'"),
        (lambda: CapacityCharge("c", 50.0, ()), "'c' has no hours"),
        (lambda: CoincidentPeakCharge("c", -5.0, YEAR.moments([9])), "price of 'c' is -5"),
        (lambda: Escalation(-1.5, 2027), "above -1"),
        (lambda: Tariff("t", (flat_energy("e", 4.0), flat_energy("e", 5.0))), "several rules called e"),
    ],
)
def test_rules_that_make_no_sense_are_refused(make: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()  # type: ignore[operator]
