"""The array linear program: index lists, expressions, problem and solver as arrays."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from planner.lp.blocks import Columns, RowBounds, Stats
from planner.lp.change import Change
from planner.lp.expression import Comparison, Expression, Variable
from planner.lp.index import UNIT, Axis, Index
from planner.lp.matrix import Matrix
from planner.lp.outcome import Method, Outcome, ProgressEvent, Status

if TYPE_CHECKING:
    from planner.lp.highs import HighsSession
    from planner.lp.problem import ArrayProblem

__all__ = [
    "UNIT",
    "ArrayProblem",
    "Axis",
    "Change",
    "Columns",
    "Comparison",
    "Expression",
    "HighsSession",
    "Index",
    "Matrix",
    "Method",
    "Outcome",
    "ProgressEvent",
    "RowBounds",
    "Stats",
    "Status",
    "Variable",
]

# Looked up when first asked for: lists and expressions need neither HiGHS nor PuLP, nor does the
# check of a stored plan.
_HOME = {"ArrayProblem": "planner.lp.problem", "HighsSession": "planner.lp.highs"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOME[name]), name)
