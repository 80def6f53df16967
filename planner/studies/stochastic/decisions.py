"""What is decided before it is known which future comes: orders, by the date of the order.

A hall, a connection or a source that enters service in a year was ordered its lead time before.
What is ordered before the futures are known is the same in all of them. Where lead times differ
between futures the same order comes in later in some: each future has it from the first of its
years that is not before the order and that future's lead time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.clock.calendar import float_year
from planner.inputs.inputs import order_dates
from planner.lp import Axis, Index
from planner.results.frame import cleaned
from planner.studies.solve.foresight import latest_orders

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.inputs import Inputs
    from planner.model import Model
    from planner.scenario import Scenario

__all__ = ["Orders", "Received", "match_orders", "orders_of"]

_THING: Final = ["kind", "site", "item"]
_EPS: Final = 1e-6  # of a year
_DIGITS: Final = 6  # of a date in years


@dataclass(frozen=True, eq=False)
class Orders:
    """What can be ordered before the futures are known."""

    # a row per order: kind, site, item, unit, `order_by`, when it is placed at the latest, and `committed`, the year in
    # which halls enter service that are under construction already; missing of other orders. [year]
    table: pd.DataFrame

    @property
    def numbered(self) -> Index:
        """The orders as a list, numbered from 1."""
        return Index.full("order", Axis("order", tuple(str(i + 1) for i in range(len(self)))))

    def __len__(self) -> int:
        return len(self.table)


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
    columns = [*_THING, "unit", "column", "start", "order_by", "lead", "committed", "is_early"]
    parts = [part for part in _parts(scenario, model) if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    order_by = table["order_by"].astype(np.float64).round(_DIGITS)
    return table.assign(order_by=order_by, is_early=table["is_early"].astype(np.bool_))


def match_orders(tables: Sequence[pd.DataFrame], known_from: float) -> tuple[Orders, tuple[Received, ...]]:
    """Find the orders that all futures share, and what each future has of them. Takes `known_from` [year]."""
    key = [*_THING, "order_by", "committed"]
    before = [table[_is_before(table, known_from)] for table in tables]
    shared = (
        pd.concat([table[[*key, "unit"]] for table in before], ignore_index=True)
        .drop_duplicates(key)
        .sort_values(key, kind="stable")
        .reset_index(drop=True)
    )
    return Orders(shared), tuple(_received(table, shared, known_from) for table in tables)


def _is_before(table: pd.DataFrame, known_from: float) -> Bools:
    at = np.where(table["committed"].isna(), table["order_by"], table["start"])
    return np.asarray(at.astype(np.float64) < known_from - _EPS)


def _received(table: pd.DataFrame, shared: pd.DataFrame, known_from: float) -> Received:
    """Let every order enter the first decision of its thing that its lead time allows."""
    own_key = [*_THING, "order_by", "committed"]
    numbered = shared.assign(order=np.arange(len(shared)))
    of_own = table[_is_before(table, known_from)].merge(numbered, on=own_key, how="inner")
    own = np.full(len(shared), -1, dtype=np.intp)
    own[of_own["order"].to_numpy(dtype=np.intp)] = of_own["column"].to_numpy(dtype=np.intp)

    offered = table[~table["is_early"].to_numpy(dtype=np.bool_)]
    lead = offered.groupby(_THING, as_index=False)["lead"].first()
    later = numbered[numbered["committed"].isna()].merge(lead, on=_THING, how="inner")
    arrives = later.assign(arrives=later["order_by"] + later["lead"] - _EPS)
    enters = arrives.merge(offered[[*_THING, "column", "start"]], on=_THING, how="inner")
    enters = enters[enters["start"] >= enters["arrives"]].sort_values("start", kind="stable")
    enters = enters.drop_duplicates("order")[["order", "column"]]
    of_committed = of_own[of_own["committed"].notna()][["order", "column"]]
    enters = pd.concat([enters, of_committed], ignore_index=True)

    early = table.loc[_is_before(table, known_from), "column"].to_numpy(dtype=np.intp)
    column = np.unique(np.concatenate((early, enters["column"].to_numpy(dtype=np.intp))))
    return Received(
        column,
        np.isin(column, early),
        np.searchsorted(column, enters["column"].to_numpy(dtype=np.intp)),
        enters["order"].to_numpy(dtype=np.intp),
        own,
    )


def _parts(scenario: Scenario, model: Model) -> Iterator[pd.DataFrame]:
    """Yield the decisions of each kind."""
    p = model.p
    dates = order_dates(scenario, p)
    latest = latest_orders(model, dates)
    build, is_early = p.halls.build, p.halls.build_is_early
    is_committed = is_early | dates.is_under_construction[build["site"], build["year"]]
    halls = _part(model, "halls", "build", p.halls.build_start, latest["build"])
    at_once = np.minimum(p.halls.build_start, float_year(scenario.decisions_start))
    halls = halls.assign(
        order_by=halls["order_by"].mask(is_committed, at_once),
        committed=np.where(is_committed, _years(p, build), np.nan),
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
    others = [name for name in over.axis_names if name not in {"site", "year"}]
    parts: list[Any] = [over.labels(name) for name in others]
    item = ["|".join(labels) for labels in zip(*parts, strict=True)] if parts else ""
    return pd.DataFrame(
        {
            "kind": kind,
            "site": over.labels("site") if "site" in over.axis_names else "",
            "item": item,
            "unit": unit,
            "column": np.arange(place.start, place.stop),
            "start": start,
            "order_by": order_by,
            "lead": start - order_by,
            "committed": np.full(over.size, np.nan),
            "is_early": np.zeros(over.size, dtype=np.bool_),
            "year": over.labels("year"),
        }
    )


def _openings(model: Model, halls: pd.DataFrame) -> pd.DataFrame:
    """List openings of new sites: decided with the first halls that can serve from then on."""
    over = model.p.sites.site_year
    none = np.full(over.size, np.nan)
    openings = _part(model, "site opening", "opened", none, none, unit="share")
    is_new = ~model.p.sites.is_existing[over["site"]]
    of_halls = ["start", "order_by", "lead", "committed", "is_early"]
    in_order = halls.sort_values("is_early", kind="stable")  # what is no early hall has a date
    with_halls = in_order[["site", "year", *of_halls]].drop_duplicates(["site", "year"])
    left = openings[is_new].drop(columns=of_halls)
    return left.merge(with_halls, on=["site", "year"], how="inner")


def _years(p: Inputs, over: Index) -> Floats:
    return np.asarray(p.years.years, dtype=np.float64)[over["year"]]
