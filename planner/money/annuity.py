"""Annuities: what an asset costs a year, and the rates behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.units import MONTHS_PER_YEAR

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats


def real_rate(nominal_frac: ArrayLike, inflation_frac: ArrayLike) -> Floats:
    r"""Real rate that belongs to a nominal one (Fisher).

    .. math:: r = \frac{1 + i}{1 + \pi} - 1

    >>> round(float(real_rate(0.08, 0.025)), 6)
    0.053659
    """
    growth = 1.0 + checked_rate(nominal_frac, "nominal_frac")
    return growth / (1.0 + checked_rate(inflation_frac, "inflation_frac")) - 1.0


def capital_recovery_factor(rate_frac: ArrayLike, life_years: ArrayLike) -> Floats:
    r"""Payment at the end of each year that repays one dollar over its life.

    .. math:: \mathrm{CRF}(r, n) = \frac{r}{1 - (1 + r)^{-n}}, \qquad \mathrm{CRF}(0, n) = 1/n
    Takes `life_years` [yr]. Gives [1/yr].

    >>> round(float(capital_recovery_factor(0.08, 20.0)), 6)
    0.101852
    >>> float(capital_recovery_factor(0.0, 20.0))
    0.05
    """
    rate, life = np.broadcast_arrays(checked_rate(rate_frac), checked_life(life_years))
    repaid = -np.expm1(-life * np.log1p(rate))
    has_interest = rate != 0.0
    return np.where(has_interest, rate / np.where(has_interest, repaid, 1.0), 1.0 / life)


def interest_during_construction_frac(rate_frac: ArrayLike, months: ArrayLike) -> Floats:
    r"""Interest until service on money spent evenly over the construction, per dollar spent.

    .. math:: \frac{1}{T} \int_0^T (1 + r)^u \, du - 1 = \frac{(1 + r)^T - 1}{T \ln(1 + r)} - 1
    Takes `months` [month].

    >>> round(float(interest_during_construction_frac(0.07, 18.0)), 6)
    0.052505
    """
    years = np.asarray(months, dtype=float) / MONTHS_PER_YEAR
    if not np.all(years >= 0.0):
        raise InputError([Problem("finance", None, None, f"months is {MONTHS_PER_YEAR * years}", "at least 0")])
    growth = np.asarray(np.log1p(checked_rate(rate_frac)) * years)
    has_interest = growth != 0.0
    mean = np.expm1(growth) / np.where(has_interest, growth, 1.0)
    return np.where(has_interest, mean - 1.0, 0.0)


def annuity_payment(
    overnight: ArrayLike, rate_frac: ArrayLike, life_years: ArrayLike, idc_frac: ArrayLike = 0.0
) -> Floats:
    r"""Equal mid-year payment whose present value over the whole life is the cost.

    .. math:: A = \frac{K (1 + \mathrm{idc}) \, \mathrm{CRF}(r, n)}{\sqrt{1 + r}}
    Takes `life_years` [yr].

    >>> round(float(annuity_payment(11.65, 0.055, 20.0, 0.04)), 6)
    0.987077
    """
    cost = np.asarray(overnight, dtype=float) * (1.0 + np.asarray(idc_frac, dtype=float))
    return cost * capital_recovery_factor(rate_frac, life_years) / np.sqrt(1.0 + checked_rate(rate_frac))


def financing_premium(asset_rate_frac: ArrayLike, rate_frac: ArrayLike, life_years: ArrayLike) -> Floats:
    r"""Give what an asset costs more since its own rate is not the plan's, per dollar.

    The payments follow the asset's rate and are discounted at the plan's:

    .. math:: \frac{\mathrm{CRF}(r_a, n)}{\sqrt{1 + r_a}} \cdot
              \frac{\sqrt{1 + r}}{\mathrm{CRF}(r, n)} - 1
    Takes `life_years` [yr].

    >>> round(float(financing_premium(0.09, 0.06, 15.0)), 4)
    0.1882
    """
    own = annuity_payment(1.0, asset_rate_frac, life_years)
    return np.asarray(own / annuity_payment(1.0, rate_frac, life_years) - 1.0)


def checked_rate(rate_frac: ArrayLike, name: str = "rate_frac") -> Floats:
    """Return a rate as an array of numbers above -1, or refuse it."""
    rate = np.asarray(rate_frac, dtype=float)
    if not np.all(rate > -1.0):
        raise InputError([Problem("finance", None, None, f"{name} is {rate}", "above -1")])
    return rate


def checked_life(life_years: ArrayLike) -> Floats:
    """Return a life as an array of numbers above 0, or refuse it."""
    life = np.asarray(life_years, dtype=float)
    if not np.all(life > 0.0):
        raise InputError([Problem("finance", None, None, f"life_years is {life}", "above 0")])
    return life
