"""Integers among what is ordered before the futures are known: rounded once for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.lp.match import positions
from planner.studies.solve.rounding import RULES, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.base.arrays import Floats, Positions
    from planner.lp import Index
    from planner.model import Model
    from planner.studies.stochastic.decisions import Received
    from planner.studies.stochastic.future import FutureProgram

__all__ = ["Held", "whole_decisions"]

_ORDERED_WITH: Final = {"open": "opened", "phases": "build", "has_plant": "source_mw"}
"""Integer decisions, and the orders that they belong to, over the same sites, things and years."""


@dataclass(frozen=True, eq=False)
class Held:
    """Decisions of one future that are fixed, and their values."""

    column: Positions
    value: Floats


def whole_decisions(
    futures: Sequence[FutureProgram],
    received: Sequence[Received],
    ordered: Floats,
    weights: Floats,
) -> Iterator[tuple[Held, ...]]:
    """Yield ways to round the integers that belong to orders, for each future.

    The plan of one future with these orders is rounded, by one rule after the other, as
    `planner.studies.solve.rounding` does; what it has of integers that are ordered before the
    futures are known is taken over by all of them. The likeliest future comes first.

    Parameters
    ----------
    futures : sequence of FutureProgram
        All futures.
    received : sequence of Received
        What each has of the orders.
    ordered : array of float
        The orders with integers left out.
    weights : array of float
        How likely each future is.
    """
    seen: list[list[Floats]] = []
    for place in np.argsort(-weights, kind="stable"):
        future = futures[place]
        found = future.with_orders(received[place], ordered)
        if found is None:
            continue
        x = found[0].x
        for rule in RULES:
            whole = rounded(future.model, x, rule)
            held = tuple(
                _taken_over(future.model, received[place], whole, other.model, own)
                for other, own in zip(futures, received, strict=True)
            )
            values = [one.value for one in held]
            if any(all(map(np.array_equal, values, other)) for other in seen):
                continue
            seen.append(values)
            yield held


def _taken_over(
    model: Model, received: Received, whole: Floats, other: Model, own: Received
) -> Held:
    """Return what another future takes over of a rounded plan, where both order it early."""
    columns, values = [], []
    for block, order in _ORDERED_WITH.items():
        source, target = _early(model, received, block, order), _early(other, own, block, order)
        at = positions(model.problem.columns_over(block), other.problem.columns_over(block))
        is_shared = (at >= 0) & target
        is_shared[is_shared] &= source[at[is_shared]]
        columns.append(other.problem.column_block(block).start + np.flatnonzero(is_shared))
        values.append(np.round(whole[model.problem.column_block(block)][at[is_shared]]))
    column, value = np.concatenate(columns), np.concatenate(values)
    is_integer = other.problem.columns().integer[column]
    return Held(column[is_integer], value[is_integer])


def _early(model: Model, received: Received, block: str, order: str) -> np.ndarray:
    """Return which integer decisions belong to what can only be ordered before."""
    over: Index = model.problem.columns_over(block)
    ordered = model.problem.columns_over(order)
    early = received.column[received.is_all]
    first = model.problem.column_block(order).start
    place = ordered.find(over)
    return np.asarray((place >= 0) & np.isin(first + place, early))
