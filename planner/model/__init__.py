"""The mathematics: decisions, one file per family of rows, one list of costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.model import families, money
from planner.model.money import ALL_COSTS, objective_musd
from planner.model.variables import Model

if TYPE_CHECKING:
    from planner.family.declared import RowsModule
    from planner.inputs.inputs import Inputs

__all__ = ["ALL_COSTS", "FAMILIES", "Model", "build_model"]

FAMILIES: tuple[RowsModule, ...] = (*families.FAMILIES, money)
"""The table of contents: every family of rows, in the order of the paper."""


def build_model(inputs: Inputs, until: int | None = None) -> Model:
    """Build the linear program of a scenario."""
    model = Model(inputs, until)
    for family in FAMILIES:
        for block in family.CONSTRAINTS:
            comparison = block.build(model)
            if comparison.over.size:
                model.problem.rows(block.name, comparison)
    model.problem.minimise(objective_musd(model))
    return model
