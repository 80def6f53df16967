"""Grid: connections of sites, and the headroom of zones for new firm ones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.words import amount, round_up
from planner.inputs.grid import LOWEST_RATE_PCT
from planner.inputs.prepared import Cell
from planner.limits.limit import (
    MW_LASTING,
    MW_YEAR,
    Binding,
    Limit,
    Listed,
    SetBy,
    codes,
    lookup,
    relaxed_rows,
    site_key,
    unit_increments,
)
from planner.limits.relaxation import ProposedChange, Relaxation, scaled
from planner.scenario import Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.inputs.inputs import Inputs
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place, Tables
    from planner.lp import Index

# --- how much there is, and where it is scarce -----------------------------------------


def _firm(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Floats:
    del p
    firm = tables["site_year"].set_index(["site", "year"])["firm_mw"]
    return lookup(firm, rows[["site", "year"]])


def _no_connection_yet(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Bools:
    """Connections of years in which no new one, firm or not, can serve: all there is is firm."""
    del tables
    first = np.full(len(p.sets.site), len(p.sets.year))
    for offers in (p.grid.expand, p.non_firm.connect):
        np.minimum.at(first, offers["site"], offers["year"])
    site, year = codes(p, rows, "site", "year")
    return np.asarray(year < first[site])


# --- where it is set -------------------------------------------------------------------


_FIRM: Final = Listed(lambda p: (p.grid.firm, p.grid.firm_mw))
_HEADROOM: Final = Listed(lambda p: (p.grid.headroom, p.grid.headroom_mw))


def headroom_now(column: str, what: str, question: PreparedScenario, place: Place) -> str:
    """Say what headroom of the zone of a row is left, by its column of the report."""
    every = question.inputs.grid.headroom_by_zone
    is_row = (every["zone"] == place["zone"]) & (every["year"].astype(str) == place["year"])
    row = every[is_row].iloc[0]
    room = max(float(row[column] - row["committed_mw"]), 0.0)
    return f"{amount(room)} MW for {what} in {place['zone']} by {place['year']}"


FIRM_CONNECTION: Final = SetBy("sites.{site}.grid_firm_mw", _FIRM.now("{} MW in {year}"))
HEADROOM_SCALE: Final = SetBy("grid.headroom_scale_frac", "{figure:g}")


# --- what relaxes it -------------------------------------------------------------------


def _larger_connection(question: PreparedScenario, over: Index, amounts: Floats) -> ProposedChange:
    """Give sites a larger firm connection from a year on."""
    p = question.inputs.grid
    words, settings, share = [], [], 0.0
    wanted = relaxed_rows(over, amounts)
    for site in dict.fromkeys(place["site"] for place, _ in wanted):
        more = {int(place["year"]): mw for place, mw in wanted if place["site"] == site}
        own = np.flatnonzero(p.firm.labels("site") == site)
        years = p.firm.labels("year")[own].astype(int)
        old = dict(zip(years.tolist(), p.firm_mw[own].tolist(), strict=True))
        path = {year: round_up(mw + more.get(year, 0.0), 6) for year, mw in old.items()}
        settings.append(Setting(site_key(question.scenario, site, "grid_firm_mw"), path))
        words += [f"+{amount(mw)} MW of firm connection at {site} in {y}" for y, mw in more.items()]
        share = max(share, *(mw / old[y] if old[y] else np.inf for y, mw in more.items()))
    return ProposedChange(tuple(words), tuple(settings), share=share)


def _per_firm_mw(question: PreparedScenario, rows: Index) -> Floats:
    """One, or nothing where no headroom is for firm connection, (row,)."""
    return np.full(rows.size, float(question.scenario.grid.firm_headroom_frac != 0.0))


def headroom_of(column: str, question: PreparedScenario, rows: Index) -> Floats:
    """Headroom of each row before commitments, which no factor touches, (row,). [MW]"""
    every = question.inputs.grid.headroom_by_zone
    limit = every.set_index(["zone", "year"])[column].to_dict()
    at = zip(rows.labels("zone"), rows.labels("year"), strict=True)
    return np.array([limit[place] for place in at], dtype=np.float64)


def _more_firm_headroom(question: PreparedScenario, over: Index, amounts: Floats) -> ProposedChange:
    """Give zones more headroom for firm connection.

    Where a share of the headroom at the lowest rate limits it, that figure grows by what gives
    so much of its share, and that of the chosen rate where it would be the limit then.
    """
    grid, every = question.scenario.grid, question.inputs.grid.headroom_by_zone
    if grid.firm_headroom_frac is None:
        return more_headroom(question, over, amounts)
    raised: dict[tuple[str, float], float] = {}
    for place, more in relaxed_rows(over, amounts):
        zone = every[every["zone"] == place["zone"]]
        short = float((zone["firm_limit_mw"] + more - zone["limit_mw"]).max())
        rates = ((grid.curtailment_rate_pct, short), (LOWEST_RATE_PCT, more / grid.firm_headroom_frac))
        for rate, mw in rates:
            key = place["zone"], rate
            raised[key] = max(raised.get(key, 0.0), mw)
    return _raised(question, over, amounts, raised)


def more_headroom(question: PreparedScenario, over: Index, amounts: Floats) -> ProposedChange:
    """Give zones more headroom for all new connection."""
    rate = question.scenario.grid.curtailment_rate_pct
    raised = {(place["zone"], rate): more for place, more in relaxed_rows(over, amounts)}
    return _raised(question, over, amounts, raised)


def _raised(
    question: PreparedScenario, over: Index, amounts: Floats, raised: Mapping[tuple[str, float], float]
) -> ProposedChange:
    """Raise figures of table `zone_headroom`, before shares and factors, by zone and rate."""
    scale = question.scenario.grid.headroom_scale_frac * question.scenario.operator.headroom_share_frac
    table = question.inputs.tables["zone_headroom"]
    cells, share = [], 0.0
    for (zone, rate_pct), more in raised.items():
        if more <= 0.0 or not scale:  # of figures that count for nothing, none is large enough
            continue
        row: dict[str, str | float] = {"zone": zone, "curtailment_rate_pct": rate_pct}
        is_row = (table[list(row)] == list(row.values())).all(axis=1)
        old = float(table.loc[is_row, "headroom_mw"].iloc[0])
        cells.append(Cell("zone_headroom", "headroom_mw", row, round_up(old + more / scale, 6)))
        share = max(share, more / (old * scale) if old else np.inf)
    words = tuple(
        f"+{amount(more)} MW of headroom in zone {place['zone']}" for place, more in relaxed_rows(over, amounts)
    )
    return ProposedChange(words, (), tuple(cells), share)


CONNECTION: Final = Relaxation("connection", "MW", ("site", "year"), _larger_connection)
FIRM_HEADROOM: Final = Relaxation("headroom by zone", "MW", ("zone",), _more_firm_headroom)
HEADROOM: Final = Relaxation(
    "headroom", "factor", (), partial(scaled, ("grid", "headroom_scale_frac"), "headroom in every zone")
)


LIMITS: Final = (
    Limit(
        "grid_connection",
        price=MW_YEAR,
        binding=Binding(
            "MW",
            _firm,
            "The connection of {site} ({limit}) is full in {year}, before a larger one can be there:",
            is_scarce=_no_connection_yet,
        ),
        set_by=(FIRM_CONNECTION,),
        relaxed_by={CONNECTION: unit_increments},
    ),
    Limit(
        "contract_floor",
        price=MW_YEAR,
        not_reported="Money buys more: a connection or firm supply.",
        set_by=(SetBy("grid.contract_min_nameplate_frac", "{figure:g}"), FIRM_CONNECTION),
        relaxed_by={CONNECTION: unit_increments},
    ),
    Limit(
        "zone_headroom",
        price=MW_LASTING,
        binding=Binding(
            "MW",
            _HEADROOM.amount,
            "The grid of {zone} has room for {limit} of new firm connections by {year}, all used:",
        ),
        set_by=(
            SetBy("table zone_headroom", partial(headroom_now, "firm_limit_mw", "new firm connections")),
            HEADROOM_SCALE,
            SetBy("grid.firm_headroom_frac", "{figure:g}"),
        ),
        relaxed_by={FIRM_HEADROOM: _per_firm_mw, HEADROOM: partial(headroom_of, "firm_limit_mw")},
    ),
)
