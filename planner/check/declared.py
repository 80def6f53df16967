"""What a family of the checker declares, and how the declarations of all are put together.

A family is a file with rules, under the name of its rows in `model/`. It declares, as far as it has
something to declare:

Functions under `rule`
    Rules of the plan; those that compare figures of the inputs with the data name them (`rereads`).
`LINES`
    Its cost lines that follow from tables of the plan; all others are in `planner.check.priced`.
`IMPLIED`
    Rows that must be there, of tables whose cells are not stated.
`PRICES`
    For each limit what its dual is worth.
Statements
    Rows of the program said again by `row` of `planner.check.stating`. Cells of its tables are in
    `planner.check.stated_tables` and `stated_pools`.
`AT_SITE`, `BOUGHT`
    What it pays and buys, in the words of `planner.check.priced`, where all of the family is in one file.
`GIVEN`
    For figures of `Inputs` that are one setting or one cell of a table, over which places, and what they are there.
`TAKEN_AS_GIVEN`
    For each figure of `Inputs` that no rule rereads, why none does.

`planner.check.families` lists the families by the heading of their rules; nothing else has to.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

from planner.check.frames import column_by, lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

    import pandas as pd
    from numpy.typing import ArrayLike

    from planner.check.case import Case


TRACE: Final = 1e-6
"""Amount above which a row must be in its table, which writes amounts below 1e-7 as 0."""

Given: TypeAlias = "tuple[str, Callable[[Case, pd.DataFrame], ArrayLike]]"
Table: TypeAlias = "Callable[[Case], pd.DataFrame]"


@dataclass(frozen=True)
class CostLine:
    """A cost line that follows from tables of the plan."""

    heading: str  # heading of the cost list
    paid: Table  # from a case to site, calendar_year, musd


@dataclass(frozen=True)
class DualPrice:
    """What the dual of a limit is worth."""

    unit: str  # unit of the price
    units: float = 1.0  # units of it in one unit of the row
    paid: Literal["yearly", "once", "horizon"] = "yearly"  # which payments the price is of


def setting(way: str, over: str = "", times: float = 1.0) -> Given:
    """Say that a figure is a setting of the scenario, 0 where that gives none."""
    return over, lambda case, _: (attrgetter(way)(case.scenario) or 0.0) * times


def figure_of(over: str, table: str, key: str, column: str, times: float = 1.0) -> Given:
    """Say that a figure is a column of a table, with the scenario's figures in place, by a label of its places."""

    def given(case: Case, places: pd.DataFrame) -> ArrayLike:
        known = column_by(case.table(table), key, column).astype("float64")
        places = places if key in places else places.merge(case.halls, on="hall")
        return lookup(known, places, (key,), np.nan) * times

    return over, given


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
