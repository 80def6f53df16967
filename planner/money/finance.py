"""Annuities, discount factors and instalments; prices in tiers."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import refuse
from planner.base.units import MONTHS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    refuse("finance", (not np.all(years >= 0.0), f"months is {MONTHS_PER_YEAR * years}", "at least 0"))
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
    refuse("finance", (not np.all(rate > -1.0), f"{name} is {rate}", "above -1"))
    return rate


def checked_life(life_years: ArrayLike) -> Floats:
    """Return a life as an array of numbers above 0, or refuse it."""
    life = np.asarray(life_years, dtype=float)
    refuse("finance", (not np.all(life > 0.0), f"life_years is {life}", "above 0"))
    return life


# --- Money over time: real rates, annuities, and what falls inside the horizon --------------------


def discount_factor(rate_frac: ArrayLike, year: ArrayLike, base_year: int) -> Floats:
    r"""Worth on 1 January of the base year of one dollar paid in the middle of a calendar year.

    .. math:: (1 + r)^{-(y - y_0 + 1/2)}

    >>> round(float(discount_factor(0.06, 2027, 2025)), 6)
    0.864441
    """
    return (1.0 + checked_rate(rate_frac)) ** -(np.asarray(year, dtype=float) - base_year + 0.5)


def year_weights(rate_frac: float, calendar_years: Sequence[Sequence[int]], base_year: int) -> Floats:
    """Sum of the discount factors of the calendar years that each model year stands for.

    >>> year_weights(0.06, [[2025], [2026, 2027]], 2025).round(6).tolist()
    [0.971286, 1.780748]
    """
    return np.array([discount_factor(rate_frac, list(years), base_year).sum() for years in calendar_years])


def yearly_payment_shares(
    life_years: ArrayLike, service_start: ArrayLike, first_calendar_year: int, last_calendar_year: int
) -> Floats:
    """Share of a yearly payment that is due in each calendar year of the horizon.

    The year in which service starts is charged for its months in service, the last year of
    life for the remainder, every year between in full.
    Takes `life_years` [yr].

    >>> yearly_payment_shares(2.0, 2028.25, 2027, 2031).tolist()
    [0.0, 0.75, 1.0, 0.25, 0.0]
    """
    start, life = np.broadcast_arrays(np.asarray(service_start, dtype=float), checked_life(life_years))
    return _shares_of_years(start, start + life, first_calendar_year, last_calendar_year)


def spending_shares(
    service_start: ArrayLike, construction_months: ArrayLike, first_calendar_year: int, last_calendar_year: int
) -> Floats:
    """Share of an overnight cost that is paid in cash in each calendar year.

    Spending is even over the months before service; what falls outside the horizon is left
    out, so the shares of a full horizon sum to 1.
    Takes `construction_months` [month].

    >>> spending_shares(2028.5, 24.0, 2026, 2028).tolist()
    [0.25, 0.5, 0.25]
    >>> spending_shares(2028.0, 0.0, 2026, 2028).tolist()
    [0.0, 0.0, 1.0]
    """
    start, years = np.broadcast_arrays(
        np.asarray(service_start, dtype=float), np.asarray(construction_months, dtype=float) / MONTHS_PER_YEAR
    )
    is_spread = years > 0.0
    at_once = np.arange(first_calendar_year, last_calendar_year + 1) == np.floor(start)[..., None]
    spread = _shares_of_years(start - years, start, first_calendar_year, last_calendar_year)
    return np.where(is_spread[..., None], spread / np.where(is_spread, years, 1.0)[..., None], at_once)


def perpetuity_tail(rate_frac: ArrayLike, last_calendar_year: int, base_year: int) -> Floats:
    r"""Worth of one dollar a year for ever after the horizon.

    .. math:: \sum_{y > y_2} (1 + r)^{-(y - y_0 + 1/2)} = \frac{(1 + r)^{-(y_2 - y_0 + 1/2)}}{r}
    Gives [yr].

    >>> round(float(perpetuity_tail(0.06, 2030, 2025)), 4)
    12.0967
    """
    rate = np.asarray(rate_frac, dtype=float)
    what_is = f"the real rate is {rate} and payments go on for ever"
    fix = "choose another end of the horizon or a higher rate"
    refuse("finance", (not np.all(rate > 0.0), what_is, "above 0", fix))
    return np.asarray(discount_factor(rate, last_calendar_year, base_year) / rate, dtype=float)


def _shares_of_years(begin: Floats, end: Floats, first_calendar_year: int, last_calendar_year: int) -> Floats:
    """Part of each calendar year between two moments, on a new last axis."""
    years = np.arange(first_calendar_year, last_calendar_year + 1, dtype=float)
    overlap = np.minimum(end[..., None], years + 1.0) - np.maximum(begin[..., None], years)
    return np.asarray(np.clip(overlap, 0.0, 1.0))


ONE_MORE_PRICE: Final = "one price more than limits"
RISING: Final = "above 0 and rising from tier to tier"


def broken_rules(prices: Sequence[float], limits: Sequence[float]) -> tuple[str, ...]:
    """Return the rules that are broken by the prices [USD/unit] of tiers and the limits [unit] between them.

    >>> broken_rules((9.0, 6.0), (20.0,)), broken_rules((9.0, 6.0, 7.0), (30.0, 20.0))
    ((), ('above 0 and rising from tier to tier',))
    """
    is_broken = {
        ONE_MORE_PRICE: len(prices) != len(limits) + 1,
        RISING: any(high <= low for low, high in pairwise((0.0, *limits))),
    }
    return tuple(rule for rule, is_so in is_broken.items() if is_so)
