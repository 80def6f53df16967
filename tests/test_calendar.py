"""Model years, representative days, clocks, billing periods."""

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.clock.days import ModelYears, RepresentativeDays, float_year, hours_in_year
from planner.clock.profiles import slot_means

MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

settings = st.builds(
    RepresentativeDays,
    season_days=st.sampled_from([4, 12]),
    slot_h=st.sampled_from([1, 2, 3, 4, 6, 8, 12, 24]),
    peak_day_days=st.integers(1, 27),
    peak_month=st.integers(1, 12),
)
offsets = st.integers(-48, 56).map(lambda quarters: quarters / 4)


@given(days=settings)
def test_weights_sum_to_the_hours_of_the_modelled_year(days):
    assert days.weight_h.sum() == 8760.0
    assert days.days_by_month.sum(axis=0).tolist() == [
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
    ]  # fmt: skip


@given(days=settings)
def test_the_peak_day_is_always_there_and_stands_for_its_days_of_its_month(days):
    assert days.weight_h[days.is_peak].sum() == days.peak_day_days * 24
    assert days.day_months[-1] == (days.peak_month,)
    assert set(days.day[days.is_peak]) == {days.n_days - 1}


@given(days=settings)
def test_billed_months_sum_to_twelve_and_the_peak_is_billed_in_one_month_only(days):
    periods = days.billing_periods
    assert sum(period.months for period in periods) == 12
    peak_slots = set(np.flatnonzero(days.is_peak))
    billed_on_peak = [period for period in periods if peak_slots & set(period.slots)]
    assert [period.months for period in billed_on_peak] == [1]
    assert peak_slots < set(billed_on_peak[0].slots)
    assert len({period.name for period in periods}) == len(periods)


@given(days=settings)
def test_every_slot_is_billed_in_a_month_that_its_day_stands_for(days):
    for period in days.billing_periods:
        for slot in period.slots:
            day = days.day[slot]
            months = {MONTH_NAMES[month - 1] for month in days.day_months[day]}
            assert period.name in months | {days.day_season[day]}


def test_seasons_stand_for_their_months_less_the_peak_days():
    days = RepresentativeDays(season_days=4, peak_day_days=5, peak_month=8)
    # DJF 31+31+28, MAM 31+30+31, JJA 30+31+31-5, SON 30+31+30, peak.
    assert days.day_days.tolist() == [90, 92, 87, 91, 5]
    assert days.day_season == ("DJF", "MAM", "JJA", "SON", "JJA")


@given(days=settings, offset=offsets, seed=st.integers(0, 99))
@pytest.mark.parametrize("rows", [None, 4, 12])
def test_slots_keep_the_mean_of_every_day_whatever_the_clock(rows, days, offset, seed):
    shape = (24,) if rows is None else (rows, 24)
    profile = np.random.default_rng(seed).uniform(0.2, 3.0, shape)
    if rows is None:
        day_means = np.full(days.n_days, profile.mean())
    elif rows == 4:
        by_season = dict(zip(["DJF", "MAM", "JJA", "SON"], profile.mean(axis=1), strict=True))
        day_means = np.array([by_season[season] for season in days.day_season])
    else:
        day_means = days.days_by_month @ profile.mean(axis=1) / days.day_days
    slots = slot_means(profile, offset, days)
    np.testing.assert_allclose(slots.reshape(days.n_days, -1).mean(axis=1), day_means)


def test_leap_days_are_known_to_tariffs():
    assert [hours_in_year(y) for y in (1900, 2000, 2025, 2028)] == [8760, 8784, 8760, 8784]


def test_a_date_becomes_a_float_year_of_equal_months():
    assert float_year(datetime.date(2026, 4, 1)) == 2026.25
    # 15 days into a month of 30 is half a month.
    assert float_year(datetime.date(2026, 6, 16)) == pytest.approx(2026 + 5.5 / 12)
    assert float_year(datetime.date(2028, 2, 29)) < float_year(datetime.date(2028, 3, 1))
    # 14 of the 29 days of a February with a leap day.
    assert float_year(datetime.date(2028, 2, 15)) == pytest.approx(2028 + (1 + 14 / 29) / 12)


def test_unequal_gaps_make_model_years_that_stand_for_several():
    years = ModelYears((2025, 2027, 2030))
    assert years.spans == (2, 3, 1)
    assert [years.calendar_years(t) for t in range(3)] == [(2025, 2026), (2027, 2028, 2029), (2030,)]
    assert years.last_calendar_years.tolist() == [2026, 2029, 2030]
    assert years.labels == ("2025", "2027", "2030")


def test_a_moment_finds_the_model_year_that_contains_it():
    years = ModelYears((2025, 2027, 2030))
    moments = [2024.9, 2025.0, 2026.99, 2029.5, 2030.75, 2031.0]
    assert [years.position(moment) for moment in moments] == [None, 0, 0, 1, 2, None]


def test_a_peak_day_is_part_of_its_month():
    with pytest.raises(InputError, match="peak_day_days is 31"):
        RepresentativeDays(peak_day_days=31, peak_month=7)


@pytest.mark.parametrize("shape", [(23,), (3, 24), ()])
def test_a_profile_of_another_shape_is_refused(shape):
    with pytest.raises(InputError, match="shape"):
        slot_means(np.ones(shape), 0.0, RepresentativeDays())


@given(days=settings)
def test_a_representative_day_comes_before_itself_and_a_slot_after_the_one_before(days):
    assert days.day[days.next_slot].tolist() == days.day.tolist()
    later = (days.start_hour[days.next_slot] - days.start_hour) % 24
    assert set(later) == {days.slot_h % 24}
    assert days.next_slot[days.previous_slot].tolist() == list(range(days.n_slots))
