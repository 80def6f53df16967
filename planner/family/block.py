"""What a constraint, a cost and an asset are: a function with what must be known of it."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import cleandoc
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from planner.family.payments import capital_payments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.family.payments import Purchase
    from planner.lp.expression import Comparison, Expression
    from planner.model.variables import Model

Capital = Literal["rack", "facility", "grid", "supply"]  # kinds of capital, each with a cost of its own
Link = Literal["sum", "stock", "opening", "cause", "optional"]
LINKS: Final[dict[Link, str]] = {
    "sum": "an amount is the sum of what it is made of",
    "stock": "no more is used than the plan has",
    "opening": "a site opens once and stays open",
    "cause": "what is billed or worn out is no less than what causes it",
    "optional": "a figure limits it, but it stops no plan: not to sell, to store or to pay a fee is allowed",
}
"""Why a block of rows is no limit of its own, but links decisions."""


@dataclass(frozen=True)
class Constraint:
    """One block of rows; `links` says why it is a link, None where it is a limit, with a record in `planner.limits`."""

    name: str
    over: str
    unit: str
    dual_unit: str
    links: Link | None
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


Kind = TypeVar("Kind", Constraint, Cost)


@dataclass(frozen=True)
class Asset(Cost):
    """Something bought up front: the cost line that repays it over its life, and its other faces."""

    kind: Capital  # whose cost of capital it pays
    bought: Callable[[Model], Purchase]  # what is bought of it
    paid_while_built: bool  # whether it is paid for while it is built; others are in the year they enter service
    in_budget: bool  # whether its overnight cost is capex of the year it enters service


def defined_in(module: Mapping[str, object], kind: type[Kind]) -> tuple[Kind, ...]:
    """Return the rows or costs that a file defines, in its order."""
    return tuple(one for one in module.values() if isinstance(one, kind))


def constraint(
    *, over: str, unit: str, dual_unit: str = "", links: Link | None = None
) -> Callable[[Callable[[Model], Comparison]], Constraint]:
    """Turn a function of the model into a block of rows; one whose docstring names no source is dcplan's own."""

    def made(build: Callable[[Model], Comparison]) -> Constraint:
        dual, doc = dual_unit or f"MUSD/{unit}", cleandoc(build.__doc__ or "")
        own = "" if "\nSource: " in doc else "\n\nSource: dcplan."
        return Constraint(build.__name__, over, unit, dual, links, build, f"{doc}{own}")

    return made


def cost(*, group: str, upfront: bool = False) -> Callable[[Callable[[Model], Expression]], Cost]:
    """Turn a function of the model into a line of the cost table."""

    def made(build: Callable[[Model], Expression]) -> Cost:
        return Cost(build.__name__, group, upfront, build, build.__doc__ or "")

    return made


def asset(
    *, kind: Capital, group: str, paid_while_built: bool = False, in_budget: bool = True
) -> Callable[[Callable[[Model], Purchase]], Asset]:
    """Turn a function that says what is bought into a line of the cost table, and all that follows."""

    def made(bought: Callable[[Model], Purchase]) -> Asset:
        def build(m: Model) -> Expression:
            return capital_payments(m, bought(m))

        doc = bought.__doc__ or ""
        return Asset(bought.__name__, group, True, build, doc, kind, bought, paid_while_built, in_budget)

    return made
