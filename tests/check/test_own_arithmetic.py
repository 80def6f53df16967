"""The checker's own arithmetic, worked out by hand and held against the library's."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from planner.check.grid import by_day_and_hour
from planner.check.optimality import StoredProgram
from planner.check.payments import discounts, instalment
from planner.check.stating import Here
from planner.clock.profiles import usable_share
from planner.money.finance import annuity_payment


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

    here = Here(SimpleNamespace(ends={"2027": year + span}), {"year": "2027"})

    own = [here.share(begin, ramp_months=months, ramp_mean_frac=0.65) for begin in start]

    plan = usable_share(start, year, ramp_months=months, ramp_mean_frac=0.65, span_years=span)
    assert own == pytest.approx(plan, abs=1e-9)


def test_a_perpetuity_makes_the_last_year_stand_for_all_that_follow():
    finance = SimpleNamespace(rate_frac=0.25, base_year=2026, end_of_horizon="perpetuity")
    case = SimpleNamespace(inputs=SimpleNamespace(finance=finance), calendar=(2026, 2027, 2028))

    worth = discounts(case)

    assert worth[2027] == pytest.approx(1.25**-1.5)
    # 1.25^-2.5 + 1.25^-3.5 + ..., to year 300 of it, where hardly anything is left.
    assert worth[2028] == pytest.approx(sum(1.25 ** (-2.5 - later) for later in range(300)))


def test_hours_of_a_local_clock_are_spread_over_slots_in_utc():
    time = SimpleNamespace(slot_h=6)
    case = SimpleNamespace(scenario=SimpleNamespace(time=time))
    of_days = np.zeros((2, 24))
    of_days[0, 11], of_days[1, 20] = 24.0, 36.0

    # At 5.5 h east, 11:00 to 12:00 is 5:30 to 6:30 UTC, on both sides of a slot's end; and 20:00
    # to 21:00 is 14:30 to 15:30. A slot has 24 quarters of an hour, of which 2 and 2, and 4.
    assert by_day_and_hour(case, of_days, 5.5).tolist() == [2.0, 2.0, 0.0, 0.0, *(0.0, 0.0, 6.0, 0.0)]


def test_a_column_without_a_bound_has_what_a_row_leaves_it():
    # 3 x + 2 y <= 40, and neither has an upper bound.
    proof = SimpleNamespace(
        matrix=pd.DataFrame({"row": [0, 0], "column": [0, 1], "value": [3.0, 2.0]}),
        row={"lower": np.array([-np.inf]), "upper": np.array([40.0])}.get,
        column={"cost": np.zeros(2)}.get,
        offset_musd=0.0,
    )

    lower, upper = StoredProgram(proof).implied(np.array([4.0, 5.0]), np.full(2, np.inf), 700.0)

    assert lower.tolist() == [4.0, 5.0]
    assert upper.tolist() == [(40.0 - 2.0 * 5.0) / 3.0, (40.0 - 3.0 * 4.0) / 2.0]
