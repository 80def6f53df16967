"""Decisions common to all futures, with integers, and why there may be none."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.errors import InfeasibleError
from planner.base.words import some
from planner.clock.days import float_year
from planner.inputs.inputs import OrderDates
from planner.lp.index import locate, positions
from planner.outputs.labels import order_words
from planner.results.store import cleaned
from planner.studies.solve.checked_plan import latest_orders
from planner.studies.solve.conflict import conflict_rules, in_words
from planner.studies.solve.rounding import RULES, from_then_on, rounded
from planner.studies.stochastic.extensive_form import CONFLICT_SECONDS, FutureProgram

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp import HighsSession, Index
    from planner.model import Model
    from planner.scenario import Scenario

# --- What is decided before it is known which future comes: orders, by the date of the order ------
#
# A hall, a connection or a source that enters service in a year was ordered its lead time before.
# What is ordered before the futures are known is the same in all of them. Where lead times differ
# between futures the same order comes in later in some: each future has it from the first of its
# years that is not before the order and that future's lead time.

_THING: Final = ["kind", "site", "item"]
_KEY: Final = [*_THING, "order_by", "committed"]
_EPS: Final = 1e-6  # of a year
_DIGITS: Final = 6  # of a date in years


@dataclass(frozen=True, eq=False)
class Received:
    """What a future has of the orders, and which of its decisions they are."""

    column: Positions  # decisions of the future's program that orders enter, each once
    is_all: Bools  # whether nothing else can enter: it would have to be ordered before the futures are known
    row: Positions  # which orders enter which of these decisions
    order: Positions
    own: Positions  # decision of each order that this future alone would place at that date, else -1

    def entering(self, ordered: Floats) -> Floats:
        """Return what of some orders enters each decision."""
        return np.bincount(self.row, ordered[self.order], len(self.column)).astype(np.float64)

    def placed(self, x: Floats) -> Floats:
        """Return the orders that a solution of the future's own program places."""
        return np.where(self.own >= 0, np.maximum(cleaned(x), 0.0)[self.own], 0.0)


def orders_of(scenario: Scenario, model: Model) -> pd.DataFrame:
    """List the decisions of a future that are ordered ahead, and when. Gives [year]."""
    parts = [*_parts(scenario, model)]
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    order_by = table["order_by"].astype(np.float64).round(_DIGITS)
    return table.assign(order_by=order_by, is_early=table["is_early"].astype(np.bool_))


def match_orders(tables: Sequence[pd.DataFrame], known_from: float) -> tuple[pd.DataFrame, tuple[Received, ...]]:
    """Find the orders that all futures share, and what each future has of them. Takes `known_from` [year].

    The first has a row per order: kind, site, item, unit, `order_by`, the latest, and `committed`, the year in which
    halls under construction enter service, missing of others. [year]
    """
    before = pd.concat([table[_is_before(table, known_from)][[*_KEY, "unit"]] for table in tables])
    shared = before.drop_duplicates(_KEY).sort_values(_KEY, kind="stable", ignore_index=True)
    return shared, tuple(_received(table, shared, known_from) for table in tables)


def _is_before(table: pd.DataFrame, known_from: float) -> Bools:
    at = np.where(table["committed"].isna(), table["order_by"], table["start"])
    return np.asarray(at.astype(np.float64) < known_from - _EPS)


def _received(table: pd.DataFrame, shared: pd.DataFrame, known_from: float) -> Received:
    """Let every order enter the first decision of its thing that its lead time allows."""
    numbered = shared.assign(order=np.arange(len(shared)))
    early = table[_is_before(table, known_from)]
    of_own = early.merge(numbered, on=_KEY, how="inner")
    own = np.full(len(shared), -1, dtype=np.intp)
    own[of_own["order"]] = of_own["column"]

    offered = table[~table["is_early"]]
    lead = offered.groupby(_THING, as_index=False)["lead"].first()
    later = numbered[numbered["committed"].isna()].merge(lead, on=_THING, how="inner")
    enters = later.merge(offered[[*_THING, "column", "start"]], on=_THING, how="inner")
    enters = enters[enters["start"] >= enters["order_by"] + enters["lead"] - _EPS]
    enters = enters.sort_values("start", kind="stable").drop_duplicates("order")
    enters = pd.concat([enters, of_own[of_own["committed"].notna()]], ignore_index=True)

    order, entered = (enters[name].to_numpy(dtype=np.intp) for name in ("order", "column"))
    column = np.unique(np.concatenate((early["column"].to_numpy(dtype=np.intp), entered)))
    return Received(column, np.isin(column, early["column"]), np.searchsorted(column, entered), order, own)


def _parts(scenario: Scenario, model: Model) -> Iterator[pd.DataFrame]:
    """Yield the decisions of each kind."""
    p = model.p
    dates = OrderDates(scenario, p)
    latest = latest_orders(model, dates)
    build, is_early = p.halls.build, p.halls.is_committed
    is_committed = is_early | dates.is_under_construction[build["site"], build["year"]]
    halls = _part(model, "halls", "build", p.halls.build_start, latest["build"])
    at_once = np.minimum(p.halls.build_start, float_year(scenario.decisions_start))
    halls = halls.assign(
        order_by=halls["order_by"].mask(is_committed, at_once),
        committed=np.where(is_committed, model.year[build["year"]], np.nan),
        is_early=is_early,
    )
    yield halls
    yield _openings(model, halls)
    start = p.halls.retrofit_start
    yield _part(model, "retrofit", "retrofit", start, start)
    for kind, block, start, unit in (
        ("connection", "expand", p.grid.expand_start, "MW"),
        ("non-firm connection", "connect_mw", p.non_firm.start, "MW"),
        ("on-site power", "source_mw", p.supply.build_start, "MW"),
        ("on-site storage", "store_mwh", p.supply.build_store_start, "MWh"),
        ("PPA", "signed_mw", p.contracts.sign_start, "MW"),
    ):
        yield _part(model, kind, block, start, latest[block], unit=unit)


def _part(model: Model, kind: str, block: str, start: Floats, order_by: Floats, *, unit: str = "MW") -> pd.DataFrame:
    over, place = model.problem.columns_over(block), model.problem.column_block(block)
    what = {"kind": kind, "site": over.labels("site") if "site" in over.axis_names else "", "item": _items(over)}
    when = {"start": start, "order_by": order_by, "lead": start - order_by}
    table = pd.DataFrame({**what, "unit": unit, "column": np.arange(place.start, place.stop), **when})
    return table.assign(committed=np.nan, is_early=False, year=over.labels("year"))


def _items(over: Index) -> list[str]:
    """Return what decisions are about, but for their site and year."""
    others = [over.labels(axis) for axis in over.axis_names if axis not in {"site", "year", "stage"}]
    return ["|".join(labels) for labels in zip(*others, strict=True)] if others else [""] * over.size


def _openings(model: Model, halls: pd.DataFrame) -> pd.DataFrame:
    """List openings of new sites: decided with the first halls that can serve from then on."""
    over = model.p.sites.site_year
    none = np.full(over.size, np.nan)
    openings = _part(model, "site opening", "opened", none, none, unit="share")
    is_new = ~model.p.sites.is_existing[over["site"]]
    of_halls = ["start", "order_by", "lead", "committed", "is_early"]
    in_order = halls.sort_values("is_early", kind="stable")  # what is no early hall has a date
    with_halls = in_order[["site", "year", *of_halls]].drop_duplicates(["site", "year"])
    return openings[is_new].drop(columns=of_halls).merge(with_halls, on=["site", "year"], how="inner")


# --- Integers among what is ordered before the futures are known: rounded once for all of them ----

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

    The plan of one future with these orders is rounded, by one rule after the other; what it has of integers ordered
    before the futures are known is taken over by all of them. The likeliest future comes first.
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
    pairs_of = zip(held, reached, strict=True)
    short = {one.thing[at] for one, most in pairs_of for at in np.flatnonzero(most < one.value - _REACHED)}
    kept = [np.array([thing not in short for thing in one.thing], dtype=np.bool_) for one in held]
    fewer = (replace(one, value=np.where(of, one.value, one.least)) for one, of in zip(held, kept, strict=True))
    return tuple(fewer), tuple(sorted(short))


def transferred(model: Model, received: Received, whole: Floats, other: Model, own: Received) -> Held:
    """Return what another future has of the orders of a rounded plan, by their dates, where it orders early.

    A site that opens with committed halls and no order does so in the same year of both.
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
            begun, now = from_then_on(over)
            value = np.bincount(now, (value + without)[begun], over.size)
        column = other.problem.column_block(block).start + np.arange(over.size)
        at = np.flatnonzero(is_early & bounds.integer[column])
        columns.append(column[at])
        values.append(np.clip(value, bounds.lower[column], bounds.upper[column])[at])
        things += [
            (_KIND[block], site, item)
            for site, item in zip(over.labels("site")[at], _items(over.select(at)), strict=True)
        ]
    column = np.concatenate(columns)
    return Held(column, np.concatenate(values), bounds.lower[column], tuple(things))


def _without_order(model: Model, received: Received, whole: Floats, over: Index) -> Floats:
    """Return the openings of a rounded plan that no order brings, by site and year of a list."""
    opened = _ordered_as(model, _CUMULATIVE, _ORDERED_WITH[_CUMULATIVE])
    amount = np.where(np.isin(opened, received.own), 0.0, _increments(model, _CUMULATIVE, whole))
    at = positions(model.problem.columns_over(_CUMULATIVE), over)
    return np.where(at >= 0, amount[at], 0.0)


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


# --- Why no orders leave a plan in every future: the constraints of each future that conflict -----

_OF_FUTURE: Final = re.compile(r"((?:lower|upper) bound of )?future_(\d+)\.(.*)", re.DOTALL)
_SHARED: Final = re.compile(r"(?:as_ordered|ordered_early)\((\d+)\)")
_MOST_ORDERS: Final = 6


class InfeasibleFuturesError(InfeasibleError):
    """Futures have no plan, each for reasons of its own."""

    def __init__(self, of_future: Mapping[str, InfeasibleError]) -> None:
        self.of_future = of_future
        texts = [str(error) for error in of_future.values()]
        last, *others = {text.rsplit("\n", 1)[-1] for text in texts}
        # What to do next is said once; a constraint is indented, and is named for each future.
        if len(texts) > 1 and not others and not last.startswith(" "):
            texts = [*(text.rsplit("\n", 1)[0] for text in texts[:-1]), texts[-1]]
        conflict = [name for error in of_future.values() for name in error.conflict]
        super().__init__("\n".join(texts), tuple(dict.fromkeys(conflict)))

    def to_dict(self) -> dict[str, Any]:
        """Return it in types of JSON."""
        of = self.of_future.items()
        return {"infeasible": [{"future": name, "message": str(e), "conflict": list(e.conflict)} for name, e in of]}


def why_no_orders(
    head: str,
    session: HighsSession,
    futures: Sequence[FutureProgram],
    orders: pd.DataFrame,
    received: Sequence[Received],
) -> InfeasibleError:
    """Return the error that says which constraints of which futures conflict, by what they share."""
    names = session.iis(time_limit_s=CONFLICT_SECONDS)
    of_future: dict[int, list[str]] = {}
    shared: set[int] = set()
    for found in filter(None, map(_OF_FUTURE.fullmatch, names)):
        place = int(found[2]) - 1
        of_orders = _SHARED.fullmatch(found[3])
        if of_orders is None:
            of_future.setdefault(place, []).append(f"{found[1] or ''}{found[3]}")
        else:
            of = received[place]
            shared.update(of.order[of.column[of.row] == int(of_orders[1])].tolist())
    lines = []
    for place, rows in sorted(of_future.items()):
        future = futures[place]
        rules = conflict_rules(future.question, future.model.problem, rows)
        lines += [f"  in future {future.name}:", *(f"  {line}" for line in in_words(rules))]
    if shared:
        rows_of = orders.take(sorted(shared))
        things = dict.fromkeys(map(order_words, rows_of["kind"], rows_of["site"], rows_of["item"]))
        lines.append(f"  orders that they share: {some(list(things), _MOST_ORDERS)}")
    return InfeasibleError("\n".join([f"{head}; these conflict:" if lines else head, *lines]), tuple(names))
