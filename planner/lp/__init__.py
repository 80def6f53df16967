"""The array linear program: index lists, expressions, problem and solver as arrays."""

from planner.lp.blocks import Columns, RowBounds, Stats
from planner.lp.expression import Comparison, Expression, Variable
from planner.lp.index import UNIT, Axis, Index
from planner.lp.matrix import Matrix
from planner.lp.problem import ArrayProblem

__all__ = [
    "UNIT",
    "ArrayProblem",
    "Axis",
    "Columns",
    "Comparison",
    "Expression",
    "Index",
    "Matrix",
    "RowBounds",
    "Stats",
    "Variable",
]
