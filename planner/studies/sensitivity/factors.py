"""The factors of a study: which of the data's figures are moved, and which are left as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.inputs.uncertain_figures import figures_of
from planner.studies.sweep.points import Point

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.inputs.uncertain_figures import UncertainFigure
    from planner.studies.estimates import Estimates

__all__ = ["FIRST_ORDER", "Factor", "factors_of", "first_order_of", "left_out_of"]

FIRST_ORDER: Final = ("table", "column", "item", "low_musd", "high_musd", "in_steps")
"""Columns of what first order says: change of cost at low and high, missing of one in steps."""
_LONGEST_NAME: Final = 60
_KEY: Final = ["table", "column", "item"]


@dataclass(frozen=True, eq=False)
class Factor:
    """Figures that move together between their low and high."""

    name: str  # table, column and rows; no two factors have the same
    figures: tuple[UncertainFigure, ...]  # one, or all of a column that counts in steps
    # what its low and high do to the cost to first order; nan where that says nothing. [MUSD]
    low_musd: float = math.nan
    high_musd: float = math.nan

    @property
    def is_in_steps(self) -> bool:
        """Whether first order says nothing of it."""
        return math.isnan(self.low_musd)

    @property
    def first_order_musd(self) -> float:
        """The larger effect to first order. [MUSD]"""
        return max(abs(self.low_musd), abs(self.high_musd))

    def point_at(self, share: float) -> Point:
        """Return the point at a share of the way from low to high. Takes `share` [0, 1]."""
        moved = tuple((one, one.value_at(share)) for one in self.figures)
        return Point(moved[0][1] if len(moved) == 1 else share, (), None, moved)

    def at_value(self) -> Point:
        """Return the point that the data state."""
        moved = tuple((one, one.value) for one in self.figures)
        return Point(moved[0][1] if len(moved) == 1 else "value", (), None, moved)


def first_order_of(found: Estimates) -> pd.DataFrame:
    """Return what first order says of the figures that do most, and which count in steps."""
    ranked = found.table[[*_KEY, "low_musd", "high_musd"]].assign(in_steps=False)
    steps = [(one.table, one.column, one.item, np.nan, np.nan, True) for one in found.in_steps]
    stepped = pd.DataFrame(steps, columns=list(FIRST_ORDER))
    if stepped.empty:
        return ranked.reset_index(drop=True)
    return pd.concat([ranked, stepped], ignore_index=True)


def factors_of(first_order: pd.DataFrame, tables: Mapping[str, pd.DataFrame], most: int) -> list[Factor]:
    """Choose the factors: the figures that do most to first order, and each column in steps."""
    by_key = {(one.table, one.column, one.item): one for one in figures_of(tables)}
    rows = first_order.to_dict("records")
    ranked = [row for row in rows if not row["in_steps"]][:most]
    names: dict[str, int] = {}
    factors = []
    for row in ranked:
        figure = by_key[row["table"], row["column"], row["item"]]
        name = _name(f"{figure.table}.{figure.column} {figure.item}", names)
        factors.append(Factor(name, (figure,), float(row["low_musd"]), float(row["high_musd"])))
    in_steps: dict[tuple[str, str], list[UncertainFigure]] = {}
    for row in rows:
        if row["in_steps"]:
            figure = by_key[row["table"], row["column"], row["item"]]
            in_steps.setdefault((figure.table, figure.column), []).append(figure)
    for (table, column), figures in in_steps.items():
        name = _name(f"{table}.{column}", names)
        factors.append(Factor(name, tuple(figures)))
    return factors


def _name(text: str, names: dict[str, int]) -> str:
    """Shorten a name, and number those that are alike then."""
    short = text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 3]}..."
    names[short] = names.get(short, 0) + 1
    return short if names[short] == 1 else f"{short} ({names[short]})"


def left_out_of(
    factors: Sequence[Factor], tables: Mapping[str, pd.DataFrame], without: Sequence[tuple[Factor, str]] = ()
) -> pd.DataFrame:
    """List the figures with a low and a high that no factor moves, and why."""
    moved = {_key(one) for factor in factors for one in factor.figures}
    why = {_key(one): reason for factor, reason in without for one in factor.figures}
    ranked = [one.first_order_musd for one in factors if not one.is_in_steps]
    least = min(ranked, default=0.0)
    less = f"moves the cost by no more than {least:.6g} MUSD to first order, the least that is in"
    rows = [
        (*_key(one), one.unit, one.value, one.low, one.high, why.get(_key(one), less))
        for one in figures_of(tables)
        if _key(one) not in moved
    ]
    columns = [*_KEY, "unit", "value", "low", "high", "why"]
    return pd.DataFrame(rows, columns=columns)


def _key(figure: UncertainFigure) -> tuple[str, str, str]:
    return figure.table, figure.column, figure.item
