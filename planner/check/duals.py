"""Shadow prices: those of the proof, right in sign, right in unit, and only where a limit binds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.chain import site_power
from planner.check.declared import DualPrice, merged
from planner.check.families import FAMILIES
from planner.check.frames import column_by, isin, lookup, once, sum_by, table_of, together
from planner.check.payments import discounts, yearly_weight
from planner.check.stating import stored_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
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
_DUAL_NOISE: Final = 1e-9  # [MUSD per unit], duals below have no row in table `prices`

PRICES: Final[Mapping[str, DualPrice]] = merged(FAMILIES, "PRICES")
"""Every limit whose dual is a price."""


@rule(unit="MUSD")
def dual_sign(case: Case) -> Iterator[Excess]:
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
    yield Excess.above(place[~is_demand], wrong[~is_demand], 0.0)
    yield Excess.above(place[is_demand], values, ceiling)


@rule(unit="USD")
def dual_unit(case: Case) -> Excess:
    """Shadow prices are undiscounted duals: of a year's payments, of one, or of the horizon."""
    prices = case.plan("prices")
    growth = 1.0 + case.inputs.finance.rate_frac
    base = case.inputs.finance.base_year
    at_once = pd.Series({year: growth ** (base - year - 0.5) for year in case.years})
    paid = prices["block"].map({block: price.paid for block, price in PRICES.items()})
    weight = np.where(
        paid == "once",
        lookup(at_once, prices, ("year",), np.nan),
        np.where(paid == "horizon", discounts(case).sum(), lookup(yearly_weight(case), prices, ("year",), np.nan)),
    )
    in_one = {block: price.units for block, price in PRICES.items()}
    units = prices["block"].map(in_one).to_numpy(dtype=np.float64)
    by_the_hour = prices["block"].isin([block for block, price in PRICES.items() if price.unit == "USD/MWh"])
    units = units * np.where(by_the_hour, lookup(hours_of_slot(case), prices, ("slot",), 1.0), 1.0)
    stricter = prices["block"].isin(_named("must_be_met"))
    raw = np.where(stricter, 1.0, -1.0) * prices["raw_dual"].to_numpy()
    value = raw * _USD_PER_MUSD / units / weight
    return Excess.differs(prices[list(PRICE_KEY)], prices["value"], value)


def _named(flag: str) -> list[str]:
    """Return the limits whose price has a flag."""
    return [block for block, price in PRICES.items() if getattr(price, flag)]


def hours_of_slot(case: Case) -> pd.Series[float]:
    """Hours of the year that each time slice stands for. [h]"""
    return column_by(site_power(case).slot, "slot", "hours")


@rule(unit="MUSD", floor=1e-3)
def prices_as_solved(case: Case) -> Iterator[Excess]:
    """Table `prices` has a row, with number and unit, for every dual of a limit that is not 0."""
    reported, keys, solved = case.plan("prices"), list(PRICE_KEY), _duals(case)
    place = together(keys, solved, reported)
    left = lookup(sum_by(reported, keys, reported["raw_dual"]), place, keys, np.nan)
    left = np.where(isin(place, reported[reported["raw_dual"].isna()], keys), np.nan, left)
    right = lookup(sum_by(solved, keys, solved["dual"]), place, keys, np.nan)
    units = reported["block"].map({block: price.unit for block, price in PRICES.items()})
    is_wrong = (units != reported["unit"]).to_numpy(dtype=np.bool_)
    yield Excess.differs(place, left, right)
    yield Excess.count_broken(reported[keys], is_wrong)


@once
def _duals(case: Case) -> pd.DataFrame:
    """Every dual of a limit that is not 0, by the keys of table `prices`. [MUSD per unit]"""
    keys = list(PRICE_KEY)
    parts = [
        labelled(case, "rows", block, "dual", _DUAL_NOISE).assign(block=block)
        for block in case.proof.rows["family"].cat.categories
        if block in PRICES and case.proof.has_duals
    ]
    empty = pd.DataFrame(columns=[*keys, "dual"]).astype({"dual": "float64", "year": "int64"})
    solved = pd.concat([empty, *parts], ignore_index=True)
    solved = solved.fillna({name: "" for name in keys if name != "year"})[[*keys, "dual"]]
    return solved.astype({"year": "int64"})


@rule(unit="USD")
def worths_as_solved(case: Case) -> Excess:
    """The value of a stress hour follows from the duals."""
    table, keys = case.plan("stress_slot"), ("site", "year", "slot")
    hours = lookup(hours_of_slot(case), table, ("slot",), np.nan)
    yearly = lookup(yearly_weight(case), table, ("year",), np.nan)
    worth = _usd(case, "non_firm_power", keys, table) / (hours * yearly)
    return Excess.reported(table[list(keys)], table["worth_usd_per_mwh"], worth)


def _usd(case: Case, block: str, keys: tuple[str, ...], table: pd.DataFrame) -> Floats:
    """Return what one more unit of a limit saves, row by row; nan without duals. [USD]"""
    if not case.proof.has_duals:
        return np.full(len(table), np.nan)
    rows = labelled(case, "rows", block, "dual", 0.0)
    if not len(rows):
        return np.zeros(len(table))
    return lookup(sum_by(rows, keys, -_USD_PER_MUSD * rows["dual"]), table, keys)


def labelled(case: Case, of: str, name: str, number: str, noise: float) -> pd.DataFrame:
    """Return the labels of a block's rows or columns with a number, where it is not nothing."""
    block, frame = stored_of(case).block(of, name), getattr(case.proof, of)
    numbers = frame[number].to_numpy(dtype=np.float64)[block.places]
    there = ~(np.abs(numbers) <= noise)
    labels = {axis: of.astype(np.int64) if axis == "year" else of for axis, of in block.labels(there).items()}
    return table_of(labels | {number: numbers[there]}, index=pd.RangeIndex(int(there.sum())))
