"""Hours are hours that pass: leap days and clock changes are right to the hour."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from planner.base.errors import InputError
from planner.tariffs import BillingCalendar, EnergyCharge, EnergyPeriod, Tariff, When, bill

NEW_YORK = "America/New_York"


def hours_of_day(calendar: BillingCalendar, day: datetime.date) -> list[int]:
    inside = [moment.date() == day for moment in calendar.moments(range(calendar.n_hours))]
    return calendar.hour[inside].tolist()


@pytest.mark.parametrize(("year", "hours"), [(2027, 8760), (2028, 8784), (2100, 8760)])
@pytest.mark.parametrize("zone", ["UTC", NEW_YORK, "Asia/Kolkata", "Australia/Lord_Howe"])
def test_a_year_has_its_hours_in_every_zone(zone: str, year: int, hours: int) -> None:
    calendar = BillingCalendar.of_years(year, time_zone=zone)

    assert calendar.n_hours == hours
    assert calendar.days_of_month.sum() * 24 == hours
    assert len(calendar.months) == len(calendar.month_starts) == 12


def test_the_spring_day_has_23_hours_and_the_autumn_day_25() -> None:
    calendar = BillingCalendar.of_years(2027, time_zone=NEW_YORK)

    spring = hours_of_day(calendar, datetime.date(2027, 3, 14))
    autumn = hours_of_day(calendar, datetime.date(2027, 11, 7))

    assert spring == [0, 1, *range(3, 24)]
    assert autumn == [0, 1, 1, *range(2, 24)]


def test_the_night_price_is_paid_for_the_hour_that_comes_twice() -> None:
    night = When(hours=(0, 1, 2))
    day = When(hours=tuple(range(3, 24)))
    prices = (EnergyPeriod("night", 31.0, night), EnergyPeriod("day", 77.0, day))
    tariff = Tariff("two prices", (EnergyCharge("energy", prices),))
    november = BillingCalendar(datetime.date(2027, 11, 1), datetime.date(2027, 12, 1), time_zone=NEW_YORK)

    lines = {line.item: line for line in bill(13.0, tariff, november).lines}

    assert lines["night"].quantity == 13.0 * (3 * 30 + 1)
    assert lines["day"].quantity == 13.0 * 21 * 30


def test_the_29th_of_february_is_billed_on_its_own_weekday() -> None:
    leap_day = np.zeros(8784)
    leap_day[59 * 24 : 60 * 24] = 17.0  # a Tuesday in 2028
    prices = (
        EnergyPeriod("Tuesday", 83.0, When(weekdays=(1,))),
        EnergyPeriod("other", 29.0, When(weekdays=(0, 2, 3, 4, 5, 6))),
    )
    tariff = Tariff("by day", (EnergyCharge("energy", prices),))

    found = bill(leap_day, tariff, BillingCalendar.of_years(2028, time_zone="Europe/Berlin"))

    assert found.total_usd == 17.0 * 24 * 83.0
    assert {str(line.month) for line in found.lines if line.usd > 0} == {"2028-02"}


def test_moments_without_a_zone_or_outside_are_all_named() -> None:
    calendar = BillingCalendar.of_years(2027)
    naive = datetime.datetime(2027, 5, 4, 3)
    late = datetime.datetime(2028, 1, 1, tzinfo=datetime.UTC)

    with pytest.raises(InputError) as raised:
        calendar.positions([naive, late], "peaks")

    assert "without a time zone" in str(raised.value)
    assert "peaks has 2028-01-01" in str(raised.value)


@pytest.mark.parametrize(
    ("start", "end", "zone", "words"),
    [
        ("2027-01-01", "2027-01-01", "UTC", "ends on 2027-01-01"),
        ("2027-01-02", "2027-03-01", "UTC", "first day of a month"),
        ("2027-01-01", "2027-03-01", "Mars/Olympus", "'Mars/Olympus'"),
    ],
)
def test_a_wrong_calendar_is_refused(start: str, end: str, zone: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        BillingCalendar(datetime.date.fromisoformat(start), datetime.date.fromisoformat(end), time_zone=zone)
