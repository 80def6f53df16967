"""Limits of the grid that could give way: headroom of zones, contracts on offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.say import amount, up
from planner.inputs.headroom import LOWEST_RATE_PCT
from planner.scenario import Setting
from planner.studies.diagnose.relief import Change
from planner.studies.solve.giving import given
from planner.studies.solve.question import Cell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.lp import Index
    from planner.studies.solve.question import Question

__all__ = ["contracts", "firm_headroom", "headroom", "headroom_limit", "per_firm_mw"]


def per_firm_mw(question: Question, rows: Index) -> Floats:
    """One, or nothing where no headroom is for firm connection."""
    return np.full(rows.size, float(question.scenario.grid.firm_headroom_frac != 0.0))


def firm_headroom(question: Question, over: Index, amounts: Floats) -> Change:
    """Give zones more headroom for firm connection.

    Where a share of the headroom at the lowest rate limits it, that figure grows by what gives
    so much of its share, and that of the chosen rate where it would be the limit then.
    """
    grid, every = question.scenario.grid, question.inputs.grid.headroom_all
    if grid.firm_headroom_frac is None:
        return headroom(question, over, amounts)
    raised: dict[tuple[str, float], float] = {}
    for place, more in given(over, amounts):
        zone = every[every["zone"] == place["zone"]]
        short = float((zone["firm_limit_mw"] + more - zone["limit_mw"]).max())
        rates = (
            (grid.curtailment_rate_pct, short),
            (LOWEST_RATE_PCT, more / grid.firm_headroom_frac),
        )
        for rate, mw in rates:
            key = place["zone"], rate
            raised[key] = max(raised.get(key, 0.0), mw)
    return _raised(question, over, amounts, raised)


def headroom(question: Question, over: Index, amounts: Floats) -> Change:
    """Give zones more headroom for all new connection."""
    rate = question.scenario.grid.curtailment_rate_pct
    raised = {(place["zone"], rate): more for place, more in given(over, amounts)}
    return _raised(question, over, amounts, raised)


def _raised(
    question: Question,
    over: Index,
    amounts: Floats,
    raised: Mapping[tuple[str, float], float],
) -> Change:
    """Raise figures of table `zone_headroom`, before shares and factors, by zone and rate."""
    scale = (
        question.scenario.grid.headroom_scale_frac * question.scenario.operator.headroom_share_frac
    )
    table = question.inputs.tables["zone_headroom"]
    cells, share = [], 0.0
    for (zone, rate_pct), more in raised.items():
        if more <= 0.0:
            continue
        row: dict[str, str | float] = {"zone": zone, "curtailment_rate_pct": rate_pct}
        is_row = (table[list(row)] == list(row.values())).all(axis=1)
        old = float(table.loc[is_row, "headroom_mw"].iloc[0])
        cells.append(Cell("zone_headroom", "headroom_mw", row, up(old + more / scale, 6)))
        share = max(share, more / (old * scale) if old else np.inf)
    words = tuple(
        f"+{amount(more)} MW of headroom in zone {place['zone']}"
        for place, more in given(over, amounts)
    )
    return Change(words, (), tuple(cells), share)


def headroom_limit(column: str, question: Question, rows: Index) -> Floats:
    """Headroom of each row before commitments, which no factor touches. [MW]"""
    every = question.inputs.grid.headroom_all
    limit = every.set_index(["zone", "year"])[column].to_dict()
    at = zip(rows.labels("zone"), rows.labels("year"), strict=True)
    return np.array([limit[place] for place in at], dtype=np.float64)


def contracts(question: Question, over: Index, amounts: Floats) -> Change:
    """Have more of some contracts on offer in every zone."""
    offers = question.scenario.contracts.ppa
    words, settings, share = [], [], 0.0
    for place, more in given(over, amounts):
        name = place["contract"]
        old = offers[name].max_mw
        words.append(f"+{amount(more)} MW of contract {name} on offer in each zone")
        settings.append(Setting(("contracts", "ppa", name, "max_mw"), up(old + more, 6)))
        share = max(share, more / old if old else np.inf)
    return Change(tuple(words), tuple(settings), share=share)
