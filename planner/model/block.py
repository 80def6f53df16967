"""What a constraint and a cost are: a function with an equation, a unit and a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.lp.expression import Comparison, Expression
    from planner.model.variables import Model

__all__ = ["Constraint", "Cost", "constraint", "cost"]


@dataclass(frozen=True)
class Constraint:
    """One block of rows: the function that makes it, what it runs over, and its unit."""

    name: str
    over: str
    unit: str
    dual_unit: str
    build: Callable[[Model], Comparison]
    doc: str


@dataclass(frozen=True)
class Cost:
    """One line of the cost table: payments by calendar year, undiscounted, in MUSD."""

    name: str
    group: str
    upfront: bool
    build: Callable[[Model], Expression]
    doc: str


def constraint(
    *, over: str, unit: str, dual_unit: str = ""
) -> Callable[[Callable[[Model], Comparison]], Constraint]:
    """Turn a function of the model into a block of rows.

    Parameters
    ----------
    over : str
        The index list in words, for example ``"site, year, slot"``.
    unit : str
        Unit of both sides.
    dual_unit : str, optional
        Unit of the raw dual (NPV per unit of the right side); by default MUSD per `unit`.
    """

    def made(build: Callable[[Model], Comparison]) -> Constraint:
        dual = dual_unit or f"MUSD/{unit}"
        return Constraint(build.__name__, over, unit, dual, build, build.__doc__ or "")

    return made


def cost(*, group: str, upfront: bool = False) -> Callable[[Callable[[Model], Expression]], Cost]:
    """Turn a function of the model into a line of the cost table.

    Parameters
    ----------
    group : str
        Heading it is shown under, for example ``"racks"``.
    upfront : bool
        Whether it repays something bought up front (capex) or is paid as it is used (opex).
    """

    def made(build: Callable[[Model], Expression]) -> Cost:
        return Cost(build.__name__, group, upfront, build, build.__doc__ or "")

    return made
