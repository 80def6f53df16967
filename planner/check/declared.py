"""What a family of the checker declares, and how the declarations of all are put together.

A family is a file with rules, under the name of its rows in `model/`. It declares, as far as it has
something to declare:

`HEADING`, `RULES`, `FACTS`
    Rules of the plan with the heading they are reported under, and rules that compare figures of
    the inputs with the data.
`ASSETS`, `LINES`
    Its cost lines by name: what is bought up front, and what is paid as it is used.
`COLUMNS`
    For each table of the results the columns that each of its rules holds; under `rows` the rules
    that miss a row.
`IMPLIED`, `FOLLOWS`, `AMOUNTS`
    Rows that must be there, columns that follow from a label, columns that are not negative.
`DECISIONS`, `PRICES`
    For each block of decisions the table that holds them; for each limit what its dual is worth.
`REREAD`, `TAKEN_AS_GIVEN`
    For each figure of `Inputs` the rules that reread it, or why none does.

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
    from planner.check.verdict import Rule


__all__ = ["TRACE", "Asset", "CostLine", "DualPrice", "RowLabels", "Table", "merged", "plan_table"]


TRACE: Final = 1e-6
"""Amount above which a row must be in its table, which writes amounts below 1e-7 as 0."""

Table: TypeAlias = "Callable[[Case], pd.DataFrame]"
RowLabels: TypeAlias = "Callable[[Case], Mapping[str, object]]"


@dataclass(frozen=True)
class CostLine:
    """A cost line that is paid as something is used.

    Parameters
    ----------
    heading : str
        Heading of the cost list.
    paid : callable
        From a case to site, calendar_year, musd.
    up_front : bool, optional
        Whether it is for something bought up front.
    at_once : bool, optional
        Whether it is paid once, in the year it is for, and so is cash.
    """

    heading: str
    paid: Table
    up_front: bool = False
    at_once: bool = False


@dataclass(frozen=True)
class Asset:
    """Something bought up front and repaid over its life: a cost line, and cash.

    Parameters
    ----------
    heading : str
        Heading of the cost list.
    kind : str
        Whose cost of capital it has.
    bought : callable
        From a case to site, start (of service, float year), life_years and cost_musd, overnight.
    capex : callable, optional
        From a case to site, year and overnight_musd, which count to the budget of the year; None
        where another asset's table has them, or it is no expense.
    is_spread : bool, optional
        Whether money is spent evenly over the years before service.
    with_interest : bool, optional
        Whether interest during construction is repaid too.
    """

    heading: str
    kind: str
    bought: Table
    capex: Table | None = None
    is_spread: bool = False
    with_interest: bool = False


@dataclass(frozen=True)
class DualPrice:
    """What the dual of a limit is worth.

    Parameters
    ----------
    unit : str
        Unit of the price.
    units : float, optional
        Units of it in one unit of the row.
    rule : Rule, optional
        The rule that computes the slack of the limit.
    rule_units : float, optional
        Units of that rule in one of the row.
    must_be_met : bool, optional
        Whether the row is at least its right side.
    either_sign : bool, optional
        Whether it is an equation, so that more may cost or save.
    paid : {"yearly", "once", "horizon"}, optional
        Which payments the price is of.
    """

    unit: str
    units: float = 1.0
    rule: Rule | None = None
    rule_units: float = 1.0
    must_be_met: bool = False
    either_sign: bool = False
    paid: Literal["yearly", "once", "horizon"] = "yearly"


def plan_table(name: str) -> Table:
    """Return what reads a table of the plan."""
    return lambda case: case.plan(name)


def merged(families: Iterable[ModuleType], name: str) -> dict[Any, Any]:
    """Put the mappings of a name that families declare into one.

    Parameters
    ----------
    families : iterable of module
        In order.
    name : str
        Name of what they declare; a family without it has nothing of the kind.

    Returns
    -------
    dict
        No key is declared twice, but where values are tuples, which are put together.
    """
    result: dict[Any, Any] = {}
    for family in families:
        for key, value in getattr(family, name, {}).items():
            if key in result and not isinstance(value, tuple):
                message = f"{family.__name__}.{name} declares {key} again"
                raise ValueError(message)
            result[key] = (*result[key], *value) if key in result else value
    return result
