"""The array linear program: index lists, expressions, problem and solver as arrays."""

from planner.lp.expression import Comparison, Expression, Variable
from planner.lp.index import UNIT, Axis, Index

__all__ = ["UNIT", "Axis", "Comparison", "Expression", "Index", "Variable"]
