"""Shadow prices: duals without discounting and weights, in units that planners use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from planner.base.units import (
    H100E_PER_KH100E,
    HOURS_PER_YEAR,
    M2_PER_THOUSAND_M2,
    M3_PER_THOUSAND_M3,
    T_PER_KT,
    USD_PER_MUSD,
)
from planner.money.finance import discount_factor
from planner.results.frame import Cells, labels, made
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.results.solved import Solved


__all__ = ["PRICES", "Price", "prices"]

_KH100E_HOURS: Final = H100E_PER_KH100E * HOURS_PER_YEAR  # [H100e h / kH100e and year]
_DUST_MUSD: Final = 1e-9  # [MUSD per unit], a thousandth of a dollar


@dataclass(frozen=True)
class Price:
    """How the dual of a family of rows becomes a price.

    Parameters
    ----------
    block : str
        Family of rows.
    unit : str
        Unit of the price.
    units_per_row_unit : float
        Units of the price's denominator in one unit of the row's right side.
    paid : {"yearly", "once", "horizon"}
        What the dual is divided by: the discounted calendar years that the model year stands
        for, where the row limits what goes on all year; the discount factor of its year, where
        it limits what is bought in it; those of the whole horizon, for a lasting right.
    sign : {-1, 1}
        1 for the cost of one more unit that must be met, -1 for what one more unit of a limit
        saves.
    by_slot : bool
        Whether a row is of one slot: its dual is divided by the hours that the slot stands for.
    """

    block: str
    unit: str
    units_per_row_unit: float
    paid: Literal["yearly", "once", "horizon"]
    sign: Literal[-1, 1]
    by_slot: bool = False


PRICES: Final = (
    Price("demand_balance", "USD/H100e-hour", _KH100E_HOURS, "yearly", 1),
    Price("tight_latency_share", "USD/H100e-hour", _KH100E_HOURS, "yearly", 1),
    Price("rent_depth", "USD/H100e-hour", _KH100E_HOURS, "yearly", -1),
    Price("neighbour_reserve", "USD/H100e-hour", _KH100E_HOURS, "yearly", 1),
    Price("reserve_capacity", "USD/H100e-hour", _KH100E_HOURS, "yearly", -1),
    Price("grid_connection", "USD/MW-year", 1.0, "yearly", -1),
    Price("contract_floor", "USD/MW-year", 1.0, "yearly", -1),
    Price("zone_headroom", "USD/MW-year", 1.0, "horizon", -1),
    Price("all_headroom", "USD/MW-year", 1.0, "horizon", -1),
    Price("contract_limit", "USD/MW-year", 1.0, "yearly", -1),
    Price("power_balance", "USD/MWh", 1.0, "yearly", 1, by_slot=True),
    Price("exact_balance", "USD/MWh", 1.0, "yearly", 1, by_slot=True),
    Price("source_limit", "USD/MW-year", 1.0, "yearly", -1),
    Price("clean_target", "USD/MWh", HOURS_PER_YEAR, "yearly", 1),
    Price("carbon_cap", "USD/t", T_PER_KT, "yearly", -1),
    Price("water_limit", "USD/m3", M3_PER_THOUSAND_M3, "yearly", -1),
    Price("water_permit", "USD/m3", M3_PER_THOUSAND_M3, "yearly", -1),
    Price("land_limit", "USD/MW-year", 1.0, "yearly", -1),
    Price("hall_power", "USD/MW-year", 1.0, "yearly", -1),
    Price("hall_space", "USD/m2-year", M2_PER_THOUSAND_M2, "yearly", -1),
    Price("lease_depth", "USD/MW-year", 1.0, "yearly", -1),
    Price("committed_halls", "USD/MW", 1.0, "once", -1),
    Price("build_rate", "USD/MW", 1.0, "once", -1),
    Price("market_build_rate", "USD/MW", 1.0, "once", -1),
    Price("deliveries", "USD/MW", 1.0, "once", -1),
    Price("capex_budget", "USD/USD", USD_PER_MUSD, "once", -1),
)
"""Every limit whose worth is reported."""


def prices(s: Solved) -> pd.DataFrame:
    """Make table `prices`: what one more unit of each limit is worth."""
    schema = TABLES["prices"]
    none = pd.DataFrame({column.name: pd.Series(dtype=column.dtype) for column in schema.fields})
    table = pd.concat([none, *(_rows(s, price) for price in PRICES)], ignore_index=True)
    return made("prices", table)


def _rows(s: Solved, price: Price) -> pd.DataFrame:
    """Return the rows of one family that have a price."""
    dual = s.dual(price.block)
    if dual is None:
        return pd.DataFrame()
    over = s.model.problem.rows_over(price.block)
    rows = np.flatnonzero(np.abs(dual) > _DUST_MUSD)
    raw = dual[rows]
    usd = price.sign * raw * USD_PER_MUSD / price.units_per_row_unit
    if price.by_slot:
        usd = usd / s.weight_h[over["slot"][rows]]
    found: dict[str, Cells] = labels(over, rows)
    columns: dict[str, Cells] = {
        "block": price.block,
        "unit": price.unit,
        **{name: found.get(name, "") for name in TABLES["prices"].primary_key if name != "block"},
        "value": usd / _weight(s, price, over["year"][rows]),
        "raw_dual": raw,
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(rows.size))


def _weight(s: Solved, price: Price, year: NDArray[np.integer]) -> Floats:
    """Return what present dollars are divided by to be dollars of their year. [year or -]"""
    if price.paid == "horizon":
        return np.full(year.size, s.discount_factor.sum())
    if price.paid == "once":
        finance = s.p.finance
        factor = discount_factor(finance.rate_frac, s.model.year, finance.base_year)
        return np.asarray(factor[year])
    return np.asarray(s.year_weight[year])
