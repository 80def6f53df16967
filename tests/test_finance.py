"""Laws and hand-worked values of money over time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.money.finance import (
    annuity_payment,
    capital_recovery_factor,
    discount_factor,
    financing_premium,
    interest_during_construction_frac,
    perpetuity_tail,
    real_rate,
    spending_shares,
    yearly_payment_shares,
)

rates = st.floats(min_value=0.0, max_value=0.25)
lives = st.integers(min_value=2, max_value=40)
starts = st.integers(min_value=2025 * 12, max_value=2031 * 12 - 1).map(lambda month: month / 12)


def worth(rate, life, start, last):
    """Present value on 1 January 2025 of a dollar a year over a life, as far as a horizon goes."""
    factors = discount_factor(rate, np.arange(2025, last + 1), 2025)
    return float((yearly_payment_shares(life, start, 2025, last) * factors).sum())


def test_a_nominal_rate_over_inflation_gives_the_real_rate():
    # 1.1 / 1.04 = 1.0576923...
    assert float(real_rate(0.10, 0.04)) == pytest.approx(0.06 / 1.04)


def test_two_payments_repay_a_dollar_with_interest():
    # x/1.1 + x/1.21 = 1  ->  x = 1.21 / 2.1
    assert float(capital_recovery_factor(0.10, 2)) == pytest.approx(1.21 / 2.1)


def test_capital_recovery_is_continuous_where_the_rate_is_zero():
    factors = capital_recovery_factor([0.0, 1e-9], [7.0, 7.0])
    assert factors[0] == pytest.approx(1 / 7, abs=1e-15)
    assert factors[1] == pytest.approx(factors[0], rel=1e-8)


def test_interest_during_construction_is_the_mean_growth_of_money_spent_evenly():
    rate, months = 0.07, 18.0
    moments_years = (np.arange(100_000) + 0.5) / 100_000 * months / 12
    mean_growth = np.mean((1 + rate) ** moments_years)
    assert float(interest_during_construction_frac(rate, months)) == pytest.approx(mean_growth - 1, rel=1e-7)


@pytest.mark.parametrize(("rate", "months"), [(0.0, 18.0), (0.07, 0.0)])
def test_there_is_no_interest_without_a_rate_or_without_a_wait(rate, months):
    assert float(interest_during_construction_frac(rate, months)) == 0.0


@given(rate=rates, life=lives, start=st.integers(2025, 2030))
def test_payments_of_the_whole_life_are_worth_the_cost_on_the_day_of_service(rate, life, start):
    cost, idc = 13.7, 0.031
    paid = annuity_payment(cost, rate, life, idc) * worth(rate, life, start, 2025 + 60)
    assert float(paid) == pytest.approx(cost * (1 + idc) * (1 + rate) ** -(start - 2025), rel=1e-9)


@given(rate=rates, life=lives, start=starts)
def test_a_start_inside_a_year_costs_at_most_an_eighth_of_the_squared_rate_more(rate, life, start):
    paid = annuity_payment(1.0, rate, life) * worth(rate, life, start, 2090)
    excess = float(paid) * (1 + rate) ** (start - 2025) - 1
    assert -1e-9 <= excess <= rate**2 / 8 + 1e-9


@given(life=lives, start=starts)
def test_one_more_year_of_horizon_leaves_the_earlier_years_payments_alone(life, start):
    short = yearly_payment_shares(life, start, 2025, 2030)
    longer = yearly_payment_shares(life, start, 2025, 2031)
    np.testing.assert_array_equal(longer[:-1], short)


@given(life=lives, start=starts)
def test_payment_shares_of_a_long_horizon_sum_to_the_life(life, start):
    assert yearly_payment_shares(life, start, 2025, 2090).sum() == pytest.approx(life)


def test_a_discount_factor_counts_from_the_first_of_january_to_the_middle_of_the_year():
    np.testing.assert_allclose(discount_factor(0.08, [2025, 2028], 2025), [1.08**-0.5, 1.08**-3.5])


def test_a_perpetuity_is_the_limit_of_a_long_row_of_payments():
    years = np.arange(2031, 2031 + 600)
    assert float(perpetuity_tail(0.05, 2030, 2025)) == pytest.approx(discount_factor(0.05, years, 2025).sum())


def test_a_perpetuity_without_interest_among_others_is_refused():
    with pytest.raises(InputError, match="go on for ever"):
        perpetuity_tail([0.05, 0.0], 2030, 2025)


def test_a_perpetuity_without_interest_is_refused():
    with pytest.raises(InputError, match="above 0"):
        perpetuity_tail(0.0, 2030, 2025)


def test_a_costlier_loan_shows_as_a_premium_over_the_plans_rate():
    # At 10 % two payments of 1.21 / 2.1 / sqrt(1.1); discounted without interest they sum to
    # 2 x 0.549384 = 1.098767 per dollar.
    assert float(financing_premium(0.10, 0.0, 2)) == pytest.approx(2 * 1.21 / 2.1 / 1.1**0.5 - 1)


def test_cash_is_spent_evenly_over_the_months_before_service():
    # 18 months to 1 April 2029: 3 months in 2029, 12 in 2028, 3 in 2027.
    shares = spending_shares([2029.25, 2027.5], [18.0, 0.0], 2026, 2030)
    np.testing.assert_allclose(shares, [[0, 1 / 6, 2 / 3, 1 / 6, 0], [0, 1, 0, 0, 0]])


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: capital_recovery_factor(-1.5, 20), "rate_frac is -1.5"),
        (lambda: capital_recovery_factor(0.06, 0), "life_years is 0"),
        (lambda: interest_during_construction_frac(0.06, -3), "months is -3"),
    ],
)
def test_money_without_meaning_is_refused(call, what):
    with pytest.raises(InputError, match=what):
        call()
