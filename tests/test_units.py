"""Conversions of work to mean H100-equivalents, and constants that must agree."""

import numpy as np
import pytest

from planner.base import units
from planner.fleet import compute


def test_the_modelled_year_has_no_leap_day():
    assert units.HOURS_PER_YEAR == 8760.0


def test_factors_between_units_are_those_of_their_prefixes():
    of_prefix = {
        "KW_PER_MW": 1e3,
        "MW_PER_GW": 1e3,
        "MWH_PER_GWH": 1e3,
        "MWH_PER_TWH": 1e6,
        "USD_PER_MUSD": 1e6,
        "MUSD_PER_BUSD": 1e3,
        "LITRES_PER_M3": 1e3,
        "SECONDS_PER_HOUR": 60.0 * 60.0,
        "SECONDS_PER_DAY": 86_400.0,
    }

    assert {name: getattr(units, name) for name in of_prefix} == of_prefix


def test_a_training_run_keeps_the_cards_busy_that_its_arithmetic_needs():
    # 20 H100 at 40 % of their peak for 7 days do 20 x 0.989 x 0.4 x 7 PF-days.
    assert float(compute.mean_h100e_from_pf_days(20 * 0.989 * 0.4 * 7, 7.0)) == pytest.approx(20.0)


def test_requests_are_seconds_of_a_card_over_the_seconds_of_a_day():
    # Two requests each second of 3 s: six cards.
    assert float(compute.mean_h100e_from_requests_per_day(2 * 86400, 3.0)) == pytest.approx(6.0)


def test_tokens_are_divided_by_the_throughput_of_a_card():
    # 5,000 and 7,500 tokens each second at 2,500 tokens/s and card.
    cards = compute.mean_h100e_from_tokens_per_day(np.array([5000.0, 7500.0]) * 86400, 2500.0)
    np.testing.assert_allclose(cards, [2.0, 3.0])
