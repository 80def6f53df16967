"""Shadow prices: duals without discounting and weights, in units that planners use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.units import USD_PER_MUSD
from planner.limits import LIMITS
from planner.money.finance import discount_factor
from planner.results.frame import Cells, labels, result_table
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.limits.limit import LimitPrice
    from planner.results.solved import SolvedModel


__all__ = ["prices"]

_NOISE_MUSD: Final = 1e-9  # [MUSD per unit], a thousandth of a dollar


def prices(s: SolvedModel) -> pd.DataFrame:
    """Make table `prices`: what one more unit of each limit is worth."""
    schema = TABLES["prices"]
    none = pd.DataFrame({column.name: pd.Series(dtype=column.dtype) for column in schema.fields})
    table = pd.concat([none, *(_rows(s, limit.name, limit.price) for limit in LIMITS)], ignore_index=True)
    return result_table("prices", table)


def _rows(s: SolvedModel, block: str, price: LimitPrice | None) -> pd.DataFrame:
    """Return the rows of one limit that have a price."""
    dual = s.dual(block)
    if price is None or dual is None:
        return pd.DataFrame()
    over = s.model.problem.rows_over(block)
    rows = np.flatnonzero(np.abs(dual) > _NOISE_MUSD)
    raw = dual[rows]
    usd = price.sign * raw * USD_PER_MUSD / price.units_per_row_unit
    if price.by_slot:
        usd = usd / s.weight_h[over["slot"][rows]]
    found: dict[str, Cells] = labels(over, rows)
    columns: dict[str, Cells] = {
        "block": block,
        "unit": price.unit,
        **{name: found.get(name, "") for name in TABLES["prices"].primary_key if name != "block"},
        "value": usd / _weight(s, price, over["year"][rows]),
        "raw_dual": raw,
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(rows.size))


def _weight(s: SolvedModel, price: LimitPrice, year: NDArray[np.integer]) -> Floats:
    """Return what present dollars are divided by to be dollars of their year. [year or -]"""
    if price.paid == "horizon":
        return np.full(year.size, s.discount_factor.sum())
    if price.paid == "once":
        finance = s.p.finance
        factor = discount_factor(finance.rate_frac, s.model.year, finance.base_year)
        return np.asarray(factor[year])
    return np.asarray(s.year_weight[year])
