"""What could give way in a scenario without a plan, and the program in which it may."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.lp import UNIT, Expression
from planner.lp.join import distinct
from planner.model import FAMILIES, Model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planner.base.arrays import Floats
    from planner.lp import Index, Variable
    from planner.lp.expression import Comparison
    from planner.scenario import Setting
    from planner.studies.solve.question import Cell, Question

    Factor = Callable[[Question, Index], Floats]

__all__ = ["Change", "Relaxed", "Relief", "relaxed"]


@dataclass(frozen=True)
class Change:
    """Settings and figures that bring a relief about, and what it is in words.

    Parameters
    ----------
    words : tuple of str
        Each a change in its natural unit and where it is made.
    settings : tuple of Setting
        Keys of the scenario and their new values.
    cells : tuple of Cell
        Figures of data tables that no key of a scenario reaches.
    share : float
        Greatest change as a share of what there was; infinite where there was nothing.
    """

    words: tuple[str, ...]
    settings: tuple[Setting, ...]
    cells: tuple[Cell, ...] = ()
    share: float = np.inf


@dataclass(frozen=True)
class Relief:
    """A kind of limit that could give way, in one unit.

    Parameters
    ----------
    name : str
        What gives way, in words.
    unit : str
        Unit of its amounts: those of one relief are added up, never those of two.
    axes : tuple of str
        What a setting of it can be told apart by, such as site or year.
    rows : mapping of str to callable
        For each block of rows, what one unit does for them: one factor per row. The first
        block says where there is relief; one without axes is wherever any of them has rows.
    change : callable
        From question, places and amounts to the change of the scenario that gives so much.
    most : float
        Most of it anywhere.
    """

    name: str
    unit: str
    axes: tuple[str, ...]
    rows: Mapping[str, Factor]
    change: Callable[[Question, Index, Floats], Change]
    most: float = np.inf


@dataclass(frozen=True, eq=False)
class Relaxed:
    """A program in which some limits may give way, and how far they do.

    Parameters
    ----------
    model : Model
        Its objective is what gives way, in one unit or weighted.
    given : mapping of Relief to Variable
        The columns of every relief that has rows in the scenario.
    """

    model: Model
    given: Mapping[str, Variable]


def relaxed(question: Question, reliefs: Sequence[Relief], weights: Mapping[str, float]) -> Relaxed:
    """Build the program of a scenario in which limits may give way as little as possible.

    Parameters
    ----------
    question : Question
        The scenario.
    reliefs : sequence of Relief
        All that have columns, so that programs of one scenario have one shape.
    weights : mapping of str to float
        By name of the relief, those that may give way and what a unit of each counts.

    Returns
    -------
    Relaxed
        The program of the scenario, its costs replaced.
    """
    model = Model(question.inputs)
    given: dict[str, Variable] = {}
    for block in (block for family in FAMILIES for block in family.CONSTRAINTS):
        rows = block.build(model)
        if not rows.over.size:
            continue
        for relief in reliefs:
            if block.name in relief.rows:
                rows = _eased(question, model, rows, relief, block.name, given, weights)
        model.problem.rows(block.name, rows)
    total = Expression.constant(UNIT, 0.0)
    for name, weight in weights.items():
        if name in given:
            total = total + (given[name] * weight).total()
    model.problem.minimise(total)
    return Relaxed(model, given)


def _eased(
    question: Question,
    model: Model,
    rows: Comparison,
    relief: Relief,
    block: str,
    given: dict[str, Variable],
    weights: Mapping[str, float],
) -> Comparison:
    """Let the rows of a block give way by a relief, on the side that they limit."""
    if relief.name not in given:
        if relief.axes and block != next(iter(relief.rows)):
            return rows
        over = distinct(rows.over, *relief.axes) if relief.axes else UNIT
        most = relief.most if relief.name in weights else 0.0
        name = "relief_" + relief.name.replace(" ", "_")
        given[relief.name] = model.problem.variable(name, over, upper=most)
    factor = relief.rows[block](question, rows.over)
    eased = given[relief.name].on(rows.over, missing="zero") * factor
    is_most = np.isfinite(rows.upper) & ~np.isfinite(rows.lower)
    side = np.where(is_most, -1.0, 1.0)
    return replace(rows, expression=rows.expression + eased * side)
