"""Demand that could give way: less of it, or less of it within a tight bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.say import amount, down
from planner.scenario import Setting, interpolated
from planner.studies.diagnose.relief import Change
from planner.studies.solve.giving import given

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp import Index
    from planner.studies.solve.question import Question

__all__ = ["demand_kh100e", "less_demand", "less_tight", "tight_kh100e"]


def demand_kh100e(question: Question, rows: Index) -> Floats:
    """Return the demand of each row, (row,). [kH100e]"""
    p = question.inputs.demand
    return np.asarray(p.demand_kh100e[p.demand.find(rows)])


def tight_kh100e(question: Question, rows: Index) -> Floats:
    """Return the part of the demand of each row that has a tight bound, (row,). [kH100e]"""
    p = question.inputs.demand
    return demand_kh100e(question, rows) * p.tight_share_frac[p.tight.find(rows)]


def less_demand(question: Question, over: Index, amounts: Floats) -> Change:
    """Want less in some years."""
    less = {int(place["year"]): by for place, by in given(over, amounts)}
    now = question.scenario.demand.scale_frac
    path = {}
    for year in question.inputs.years.years:
        scale = interpolated(now, year)
        path[year] = down(scale * max(0.0, 1.0 - less.get(year, 0.0)), 6)
    words = tuple(f"-{amount(100 * by)} % of demand in {year}" for year, by in less.items())
    return Change(
        words, (Setting(("demand", "scale_frac"), path),), share=max(less.values(), default=0.0)
    )


def less_tight(question: Question, over: Index, amounts: Floats) -> Change:
    """Ask that a smaller share of users is served within the tight bound."""
    share = question.inputs.workloads.set_index("workload")["tight_share_frac"]
    words, settings, most = [], [], 0.0
    for place, by in given(over, amounts):
        workload = place["workload"]
        old = float(share[workload])
        new = down(max(0.0, old - by), 6)
        words.append(f"-{amount(100 * (old - new))} % points of {workload} within its tight bound")
        settings.append(Setting(("workloads", workload, "tight_share_frac"), new))
        most = max(most, by / old)
    return Change(tuple(words), tuple(settings), share=most)
