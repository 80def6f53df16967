"""Payments and discounting written down a second time, year by year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import once, table_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats
    from planner.check.case import Case


def instalment(rate_frac: ArrayLike, life_years: Floats) -> Floats:
    """Equal mid-year payment that repays one dollar over a life, by its rate. Takes `life_years` [yr]. Gives [1/yr].

    Two payments at 5 %: 0.5248 / 1.05**0.5 + 0.5248 / 1.05**1.5 = 1. The end of an uneven life counts as its part.

    >>> instalment(0.05, np.array([2.0])).round(4).tolist()
    [0.5248]
    """
    step = 1.0 / (1.0 + np.asarray(rate_frac, dtype=np.float64))
    is_free = step == 1.0
    years = (1.0 - step**life_years) / np.where(is_free, 1.0, 1.0 - step)
    return np.asarray(1.0 / (np.sqrt(step) * np.where(is_free, life_years, years)))


def discounts(case: Case) -> pd.Series[float]:
    """Worth of a payment in the middle of each calendar year on 1 January of the base year."""
    finance = case.inputs.finance
    growth = 1.0 + finance.rate_frac
    worth = {year: growth ** (finance.base_year - year - 0.5) for year in case.calendar}
    if finance.end_of_horizon == "perpetuity":
        worth[case.calendar[-1]] *= 1.0 + 1.0 / finance.rate_frac
    return pd.Series(worth)


@once
def yearly_weight(case: Case) -> pd.Series[float]:
    """Sum of the discount factors of the calendar years of each model year. [year]"""
    return discounts(case).groupby(list(case.model_year.values())).sum()


def repay(case: Case, asset: pd.DataFrame, rate_frac: ArrayLike | None = None) -> pd.DataFrame:
    """Payments for assets by site and calendar year."""
    finance = case.inputs.finance
    start, life, cost = (asset[name].to_numpy(dtype=np.float64) for name in ("start", "life_years", "cost_musd"))
    growth = 1.0 + finance.rate_frac
    yearly = cost * instalment(finance.rate_frac if rate_frac is None else rate_frac, life)
    worth = yearly / instalment(finance.rate_frac, life)
    horizon_end = case.calendar[-1] + 1.0
    payments = []
    for year in case.calendar:
        if finance.end_of_horizon == "truncated_salvage":
            bought = np.where(np.floor(start) == year, worth * growth ** (year + 0.5 - start), 0.0)
            book = worth * np.clip((start + life - horizon_end) / life, 0.0, 1.0)
            paid = bought - (year == case.calendar[-1]) * book / np.sqrt(growth)
        else:
            in_service = np.minimum(start + life, year + 1.0) - np.maximum(start, float(year))
            paid = yearly * np.clip(in_service, 0.0, 1.0)
        payments.append(paid)
    rows = np.tile(np.arange(len(asset)), len(case.calendar))
    return table_of(
        {
            "site": asset["site"].array.take(rows),
            "calendar_year": np.repeat(case.calendar, len(asset)),
            "musd": np.concatenate(payments),
        }
    )


def of_site(case: Case, frame: pd.DataFrame, values: Floats) -> Floats:
    """Take one value per site to the rows of a table."""
    return np.asarray(values)[case.inputs.sets.site.codes(frame["site"])]
