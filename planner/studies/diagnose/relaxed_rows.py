"""Limits that may be relaxed, and the rows that hold them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.limits import BY_NAME, carbon, contracts, demand, grid, halls, non_firm, racks, sites, supply
from planner.lp import UNIT, Expression
from planner.lp.index import distinct
from planner.model import FAMILIES, Model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.inputs.prepared import PreparedScenario
    from planner.limits.relaxation import Factor, Relaxation
    from planner.lp import Variable
    from planner.lp.expression import Comparison

# --- The program of a scenario in which limits may be relaxed -------------------------------------


def rows_of(relaxation: Relaxation) -> Mapping[str, Factor]:
    """Return the blocks of rows that a relaxation eases, in the order of the model. Gives (row,)."""
    return {
        block.name: BY_NAME[block.name].relaxed_by[relaxation]
        for family in FAMILIES
        for block in family.CONSTRAINTS
        if block.name in BY_NAME and relaxation in BY_NAME[block.name].relaxed_by
    }


@dataclass(frozen=True, eq=False)
class Relaxed:
    """A program in which some limits may be relaxed, and how far they are."""

    model: Model  # its objective is what is relaxed, in one unit or weighted
    given: Mapping[str, Variable]  # the columns of every relaxation that has rows in the scenario


def relaxed(question: PreparedScenario, relaxations: Sequence[Relaxation], weights: Mapping[str, float]) -> Relaxed:
    """Build the program of a scenario in which limits may be relaxed as little as possible."""
    model = Model(question.inputs)
    given: dict[str, Variable] = {}
    eased = {relaxation: rows_of(relaxation) for relaxation in relaxations}
    for block in (block for family in FAMILIES for block in family.CONSTRAINTS):
        rows = block.build(model)
        if not rows.over.size:
            continue
        for relaxation in relaxations:
            if block.name in eased[relaxation]:
                rows = _eased(question, model, rows, relaxation, eased[relaxation], block.name, given, weights)
        model.problem.rows(block.name, rows)
    total = Expression.constant(UNIT, 0.0)
    for name, weight in weights.items():
        if name in given:
            total = total + (given[name] * weight).total()
    model.problem.minimise(total)
    return Relaxed(model, given)


def _eased(
    question: PreparedScenario,
    model: Model,
    rows: Comparison,
    relaxation: Relaxation,
    factors: Mapping[str, Factor],
    block: str,
    given: dict[str, Variable],
    weights: Mapping[str, float],
) -> Comparison:
    """Relax the rows of a block, on the side that they limit.

    The first block of the model says where there is relaxation; one without axes is wherever any
    of its blocks has rows.
    """
    if relaxation.name not in given:
        if relaxation.axes and block != next(iter(factors)):
            return rows
        over = distinct(rows.over, *relaxation.axes) if relaxation.axes else UNIT
        most = relaxation.most if relaxation.name in weights else 0.0
        name = "relief_" + relaxation.name.replace(" ", "_")
        given[relaxation.name] = model.problem.variable(name, over, upper=most)
    factor = factors[block](question, rows.over)
    eased = given[relaxation.name].on(rows.over, missing="zero") * factor
    is_most = np.isfinite(rows.upper) & ~np.isfinite(rows.lower)
    return replace(rows, expression=rows.expression + eased * np.where(is_most, -1.0, 1.0))


# --- What could be relaxed in a scenario without a plan, kind by kind -----------------------------

RELAXATIONS: Final = (
    demand.DEMAND,
    demand.TIGHT_BOUND,
    demand.RENT,
    racks.DELIVERIES,
    sites.LAND,
    halls.LEASE,
    sites.BUILD_RATE,
    sites.MARKET,
    sites.BUDGET,
    sites.CASH,
    grid.CONNECTION,
    contracts.CONTRACTS,
    supply.SOURCES,
    grid.FIRM_HEADROOM,
    non_firm.ALL_HEADROOM,
    grid.HEADROOM,
    carbon.CARBON,
    carbon.WATER,
)
"""Every relaxation, in the order in which they are tried."""
