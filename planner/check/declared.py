"""What a family of the checker declares, and how the declarations of all are put together.

A family is a file with rules; `planner.check.families` lists them, but those of one file in `planner.families`: the
file of each has its name, and says in `HEADING` where its rules are shown. A family declares, as far as it has
something to declare: functions under `rule`; rows (`row`) and tables (`stated_table`) of
`planner.check.stating`; `LINES`, its cost lines that follow from tables of the plan, and `AT_SITE` and `BOUGHT`, those
of `planner.check.priced`; `IMPLIED`, rows that must be there of tables whose cells are not stated; `PRICES`, what the
dual of each limit is worth; `GIVEN`, figures of `Inputs` that are one setting or one cell of a table, over which places
and what they are there; `TAKEN_AS_GIVEN`, for each figure of `Inputs` that no rule rereads, why none does.
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
CostLine: TypeAlias = "tuple[str, Table]"  # heading in the cost list, and from a case to site, calendar_year, musd


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
    return {key: value for family in families for key, value in getattr(family, name, {}).items()}
