"""The array linear program: index lists, expressions, problem and solver as arrays."""

from planner.lp.axis import Axis
from planner.lp.blocks import Columns, RowBounds, Stats
from planner.lp.change import Change
from planner.lp.expression import Comparison, Expression
from planner.lp.highs import HighsSession
from planner.lp.index import UNIT, Index
from planner.lp.matrix import Matrix
from planner.lp.methods import Method
from planner.lp.outcome import Outcome, Status
from planner.lp.problem import ArrayProblem
from planner.lp.progress import ProgressEvent
from planner.lp.variable import Variable

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
