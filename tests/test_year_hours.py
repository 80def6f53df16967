"""Days that tell a year are unfolded into its calendar without gaining or losing an hour."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.clock.days import DAYS_PER_MONTH, Days, RepresentativeDays, SeriesDays
from planner.clock.profiles import calendar_days, hour_names, hourly

KINDS = [
    RepresentativeDays(slot_h=6, peak_day_days=3, peak_month=7),
    RepresentativeDays(season_days=12, slot_h=4, peak_day_days=2.5, peak_month=2),
    RepresentativeDays(slot_h=24, peak_day_days=27.3, peak_month=12),
    SeriesDays(months=(1, 1, 2, 7), days=(12.4, 18.6, 28.0, 306.0), peaks=(3,), slot_h=8),
]


@pytest.mark.parametrize("days", KINDS[:3])
def test_every_calendar_day_is_made_of_the_days_that_tell_its_month(days: Days) -> None:
    shares = calendar_days(days)

    month_of = np.repeat(np.arange(12), DAYS_PER_MONTH)
    by_month = np.array([shares[month_of == month].sum(axis=0) for month in range(12)])
    np.testing.assert_allclose(shares.sum(axis=1), np.ones(365))
    np.testing.assert_allclose(by_month.T, days.days_by_month, atol=1e-12)


@pytest.mark.parametrize("days", KINDS)
def test_what_days_hold_can_not_be_changed(days: Days) -> None:
    with pytest.raises(ValueError, match="read-only"):
        days.weight_h[0] = 7.0


def test_days_of_a_series_fill_the_year_in_their_order() -> None:
    days = KINDS[3]

    shares = calendar_days(days)

    np.testing.assert_allclose(shares.sum(axis=1), np.ones(365))
    np.testing.assert_allclose(shares.sum(axis=0), days.day_days)
    # 12.4 and 18.6 days make 31, 28 more 59; the last day tells March to December.
    assert shares[[12, 40, 59, 364], [1, 2, 3, 3]] == pytest.approx([0.6, 1.0, 1.0, 1.0])


def test_a_peak_day_stands_in_the_middle_of_its_month() -> None:
    days = RepresentativeDays(peak_day_days=3, peak_month=2)

    shares = calendar_days(days)

    # 28 days of February less 3: 12 before, 13 after; 31 days of January come first.
    assert np.flatnonzero(shares[:, -1]).tolist() == [31 + 12, 31 + 13, 31 + 14]


def test_a_day_that_stands_for_part_of_a_day_is_mixed_with_its_neighbour() -> None:
    days = SeriesDays(
        months=(1, 1, *range(2, 13)), days=(12.4, 18.6, *(float(n) for n in DAYS_PER_MONTH[1:])), peaks=(3,), slot_h=12
    )

    shares = calendar_days(days)

    assert shares[11, :2].tolist() == [1.0, 0.0]
    assert shares[12, :2] == pytest.approx([0.4, 0.6])
    assert shares[13, :2].tolist() == [0.0, 1.0]


@given(st.data())
def test_energy_of_the_year_is_kept(data: st.DataObject) -> None:
    days = data.draw(st.sampled_from(KINDS))
    numbers = st.floats(0.3, 90.0)
    power_mw = np.array([data.draw(numbers) for _ in range(days.n_slots)])

    hours = hourly(days, [power_mw, 2.5 * power_mw])

    energy_mwh = float(days.weight_h @ power_mw)
    assert hours.shape == (2, 8760)
    assert hours.sum(axis=1) == pytest.approx([energy_mwh, 2.5 * energy_mwh])
    assert hours[0].max() <= power_mw.max() + 1e-9


def test_slots_stand_at_their_hours_of_utc() -> None:
    days = RepresentativeDays(slot_h=6)
    winter, spring = days.day_season.index("DJF"), days.day_season.index("MAM")
    power_mw = np.where(days.day == spring, 30.0, 20.0) + days.start_hour / 10.0

    first_of_march = hourly(days, power_mw)[24 * 59 : 24 * 60]

    assert (winter, spring) == (0, 1)
    assert first_of_march[[0, 5, 6, 23]].tolist() == [30.0, 30.0, 30.6, 31.8]


@pytest.mark.parametrize("year", [2027, 2028])
def test_a_model_year_has_no_leap_day(year: int) -> None:
    names = hour_names(year)

    assert names.size == 8760
    assert str(names[24 * 58]) == f"{year}-02-28T00"
    assert str(names[24 * 59]) == f"{year}-03-01T00"
