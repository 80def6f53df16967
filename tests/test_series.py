"""A chronological series: weights, the order of slots, billed months, profiles, mistakes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.clock.days import DAYS_PER_MONTH, SeriesDays


@st.composite
def some_series(draw):
    """Days of any months that stand for 365 days in all."""
    months = draw(st.lists(st.integers(1, 12), min_size=1, max_size=40).map(sorted))
    amounts = draw(st.lists(st.integers(1, 9), min_size=len(months), max_size=len(months)))
    return SeriesDays(
        months=tuple(months),
        days=tuple(365.0 * amount / sum(amounts) for amount in amounts),
        peaks=(draw(st.integers(0, len(months) - 1)),),
        slot_h=draw(st.sampled_from([1, 2, 3, 4, 6, 8, 12, 24])),
    )


def a_year(slot_h: int = 6) -> SeriesDays:
    """Every day of the year, the 199th, a day in July, the peak."""
    months = np.repeat(np.arange(1, 13), DAYS_PER_MONTH)
    return SeriesDays(tuple(map(int, months)), (1.0,) * 365, (198,), slot_h)


@given(days=some_series())
def test_weights_sum_to_the_hours_of_the_modelled_year(days):
    assert days.weight_h.sum() == pytest.approx(8760.0)
    assert days.day_days == pytest.approx(days.days)


@given(days=some_series())
def test_slots_follow_one_another_through_the_whole_series(days):
    visited, slot = [], 0
    for _ in range(days.n_slots):
        visited.append(slot)
        slot = int(days.next_slot[slot])
    assert visited == list(range(days.n_slots))
    assert slot == 0
    assert days.previous_slot[0] == days.n_slots - 1


@given(days=some_series())
def test_billed_months_sum_to_twelve_over_all_slots(days):
    periods = days.billing_periods
    assert sum(period.months for period in periods) == pytest.approx(12)
    assert sorted(slot for p in periods for slot in p.slots) == list(range(days.n_slots))
    assert min(period.months for period in periods) >= 1


def test_a_whole_year_bills_twelve_months_once_each():
    days = a_year()
    assert [(p.name, p.months) for p in days.billing_periods][:2] == [("Jan", 1.0), ("Feb", 1.0)]
    assert len(days.billing_periods) == 12
    assert days.billing_periods[1].slots == tuple(range(4 * 31, 4 * 59))
    assert days.weight_h.tolist() == [6.0] * 1460
    assert set(days.day[days.is_peak]) == {198}
