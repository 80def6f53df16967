"""The reference fleet, worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.clock.days import ModelYears
from planner.fleet.compute import Cohorts, alive_frac, reference_fleet_compute

YEARS = ModelYears((2025, 2026, 2027, 2028, 2029, 2030))


def cohorts(vintages, lives, h100e_per_mw):
    return Cohorts(np.array(vintages), np.array([lives]), np.array([h100e_per_mw], dtype=float))


STOCK = cohorts([2022, 2024, 2025], [5, 5, 5], [300, 500, 800])
REFERENCE = cohorts(list(YEARS.years), [5, 5, 5, 4, 4, 4], [800, 900, 1100, 1400, 1600, 2100])
PATH_MW = [[20.0, 26.0, 32.0, 44.0, 58.0, 71.0]]
SHARES = [[0.2, 0.3, 0.5]]
WORKLOADS = ["train"]


def test_a_five_year_rack_bought_in_2025_serves_2025_to_2029():
    np.testing.assert_array_equal(alive_frac(2025, 5, YEARS), [1, 1, 1, 1, 1, 0])


def test_a_rack_serves_a_model_year_only_if_it_serves_all_its_years():
    years = ModelYears((2025, 2028, 2030))  # stand for 2025-2027, 2028-2029, 2030
    np.testing.assert_array_equal(alive_frac([2023, 2023, 2025], [4, 5, 5], years), [[0, 0, 0], [1, 0, 0], [1, 1, 0]])


def test_gross_additions_are_net_growth_plus_what_retires():
    fleet = reference_fleet_compute(PATH_MW, YEARS, SHARES, STOCK, REFERENCE, [0.7], WORKLOADS)
    # Stock 4, 6, 10 MW of 2022, 2024, 2025; it serves until 2026, 2028, 2029.
    # 2026: 26 - 20 = 6. 2027: 32 - 26 + 4 retired = 10. 2028: 44 - 32 = 12.
    # 2029: 58 - 44 + 6 retired = 20. 2030: 71 - 58 + 10 retired = 23;
    # the additions of 2026 serve until 2030.
    np.testing.assert_allclose(fleet.additions_mw, [[0, 6, 10, 12, 20, 23]], atol=1e-12)


def test_compute_is_the_sum_over_the_vintages_alive():
    fleet = reference_fleet_compute(PATH_MW, YEARS, SHARES, STOCK, REFERENCE, [0.7], WORKLOADS)
    by_hand = [
        4 * 300 + 6 * 500 + 10 * 800,
        4 * 300 + 6 * 500 + 10 * 800 + 6 * 900,
        6 * 500 + 10 * 800 + 6 * 900 + 10 * 1100,
        6 * 500 + 10 * 800 + 6 * 900 + 10 * 1100 + 12 * 1400,
        10 * 800 + 6 * 900 + 10 * 1100 + 12 * 1400 + 20 * 1600,
        6 * 900 + 10 * 1100 + 12 * 1400 + 20 * 1600 + 23 * 2100,
    ]
    np.testing.assert_allclose(fleet.compute_h100e, [[0.7 * mw for mw in by_hand]])


def test_a_path_that_falls_switches_racks_off_and_on_again_before_new_ones_are_bought():
    fleet = reference_fleet_compute(
        [[20.0, 12.0, 18.0]],
        ModelYears((2025, 2026, 2027)),
        [[0.25, 0.75]],
        cohorts([2024, 2025], [6, 6], [500, 800]),
        cohorts([2025, 2026, 2027], [5, 5, 5], [800, 900, 1100]),
        [0.9],
        WORKLOADS,
    )
    np.testing.assert_array_equal(fleet.additions_mw, [[0, 0, 0]])
    per_mw = 0.25 * 500 + 0.75 * 800
    np.testing.assert_allclose(fleet.compute_h100e, [[0.9 * mw * per_mw for mw in (20, 12, 18)]])


@given(path=st.lists(st.floats(0.5, 90.0), min_size=6, max_size=6), shares=st.tuples(*[st.floats(0.1, 5.0)] * 3))
def test_the_fleet_in_service_is_the_path_in_every_year(path, shares):
    fleet = reference_fleet_compute([path], YEARS, [np.array(shares) / sum(shares)], STOCK, REFERENCE, [0.7], WORKLOADS)
    np.testing.assert_allclose(fleet.alive_mw.sum(axis=1), [path])
    assert np.all(fleet.additions_mw >= 0)


def test_racks_that_live_shorter_than_their_model_year_are_refused():
    with pytest.raises(InputError) as caught:
        reference_fleet_compute(
            [[20.0, 26.0]],
            ModelYears((2025, 2028)),
            [[0.4, 0.6]],
            cohorts([2022, 2024], [5, 5], [300, 500]),
            cohorts([2025, 2028], [2, 5], [800, 900]),
            [0.7],
            WORKLOADS,
        )
    assert [problem.what_is for problem in caught.value.problems] == [
        "workload train adds racks in 2025 with a life of 2"
    ]
