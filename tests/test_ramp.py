"""The ramp of a hall after energisation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.clock.profiles import share_in_force, usable_share


def test_a_hall_of_the_first_of_january_has_the_mean_of_the_ramp_in_its_first_year():
    np.testing.assert_allclose(usable_share(2028.0, [2027, 2028, 2029], 12, 0.6), [0, 0.6, 1])


def test_the_share_is_the_integral_of_the_ramp_whatever_the_month_of_service():
    start, months, mean = 2027 + 7 / 12, 18.0, 0.7
    moments = np.linspace(2027, 2030, 300_001)
    moments = (moments[1:] + moments[:-1]) / 2
    ramp = 2 * mean - 1 + (2 - 2 * mean) * (moments - start) / (months / 12)
    share = np.where(moments < start, 0.0, np.minimum(ramp, 1.0)).reshape(3, -1).mean(axis=1)
    np.testing.assert_allclose(usable_share(start, [2027, 2028, 2029], months, mean), share, atol=1e-5)


@given(start=st.floats(2025, 2031), months=st.floats(0, 36), mean=st.floats(0.5, 1.0))
def test_what_the_ramp_costs_in_all_is_the_same_for_every_start(start, months, mean):
    shares = usable_share(start, np.arange(2025, 2041), months, mean)
    assert shares.sum() == pytest.approx(2041 - start - (1 - mean) * months / 12, abs=1e-9)
    assert np.all((shares >= -1e-12) & (shares <= 1 + 1e-12))


def test_a_ramp_without_meaning_is_refused_whole():
    with pytest.raises(InputError) as caught:
        usable_share(2026.0, 2026, ramp_months=-2, ramp_mean_frac=0.4)
    assert len(caught.value.problems) == 2


def test_what_begins_and_ends_within_a_model_year_counts_for_that_part_of_it():
    # 0.6 of the first of three calendar years and 0.25 of the third: 1.85 of 3.
    assert float(share_in_force(2026.4, 2028.25, 2026, 3.0)) == pytest.approx(1.85 / 3)
    assert float(share_in_force(2026.4, np.inf, 2026, 3.0)) == pytest.approx(2.6 / 3)
