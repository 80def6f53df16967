"""Hours of bills draw what each of them draws when it is looked at alone."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from good_plan import RICH, solved

from planner.check.bills import BillHours
from planner.check.days import year_days
from planner.scenario import load_scenario


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu"])
def test_an_hour_that_stands_for_others_draws_what_they_draw(zone: str) -> None:
    # Clocks that change in spring and autumn, and one that is 5 h 45 min ahead: two slots an hour.
    case = solved(RICH).case
    days, slot_h = year_days(case), case.scenario.time.slot_h
    hours = BillHours(case, zone, case.calendar[0])
    rng = np.random.default_rng(11)
    load_mw = rng.uniform(3.0, 90.0, (len(case.calendar), len(days.is_peak), 24 // slot_h))

    mean, highest, peak_mean, peak_highest = hours.reported(load_mw)

    of_month = days.of_month / days.of_month.sum(axis=0)
    utc = hours.clock.tz_convert("UTC")
    drawn = (mean, highest, peak_mean, peak_highest)
    ordinary = np.flatnonzero(~((hours.clock.month == 2) & hours.clock.is_leap_year))
    for hour in rng.choice(ordinary, 40, replace=False):
        start = 60 * utc[hour].hour + utc[hour].minute
        slots = [(start + 15 * quarter) % 1440 // (60 * slot_h) for quarter in range(4)]
        year, month = hours.clock[hour].year - case.calendar[0], hours.clock[hour].month - 1
        of_days = load_mw[year][:, slots].mean(axis=1)
        counts = of_month[:, month] > 0.0
        expected = (
            of_days @ of_month[:, month],
            load_mw[year][counts][:, slots].max(),
            of_days[days.is_peak].mean(),
            load_mw[year][days.is_peak][:, slots].max(),
        )
        assert [of[hour] for of in drawn] == pytest.approx(expected)


def test_a_leap_day_is_an_ordinary_day_of_february() -> None:
    # The system peaks on 3 days of February: 25 others tell it, and 26 in a leap year.
    changes = ("time.peak_month=2", "time.peak_day_days=3", "time.slot_h=6")
    scenario = load_scenario("tiny", changes)
    case = SimpleNamespace(scenario=scenario, calendar=(2027, 2028), computed={})
    days, hours = year_days(case), BillHours(case, "UTC", 2027)
    ordinary = np.flatnonzero((days.of_month[:, 1] > 0.0) & ~days.is_peak)
    load_mw = np.full((2, len(days.is_peak), 4), 7.0)
    load_mw[:, ordinary], load_mw[:, days.is_peak] = 40.0, 90.0

    mean, highest, *_ = hours.reported(load_mw)

    of_2027, of_2028 = (hours.clock.get_loc(f"{year}-02-17 11:00+00:00") for year in (2027, 2028))
    assert mean[of_2027] == pytest.approx((25 * 40.0 + 3 * 90.0) / 28)
    assert mean[of_2028] == pytest.approx((26 * 40.0 + 3 * 90.0) / 29)
    assert highest[of_2028] == pytest.approx(90.0)
