"""A few days tell the hours of a bill: weights, clocks, and bills of the hours they stand for."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from planner.base.errors import InputError
from planner.clock.days import RepresentativeDays, SeriesDays
from planner.lp import ArrayProblem, Axis, Expression, Index
from planner.lp.highs import HighsSession
from planner.tariffs import (
    ALWAYS,
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


def test_hours_of_months_and_years_are_all_reported() -> None:
    reported_by = days()
    zone = BillingCalendar.of_years(2027, 2028, time_zone="America/New_York")
    reading = representative(zone, zone.utc_start_h, reported_by)

    month, step, hours = reading.hours(ALWAYS)

    by_month = np.bincount(month, weights=hours)
    assert by_month == pytest.approx(zone.hours_of_month)  # 743 h in March, 721 h in November
    by_year = np.bincount(step // reported_by.n_slots, weights=hours)
    assert by_year == pytest.approx([8760.0, 8784.0])


def test_a_series_without_a_day_in_a_month_can_not_be_billed() -> None:
    reported_by = SeriesDays(months=(1, 7), days=(200.0, 165.0), peaks=(1,))

    with pytest.raises(InputError, match="the series has no day in Apr, Aug"):
        representative(YEARS, YEARS.utc_start_h, reported_by)
