"""How much there is of a limit, looked up for rows of table `prices`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.lp.join import locate

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.base.arrays import Floats, Positions
    from planner.inputs.inputs import Inputs
    from planner.limits.limit import Amount, Tables
    from planner.lp import Index

__all__ = ["amount_by_axis", "amount_by_list", "codes", "lookup"]


def codes(p: Inputs, rows: pd.DataFrame, *axes: str) -> list[Positions]:
    """Return the codes of the labels of rows, axis by axis, (row,) each."""
    return [getattr(p.sets, axis).codes(rows[axis].astype(str)) for axis in axes]


def lookup(of: pd.Series[float], keys: pd.DataFrame) -> Floats:
    """Return the figures of rows, (row,); 0 where there is none."""
    found = of.reindex(pd.MultiIndex.from_frame(keys)).to_numpy(dtype=np.float64)
    return np.asarray(np.nan_to_num(found))


def amount_by_list(figures: Callable[[Inputs], tuple[Index, Floats]]) -> Amount:
    """Make the amount that the inputs hold in a list over the axes that tell rows apart."""

    def amount(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Floats:
        del tables
        over, amounts = figures(p)
        places = (axis.codes(rows[axis.name].astype(str)) for axis in over.axes)
        return np.asarray(amounts[locate(over, *places)])

    return amount


def amount_by_axis(axis: str, figures: Callable[[Inputs], Floats]) -> Amount:
    """Make the amount that the inputs hold for every label of an axis. Takes `figures` (label,)."""

    def amount(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Floats:
        del tables
        return np.asarray(figures(p)[codes(p, rows, axis)[0]])

    return amount
