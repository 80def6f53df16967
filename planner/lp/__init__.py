"""The array linear program: index lists, expressions, problem and solver as arrays."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from planner.lp.change import Change
from planner.lp.expression import Comparison, Expression, Variable
from planner.lp.index import UNIT, Axis, Index
from planner.lp.matrix import Matrix
from planner.lp.outcome import Method, Outcome, ProgressEvent, Status
from planner.lp.problem import ArrayProblem, Columns, RowBounds

if TYPE_CHECKING:
    from planner.lp.highs import HighsSession

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
    "Status",
    "Variable",
]


def __getattr__(name: str) -> Any:
    """Look the session up when it is first asked for: nothing else needs HiGHS, nor does the check of a stored plan."""
    if name != "HighsSession":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("planner.lp.highs").HighsSession
