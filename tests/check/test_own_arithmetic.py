"""The checker's own arithmetic, worked out by hand and held against the library's."""

import numpy as np
import pytest
from pyproj import Geod

from planner.check.globe import distance_km
from planner.check.in_service import ramped_share
from planner.check.payments import instalment
from planner.clock.ramp import usable_share
from planner.money.finance import annuity_payment


def test_instalments_of_three_years_are_worth_one_dollar_at_the_start():
    yearly = instalment(0.07, np.array([3.0]))[0]

    worth = yearly * (1.07**-0.5 + 1.07**-1.5 + 1.07**-2.5)
    assert worth == pytest.approx(1.0, rel=1e-12)


def test_without_interest_instalments_are_equal_parts():
    assert instalment(0.0, np.array([4.0, 5.0])).tolist() == [0.25, 0.2]


def test_each_asset_may_have_a_rate_of_its_own():
    both = instalment(np.array([0.05, 0.11]), np.array([6.0, 6.0]))

    assert both[0] == pytest.approx(instalment(0.05, np.array([6.0]))[0])
    assert both[1] == pytest.approx(instalment(0.11, np.array([6.0]))[0])


@pytest.mark.parametrize("rate", [0.0, 0.031, 0.0585, 0.12])
def test_instalments_are_the_annuities_of_the_plan(rate):
    life = np.array([4.0, 5.0, 14.0, 22.5])

    assert instalment(rate, life) == pytest.approx(annuity_payment(1.0, rate, life), rel=1e-12)


@pytest.mark.parametrize("months", [0.0, 7.0, 12.0, 30.0])
@pytest.mark.parametrize("span", [1.0, 3.0])
def test_the_ramp_is_that_of_the_plan(months, span):
    start = np.array([2026.0, 2027.25, 2027.9, 2029.5])
    year = 2027.0

    own = ramped_share(year - start, year + span - start, months, 0.65)

    plan = usable_share(start, year, ramp_months=months, ramp_mean_frac=0.65, span_years=span)
    assert own == pytest.approx(plan, abs=1e-12)


def test_distances_are_those_of_a_geodesic_library_to_a_millimetre():
    random = np.random.default_rng(7)
    lat_a, lat_b = random.uniform(-70.0, 70.0, (2, 400))
    lon_a, lon_b = random.uniform(-180.0, 180.0, (2, 400))

    own = distance_km(lat_a, lon_a, lat_b, lon_b)

    library = Geod(ellps="WGS84").inv(lon_a, lat_a, lon_b, lat_b)[2] / 1000.0
    near = library < 19_900.0  # opposite ends of the globe are left aside
    assert own[near] == pytest.approx(library[near], abs=1e-6)


def test_a_place_is_no_distance_from_itself():
    here = (np.array([39.2]), np.array([-77.6]))

    assert distance_km(*here, *here).tolist() == [0.0]
