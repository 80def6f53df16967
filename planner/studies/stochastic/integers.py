"""Integers among what is ordered before the futures are known: rounded once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.lp.join import locate, pairs
from planner.studies.solve.rounding import RULES, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from planner.base.arrays import Floats, Positions
    from planner.lp import Index
    from planner.model import Model
    from planner.studies.stochastic.decisions import Received
    from planner.studies.stochastic.future import FutureProgram

__all__ = ["Held", "as_far_as_all_can", "taken_over", "whole_decisions"]

_ORDERED_WITH: Final = {"open": "opened", "phases": "build", "has_plant": "source_mw"}
"""Integer decisions, and the orders that they belong to, over the same sites, things and years."""
_KIND: Final = {"open": "site opening", "phases": "halls", "has_plant": "on-site power"}
"""What these orders are called in table `decided`."""
_STAYS: Final = "open"  # said of each year, where the others are of the year in which they come
_REACHED: Final = 1e-6  # of a site, a phase or a plant


@dataclass(frozen=True, eq=False)
class Held:
    """Decisions of one future that are fixed, their values, and the thing that each is about."""

    column: Positions
    value: Floats
    thing: NDArray[np.object_]


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
                taken_over(future.model, received[place], whole, other.model, own)
                for other, own in zip(futures, received, strict=True)
            )
            values = [one.value for one in held]
            if any(all(map(np.array_equal, values, other)) for other in seen):
                continue
            seen.append(values)
            yield held


def as_far_as_all_can(
    held: Sequence[Held], reached: Sequence[Floats]
) -> tuple[tuple[Held, ...], tuple[str, ...]]:
    """Return the decisions without things that some future cannot have as they are, and those.

    Parameters
    ----------
    held : sequence of Held
        Of each future.
    reached : sequence of array of float
        What each future can have of its decisions.
    """
    short = [
        one.thing[most < one.value - _REACHED] for one, most in zip(held, reached, strict=True)
    ]
    left_out = tuple(sorted(set(np.concatenate(short))))
    is_left_out = [np.isin(one.thing, left_out) for one in held]
    fewer = [
        replace(one, value=np.where(out, 0.0, one.value))
        for one, out in zip(held, is_left_out, strict=True)
    ]
    return tuple(fewer), left_out


def taken_over(
    model: Model, received: Received, whole: Floats, other: Model, own: Received
) -> Held:
    """Return what another future has of the orders of a rounded plan, where it orders early.

    An order is the same in both by its date: where lead times differ it comes in another year.

    Parameters
    ----------
    model, received
        The program of the future whose plan it is, and what that has of orders.
    whole : array of float
        The rounded plan, one number per column.
    other, own
        The program of the other future, and what it has of orders.
    """
    columns, values, things = [], [], []
    for block, order in _ORDERED_WITH.items():
        amount = np.zeros(len(whole))
        amount[_ordered_as(model, block, order)] = _newly(model, block, whole)
        enters = own.entering(received.placed(amount))
        as_ordered = _ordered_as(other, block, order)
        row = np.minimum(np.searchsorted(own.column, as_ordered), len(own.column) - 1)
        is_early = (own.column[row] == as_ordered) & own.is_all[row]
        value = np.where(is_early, enters[row], 0.0)
        over = other.problem.columns_over(block)
        if block == _STAYS:
            value = _so_far(over, value)
        columns.append(other.problem.column_block(block).start + np.flatnonzero(is_early))
        values.append(value[is_early])
        things.append(_things(block, over)[is_early])
    column, value, thing = map(np.concatenate, (columns, values, things))
    bounds = other.problem.columns()
    value = np.clip(value, bounds.lower[column], bounds.upper[column])
    is_integer = bounds.integer[column]
    return Held(column[is_integer], value[is_integer], thing[is_integer])


def _things(block: str, over: Index) -> NDArray[np.object_]:
    """Return what each decision is about, whatever the year, in words."""
    labels = [over.labels(axis) for axis in over.axis_names if axis != "year"]
    words = [" ".join((_KIND[block], *one)) for one in zip(*labels, strict=True)]
    return np.array(words, dtype=np.object_)


def _ordered_as(model: Model, block: str, order: str) -> Positions:
    """Return the column of the order of each integer decision of a block."""
    place = model.problem.columns_over(order).find(model.problem.columns_over(block))
    return np.asarray(model.problem.column_block(order).start + place)


def _newly(model: Model, block: str, whole: Floats) -> Floats:
    """Return what comes of a block in each year, of a rounded plan."""
    amount = np.round(whole[model.problem.column_block(block)])
    if block != _STAYS:
        return amount
    over = model.problem.columns_over(block)
    before = locate(over, over["site"], over["year"] - 1)
    return amount - np.where(before >= 0, amount[before], 0.0)


def _so_far(over: Index, newly: Floats) -> Floats:
    """Return what has come at each site up to each year."""
    begun, now = pairs(over, over, on=("site",))
    is_later = over["year"][now] >= over["year"][begun]
    return np.bincount(now[is_later], newly[begun[is_later]], over.size).astype(np.float64)
