"""Shadow prices: right in sign, right in unit, and only where a limit binds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check import money
from planner.check.chain import site_power
from planner.check.declared import DualPrice, merged
from planner.check.families import FAMILIES
from planner.check.frames import column_by, lookup
from planner.check.payments import discounts
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case


PRICE_KEY: Final = (
    "block",
    "site",
    "region",
    "workload",
    "zone",
    "market",
    "vendor",
    "hall",
    "year",
    "period",
    "contract",
    "pool",
    "source",
    "slot",
    "tier",
)
_USD_PER_MUSD: Final = 1e6

PRICES: Final[Mapping[str, DualPrice]] = merged((*FAMILIES, money), "PRICES")
"""Every limit whose dual is a price."""


@rule(unit="MUSD")
def dual_sign(case: Case) -> Excess:
    """Looser limits never cost more, and no compute is worth more than its unmet price."""
    prices = case.plan("prices")
    stricter = prices["block"].isin(_named("must_be_met")).to_numpy()
    raw = prices["raw_dual"].to_numpy()
    wrong = np.where(stricter, -raw, raw)
    wrong = np.where(prices["block"].isin(_named("either_sign")), 0.0, wrong)
    is_demand = (prices["block"] == "demand_balance").to_numpy()
    price = case.scenario.demand.unmet_usd_per_h100e_hour
    ceiling = price if case.scenario.demand.unmet == "allow" else np.inf
    values = prices["value"].to_numpy()[is_demand]
    place = prices[list(PRICE_KEY)]
    return Excess.above(place[~is_demand], wrong[~is_demand], 0.0).and_also(
        Excess.above(place[is_demand], values, ceiling)
    )


@rule(unit="USD")
def dual_unit(case: Case) -> Excess:
    """Shadow prices are undiscounted duals: of a year's payments, of one, or of the horizon."""
    prices = case.plan("prices")
    growth = 1.0 + case.inputs.finance.rate_frac
    base = case.inputs.finance.base_year
    once = pd.Series({year: growth ** (base - year - 0.5) for year in case.years})
    paid = prices["block"].map({block: price.paid for block, price in PRICES.items()})
    weight = np.where(
        paid == "once",
        lookup(once, prices, ("year",), np.nan),
        np.where(paid == "horizon", discounts(case).sum(), lookup(yearly_weight(case), prices, ("year",), np.nan)),
    )
    in_one = {block: price.units for block, price in PRICES.items()}
    units = prices["block"].map(in_one).to_numpy(dtype=np.float64)
    units = units * lookup(hours_of_slot(case), prices, ("slot",), 1.0)
    stricter = prices["block"].isin(_named("must_be_met"))
    raw = np.where(stricter, 1.0, -1.0) * prices["raw_dual"].to_numpy()
    value = raw * _USD_PER_MUSD / units / weight
    return Excess.differs(prices[list(PRICE_KEY)], prices["value"].to_numpy(), value)


def _named(flag: str) -> list[str]:
    """Return the limits whose price has a flag."""
    return [block for block, price in PRICES.items() if getattr(price, flag)]


def yearly_weight(case: Case) -> pd.Series[float]:
    """Sum of the discount factors of the calendar years of each model year. [year]"""
    model_year = pd.Series({y: max(t for t in case.years if t <= y) for y in case.calendar})
    return discounts(case).groupby(model_year).sum()


def hours_of_slot(case: Case) -> pd.Series[float]:
    """Hours of the year that each time slice stands for. [h]"""
    return column_by(site_power(case).slot, "slot", "hours")


RULES = (dual_sign, dual_unit)
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {"prices": {"dual_unit": "value raw_dual"}}
