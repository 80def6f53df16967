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


def test_a_peak_day_stands_in_the_middle_of_its_month() -> None:
    days = RepresentativeDays(peak_day_days=3, peak_month=2)

    shares = calendar_days(days)

    # 28 days of February less 3: 12 before, 13 after; 31 days of January come first.
    assert np.flatnonzero(shares[:, -1]).tolist() == [31 + 12, 31 + 13, 31 + 14]


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


@pytest.mark.parametrize("year", [2027, 2028])
def test_a_model_year_has_no_leap_day(year: int) -> None:
    names = hour_names(year)

    assert names.size == 8760
    assert str(names[24 * 58]) == f"{year}-02-28T00"
    assert str(names[24 * 59]) == f"{year}-03-01T00"
