"""Model years, representative days, clocks, billing periods."""

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.clock.calendar import ModelYears, float_year, hours_in_year
from planner.clock.days import RepresentativeDays
from planner.clock.profiles import slot_means, slot_peaks, to_local_hours

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


def test_july_is_billed_on_its_own_when_the_peak_lies_in_it():
    days = RepresentativeDays(season_days=4, slot_h=12, peak_day_days=3, peak_month=7)
    assert [(p.name, p.months, p.slots) for p in days.billing_periods] == [
        ("DJF", 3, (0, 1)),
        ("MAM", 3, (2, 3)),
        ("JJA", 2, (4, 5)),
        ("SON", 3, (6, 7)),
        ("Jul", 1, (4, 5, 8, 9)),
    ]


def test_a_day_per_month_gives_twelve_periods_of_one_month():
    days = RepresentativeDays(season_days=12, slot_h=24, peak_month=2)
    assert {(p.name, p.months) for p in days.billing_periods} == {(name, 1) for name in MONTH_NAMES}
    assert {p.name: p.slots for p in days.billing_periods}["Feb"] == (1, 12)


def test_seasons_stand_for_their_months_less_the_peak_days():
    days = RepresentativeDays(season_days=4, peak_day_days=5, peak_month=8)
    # DJF 31+31+28, MAM 31+30+31, JJA 30+31+31-5, SON 30+31+30, peak.
    assert days.day_days.tolist() == [90, 92, 87, 91, 5]
    assert days.day_season == ("DJF", "MAM", "JJA", "SON", "JJA")


def test_slots_are_named_by_day_and_hour_of_utc():
    days = RepresentativeDays(slot_h=8)
    assert days.names[:4] == ("d0h00", "d0h08", "d0h16", "d1h00")
    assert days.start_hour[-3:].tolist() == [0, 8, 16]
    assert days.hours[-1] == 8.0


def test_local_clocks_run_before_and_after_utc():
    # 02:00 UTC is 21:00 in New York the day before and 07:45 in Nepal.
    np.testing.assert_allclose(to_local_hours(2, [-5.0, 5.75]), [21.0, 7.75])


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


@given(days=settings, offset=offsets)
def test_no_slot_hides_the_highest_hour(days, offset):
    profile = np.sin(np.arange(24.0)) + 3.0
    peaks = slot_peaks(profile, offset, days).reshape(days.n_days, -1)
    np.testing.assert_allclose(peaks.max(axis=1), profile.max())
    assert np.all(peaks.ravel() >= slot_means(profile, offset, days) - 1e-12)


def test_an_evening_peak_in_new_york_lies_after_midnight_utc():
    profile = np.full(24, 0.5)
    profile[[19, 20, 21]] = [2.0, 5.0, 3.5]
    days = RepresentativeDays(slot_h=3)
    # 19 to 22 h local at UTC-5 is 0 to 3 h UTC: the first slot, (2 + 5 + 3.5) / 3.
    np.testing.assert_allclose(slot_means(profile, -5.0, days)[:2], [3.5, 0.5])


def test_half_an_hour_of_offset_splits_an_hour_over_two_slots():
    profile = np.full(24, 2.0)
    profile[8] = 14.0  # 8 to 9 h local is 2:30 to 3:30 UTC at UTC+5:30
    days = RepresentativeDays(slot_h=3)
    # Half an hour of each 3 h slot is at 14: (2.5 x 2 + 0.5 x 14) / 3.
    np.testing.assert_allclose(slot_means(profile, 5.5, days)[:3], [4.0, 4.0, 2.0])


def test_profiles_by_season_and_by_day_reach_their_own_days():
    days = RepresentativeDays(slot_h=24, peak_month=10)
    by_season = np.outer([3.0, 5.0, 7.0, 11.0], np.ones(24))
    np.testing.assert_allclose(slot_means(by_season, 2.0, days), [3, 5, 7, 11, 11])
    by_day = np.outer([3.0, 5.0, 7.0, 11.0, 13.0], np.ones(24))
    np.testing.assert_allclose(slot_means(by_day, 2.0, days, is_by_day=True), [3, 5, 7, 11, 13])


def test_a_stack_of_profiles_keeps_its_first_axis():
    days = RepresentativeDays(slot_h=6)
    stack = np.arange(2 * 12 * 24, dtype=float).reshape(2, 12, 24)
    slots = slot_means(stack, 1.0, days)
    assert slots.shape == (2, days.n_slots)
    np.testing.assert_allclose(slots[1], slot_means(stack[1], 1.0, days))


def test_a_month_shares_its_season_day_by_the_days_it_has_there():
    profile = np.outer(np.arange(2.0, 14.0), np.ones(24))  # January 2, ..., December 13
    days = RepresentativeDays(slot_h=24, peak_day_days=4, peak_month=7)
    winter = (31 * 13 + 31 * 2 + 28 * 3) / 90
    summer = (30 * 7 + 27 * 8 + 31 * 9) / 88
    means = slot_means(profile, -6.0, days)
    np.testing.assert_allclose(means[[0, 2, 4]], [winter, summer, 8.0])


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


@pytest.mark.parametrize("years", [(), (2026, 2026), (2027, 2025)])
def test_model_years_that_do_not_increase_are_refused(years):
    with pytest.raises(InputError, match="each later than the one before"):
        ModelYears(years)


def test_every_wrong_setting_of_time_is_reported_at_once():
    with pytest.raises(InputError) as caught:
        RepresentativeDays(season_days=5, slot_h=7, peak_month=13)
    assert [problem.what_is for problem in caught.value.problems] == [
        "peak_month is 13",
        "season_days is 5",
        "slot_h is 7",
    ]
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


def test_only_a_profile_by_day_is_read_by_day():
    days = RepresentativeDays(season_days=4, slot_h=12)
    by_day = np.arange(5.0)[:, None] + np.zeros(24)
    assert slot_means(by_day, 0.0, days, is_by_day=True)[::2].tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(InputError, match="4 or 12"):
        slot_means(by_day, 0.0, days)
    with pytest.raises(InputError, match="5, 24"):
        slot_peaks(by_day[:4], 0.0, days, is_by_day=True)


def test_a_representative_day_is_followed_by_itself():
    following = RepresentativeDays(slot_h=6).next_slot

    assert following[:8].tolist() == [1, 2, 3, 0, 5, 6, 7, 4]
