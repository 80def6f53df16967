"""What a family of the checker declares, and how the declarations of all are put together.

A family is a file with rules, under the name of its rows in `model/`. It declares, as far as it has
something to declare:

`HEADING`, and functions under `rule`
    Rules of the plan with the heading they are reported under; those that compare figures of the inputs with the data
    name them (`rereads`).
`ASSETS`, `LINES`
    Its cost lines by name: what is bought up front, and what is paid as it is used.
`IMPLIED`, `FOLLOWS`, `AMOUNTS`
    Rows that must be there, columns that follow from a label, columns that are not negative.
`DECISIONS`, `PRICES`
    For each block of decisions the table that holds them; for each limit what its dual is worth.
`ORDERED`, and statements
    For each kind of an order its table, with columns of item and power; rows of the program said again by `row` of
    `planner.check.stating`.
`TAKEN_AS_GIVEN`
    For each figure of `Inputs` that no rule rereads, why none does.

`planner.check.families` lists the families; nothing else has to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import ModuleType

    import pandas as pd

    from planner.check.case import Case


TRACE: Final = 1e-6
"""Amount above which a row must be in its table, which writes amounts below 1e-7 as 0."""

Table: TypeAlias = "Callable[[Case], pd.DataFrame]"
RowLabels: TypeAlias = "Callable[[Case], Mapping[str, object]]"


@dataclass(frozen=True)
class CostLine:
    """A cost line that is paid as something is used."""

    heading: str  # heading of the cost list
    paid: Table  # from a case to site, calendar_year, musd
    up_front: bool = False  # whether it is for something bought up front
    at_once: bool = False  # whether it is paid once, in the year it is for, and so is cash


@dataclass(frozen=True)
class Asset:
    """Something bought up front and repaid over its life: a cost line, and cash."""

    heading: str  # heading of the cost list
    kind: str  # whose cost of capital it has
    bought: Table  # from a case to site, start (of service, float year), life_years and cost_musd, overnight
    # from a case to site, year and overnight_musd, which count to the budget of the year; None where another asset's
    # table has them, or it is no expense
    capex: Table | None = None
    is_spread: bool = False  # whether money is spent evenly over the years before service
    with_interest: bool = False  # whether interest during construction is repaid too


@dataclass(frozen=True)
class DualPrice:
    """What the dual of a limit is worth."""

    unit: str  # unit of the price
    units: float = 1.0  # units of it in one unit of the row
    must_be_met: bool = False  # whether the row is at least its right side
    either_sign: bool = False  # whether it is an equation, so that more may cost or save
    paid: Literal["yearly", "once", "horizon"] = "yearly"  # which payments the price is of


def plan_table(name: str) -> Table:
    """Return what reads a table of the plan."""
    return lambda case: case.plan(name)


def merged(families: Iterable[ModuleType], name: str) -> dict[Any, Any]:
    """Put the mappings of a name that families declare into one."""
    result: dict[Any, Any] = {}
    for family in families:
        for key, value in getattr(family, name, {}).items():
            if key in result and not isinstance(value, tuple):
                message = f"{family.__name__}.{name} declares {key} again"
                raise ValueError(message)
            result[key] = (*result[key], *value) if key in result else value
    return result
