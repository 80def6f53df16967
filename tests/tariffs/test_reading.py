"""A few days tell the hours of a bill: weights, clocks, and bills of the hours they stand for."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from planner.base.errors import InputError
from planner.clock.days import DAYS_PER_MONTH, RepresentativeDays, SeriesDays
from planner.lp import ArrayProblem, Axis, Expression, Index
from planner.lp.highs import HighsSession
from planner.tariffs import (
    ALWAYS,
    WORKDAYS,
    Account,
    BillingCalendar,
    CapacityCharge,
    CoincidentPeakCharge,
    DemandCharge,
    EnergyCharge,
    EnergyPeriod,
    RollingRatchet,
    StandingCharge,
    Tariff,
    Tiers,
    When,
    YearRatchet,
    add_bills,
    bill,
    bill_metered,
    clock_hours,
    representative,
)

EVENING = When(hours=clock_hours(16, 22))
REST = When(hours=clock_hours(22, 16))
YEARS = BillingCalendar.of_years(2027, 2028)
PEAK_DAYS = (5, 20)  # of July


def days(season_days: int = 4, slot_h: int = 2) -> RepresentativeDays:
    return RepresentativeDays(season_days=season_days, slot_h=slot_h, peak_day_days=2)


def hours_of_days(load_mw: np.ndarray, reported_by: RepresentativeDays) -> np.ndarray:
    """Write out the hours of `YEARS` that a load by year and slot stands for, UTC."""
    day_of_month = np.argmax(reported_by.days_by_month[:-1] > 0.0, axis=0)
    written = []
    for position in range(YEARS.n_hours):
        (moment,) = YEARS.moments([position])
        is_peak = moment.month == reported_by.peak_month and moment.day in PEAK_DAYS
        day = reported_by.n_days - 1 if is_peak else day_of_month[moment.month - 1]
        slot = day * reported_by.slots_per_day + moment.hour // reported_by.slot_h
        written.append(load_mw[moment.year - 2027, slot])
    return np.array(written)


@pytest.mark.parametrize("season_days", [4, 12])
def test_slots_are_billed_as_the_hours_they_stand_for(season_days: int) -> None:
    reported_by = days(season_days)
    load_mw = np.random.default_rng(7).uniform(11.0, 29.0, (2, reported_by.n_slots))
    moments = [
        datetime.datetime(2028, 7, day, hour, tzinfo=datetime.UTC)
        for day, hour in zip(PEAK_DAYS, (15, 18), strict=True)
    ]
    tariff = Tariff(
        "every kind",
        (
            EnergyCharge(
                "use",
                (EnergyPeriod("evening", Tiers((90.0, 130.0), (3_100.0,)), EVENING), EnergyPeriod("rest", 45.0, REST)),
            ),
            DemandCharge("peak", 7.0),
            DemandCharge("summer evening", 9.0, When((6, 7, 8, 9), hours=clock_hours(16, 22))),
            DemandCharge("year", 4.0, ratchet=YearRatchet(0.95, months=(7,))),
            DemandCharge("rolling", 3.0, ratchet=RollingRatchet(0.93, 5)),
            CoincidentPeakCharge("system", 33.0, tuple(moments)),
            CapacityCharge("capacity", 260.0, tuple(moments)),
            StandingCharge("meter", usd_per_day=17.0),
        ),
    )
    reading = representative(YEARS, YEARS.utc_start_h, reported_by)
    steps = Axis("step", tuple(str(step) for step in range(reading.n_steps)))
    load = Expression.constant(Index.full("load", Axis("site", ("a",)), steps), load_mw.ravel())

    problem = ArrayProblem("days")
    billing = add_bills(problem, load, [Account([0], tariff, reading)])
    problem.minimise(billing.customer_usd.total())
    outcome = HighsSession(problem).solve()

    exact = bill(hours_of_days(load_mw, reported_by), tariff, YEARS)
    assert outcome.objective == pytest.approx(exact.total_usd, rel=1e-9)
    lists = billing.program.lists
    by_rule: dict[str, float] = {}
    for position, usd in enumerate(billing.usd.value(outcome.x)):
        rule = lists.line_names[lists.line["charge"][position]][0]
        by_rule[rule] = by_rule.get(rule, 0.0) + usd
    assert by_rule == pytest.approx(exact.usd_by_rule, rel=1e-9)
    # The same steps written out as hours again: the exact bill of what they stand for.
    reported = bill_metered(reading.metered(load_mw.ravel()), tariff)
    assert reported.usd_by_rule == pytest.approx(exact.usd_by_rule, rel=1e-9)


def test_a_year_that_stands_for_others_tells_each_by_its_own_calendar() -> None:
    reported_by = days()
    calendar = BillingCalendar.of_years(2027, 2029)
    reading = representative(calendar, calendar.utc_start_h, reported_by, years=(2027, 2029))

    month, step, hours = reading.hours(ALWAYS)

    is_first = step < reported_by.n_slots
    assert reading.n_steps == 2 * reported_by.n_slots
    assert np.unique(month[is_first]).tolist() == list(range(24))
    assert hours[is_first].sum() == pytest.approx(8760.0 + 8784.0)  # 2028 is a leap year
    assert hours[~is_first].sum() == pytest.approx(8760.0)


def test_a_week_is_mixed_into_each_slot_as_its_month_has_it() -> None:
    reported_by = RepresentativeDays(season_days=12, slot_h=24, peak_day_days=2)
    reading = representative(YEARS, YEARS.utc_start_h, reported_by)

    month, step, hours = reading.hours(When(weekdays=WORKDAYS))

    february_2028 = (month == 12 + 1) & (step == reported_by.n_slots + 1)
    assert hours[february_2028] == pytest.approx(21 * 24)  # 29 days, 8 of them on weekends
    july_2027 = month == 6
    assert dict(zip(step[july_2027], hours[july_2027], strict=True)) == pytest.approx(
        {6: 22 * 24 * 29 / 31, 12: 22 * 24 * 2 / 31}
    )


def test_hours_of_months_and_years_are_all_reported() -> None:
    reported_by = days()
    zone = BillingCalendar.of_years(2027, 2028, time_zone="America/New_York")
    reading = representative(zone, zone.utc_start_h, reported_by)

    month, step, hours = reading.hours(ALWAYS)

    by_month = np.bincount(month, weights=hours)
    assert by_month == pytest.approx(zone.hours_of_month)  # 743 h in March, 721 h in November
    by_year = np.bincount(step // reported_by.n_slots, weights=hours)
    assert by_year == pytest.approx([8760.0, 8784.0])


def test_an_hour_of_a_clock_half_an_hour_off_is_reported_by_two_slots() -> None:
    reported_by = RepresentativeDays(slot_h=1, peak_day_days=2)
    india = BillingCalendar.of_years(2027, time_zone="Asia/Kolkata")
    reading = representative(india, india.utc_start_h, reported_by)

    month, step, hours = reading.hours(When(months=(1,), hours=(9,)))

    assert month.tolist() == [0, 0]  # 09:00 to 10:00 in India is 03:30 to 04:30 UTC
    assert dict(zip(step, hours, strict=True)) == pytest.approx({3: 15.5, 4: 15.5})


def test_the_system_peaks_on_the_peak_day_whatever_the_date() -> None:
    reported_by = days()
    reading = representative(YEARS, YEARS.utc_start_h, reported_by)
    spring = datetime.datetime(2028, 3, 9, 17, tzinfo=datetime.UTC)

    share = reading.system_peak([spring], "hours")

    peak_day = reported_by.n_slots + 4 * reported_by.slots_per_day  # second year, last day
    assert np.flatnonzero(share).tolist() == [peak_day + 17 // 2]
    assert share.sum() == 1.0


def test_days_that_follow_one_another_share_the_months_they_lie_in() -> None:
    reported_by = SeriesDays(
        months=(1, 2, 2, *range(3, 13)), days=(31.0, 20.0, 8.0, *DAYS_PER_MONTH[2:]), peaks=(2, 5), slot_h=12
    )
    leap = BillingCalendar.of_years(2028)
    reading = representative(leap, leap.utc_start_h, reported_by)

    _, step, hours = reading.hours(ALWAYS)

    by_day = np.bincount(step // 2, weights=hours) / 24
    assert by_day == pytest.approx([31.0, 21.0, 8.0, *DAYS_PER_MONTH[2:]])  # 29 February
    noon = [datetime.datetime(2028, 5, 9, 13, tzinfo=datetime.UTC)]
    assert np.flatnonzero(reading.system_peak(noon, "hours")).tolist() == [5, 11]


def test_a_series_without_a_day_in_a_month_can_not_be_billed() -> None:
    reported_by = SeriesDays(months=(1, 7), days=(200.0, 165.0), peaks=(1,))

    with pytest.raises(InputError, match="the series has no day in Apr, Aug"):
        representative(YEARS, YEARS.utc_start_h, reported_by)
