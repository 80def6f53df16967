"""Integers among what is ordered before the futures are known: rounded once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.lp.join import locate, pairs
from planner.studies.solve.rounding import RULES, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.base.arrays import Floats, Positions
    from planner.lp import Index
    from planner.model import Model
    from planner.studies.stochastic.decisions import Received
    from planner.studies.stochastic.future import FutureProgram

__all__ = ["Held", "Thing", "feasible_in_all", "transferred", "whole_decisions"]

Thing = tuple[str, str, str]
"""Kind, site and item of an order, as in table `decided`."""

_ORDERED_WITH: Final = {"open": "opened", "phases": "build", "has_plant": "source_mw"}
"""Integer decisions, and the orders that they belong to, over the same sites, things and years."""
_KIND: Final = {"open": "site opening", "phases": "halls", "has_plant": "on-site power"}
"""What these orders are called in table `decided`."""
_CUMULATIVE: Final = "open"  # said of each year; the others are of the year in which they come
_REACHED: Final = 1e-6  # of a site, a phase or a plant


@dataclass(frozen=True, eq=False)
class Held:
    """Integer decisions of one future that are fixed."""

    column: Positions  # their columns of the future's program, shape (decision,)
    value: Floats  # at what they are fixed: sites, phases, plants, shape (decision,)
    least: Floats  # their lower bounds, such as those of sites that must open, shape (decision,)
    thing: tuple[Thing, ...]  # what each is about, whatever the year


def whole_decisions(
    futures: Sequence[FutureProgram], received: Sequence[Received], ordered: Floats, weights: Floats
) -> Iterator[tuple[Held, ...]]:
    """Yield ways to round the integers that belong to orders, for each future.

    The plan of one future with these orders is rounded, by one rule after the other, as
    `planner.studies.solve.rounding` does; what it has of integers that are ordered before the
    futures are known is taken over by all of them. The likeliest future comes first.
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
                transferred(future.model, received[place], whole, other.model, own)
                for other, own in zip(futures, received, strict=True)
            )
            values = [one.value for one in held]
            if any(all(map(np.array_equal, values, other)) for other in seen):
                continue
            seen.append(values)
            yield held


def feasible_in_all(held: Sequence[Held], reached: Sequence[Floats]) -> tuple[tuple[Held, ...], tuple[Thing, ...]]:
    """Return the decisions without things that some future cannot have as they are, and those."""
    short = set[Thing]()
    for one, most in zip(held, reached, strict=True):
        short.update(one.thing[at] for at in np.flatnonzero(most < one.value - _REACHED))
    fewer = []
    for one in held:
        is_short = np.array([thing in short for thing in one.thing], dtype=np.bool_)
        fewer.append(replace(one, value=np.where(is_short, one.least, one.value)))
    return tuple(fewer), tuple(sorted(short))


def transferred(model: Model, received: Received, whole: Floats, other: Model, own: Received) -> Held:
    """Return what another future has of the orders of a rounded plan, where it orders early.

    An order is the same in both by its date: where lead times differ it comes in another year. A
    site that opens with committed halls and no order does so in the same year of both.
    """
    bounds, early = other.problem.columns(), own.column[own.is_all]
    columns, values, things = [], [], list[Thing]()
    for block, order in _ORDERED_WITH.items():
        amount, enters = np.zeros(len(whole)), np.zeros(len(bounds.cost))
        amount[_ordered_as(model, block, order)] = _increments(model, block, whole)
        enters[own.column] = own.entering(received.placed(amount))
        as_ordered, over = _ordered_as(other, block, order), other.problem.columns_over(block)
        is_early = np.isin(as_ordered, early)
        value = np.where(is_early, enters[as_ordered], 0.0)
        if block == _CUMULATIVE:
            without = np.where(is_early, 0.0, _without_order(model, received, whole, over))
            value = _cumulated(over, value + without)
        column = other.problem.column_block(block).start + np.arange(over.size)
        at = np.flatnonzero(is_early & bounds.integer[column])
        columns.append(column[at])
        values.append(np.clip(value, bounds.lower[column], bounds.upper[column])[at])
        things += _things(block, over, at)
    column = np.concatenate(columns)
    return Held(column, np.concatenate(values), bounds.lower[column], tuple(things))


def _without_order(model: Model, received: Received, whole: Floats, over: Index) -> Floats:
    """Return the openings of a rounded plan that no order brings, by site and year of a list."""
    own = model.problem.columns_over(_CUMULATIVE)
    opened = _ordered_as(model, _CUMULATIVE, _ORDERED_WITH[_CUMULATIVE])
    amount = _increments(model, _CUMULATIVE, whole)
    amount[np.isin(opened, received.own)] = 0.0
    by_place = dict(zip(_places(own), amount.tolist(), strict=True))
    return np.array([by_place.get(place, 0.0) for place in _places(over)], dtype=np.float64)


def _places(over: Index) -> list[tuple[str, str]]:
    return list(zip(over.labels("site"), over.labels("year"), strict=True))


def _things(block: str, over: Index, at: Positions) -> list[Thing]:
    """Return what decisions are about, whatever the year."""
    others = [over.labels(axis)[at] for axis in over.axis_names if axis not in {"site", "year"}]
    items = ["|".join(labels) for labels in zip(*others, strict=True)] if others else [""] * at.size
    return [(_KIND[block], site, item) for site, item in zip(over.labels("site")[at], items, strict=True)]


def _ordered_as(model: Model, block: str, order: str) -> Positions:
    """Return the column of the order of each integer decision of a block."""
    place = model.problem.columns_over(order).find(model.problem.columns_over(block))
    return np.asarray(model.problem.column_block(order).start + place)


def _increments(model: Model, block: str, whole: Floats) -> Floats:
    """Return what comes of a block in each year of a rounded plan, as the block's columns."""
    amount = np.round(whole[model.problem.column_block(block)])
    if block != _CUMULATIVE:
        return amount
    over = model.problem.columns_over(block)
    before = locate(over, over["site"], over["year"] - 1)
    return amount - np.where(before >= 0, amount[before], 0.0)


def _cumulated(over: Index, increments: Floats) -> Floats:
    """Return what has come at each site up to each year. (site, year)"""
    begun, now = pairs(over, over, on=("site",))
    is_later = over["year"][now] >= over["year"][begun]
    total = np.bincount(now[is_later], increments[begun[is_later]], over.size)
    return total.astype(np.float64)
