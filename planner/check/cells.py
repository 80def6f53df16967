"""Every cell of every table: it is there, its row is there once, its label is known.

These rules come first and read the tables as they are. Where one of them is broken, another may
find nothing that it could compute with.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.frames import once
from planner.check.verdict import Excess, rule, tested
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from planner.base.arrays import Bools
    from planner.check.case import Case
    from planner.tables.descriptor import Field

    Places = NDArray[np.object_]
    AllowedLabels = Callable[[Case], Iterable[object]]

ANYWHERE: Final = "(anywhere)"  # the region of demand that no latency binds

_NOWHERE: Final = ""  # a label of what belongs to no site


def _places(parts: Iterable[tuple[str, str, Bools]]) -> Places:
    """Put the cells of many columns into one list: each part is table, column, which are wrong.

    A column that is right is one place, and so is each wrong cell of the others.
    Gives (place, 4).
    """
    places: list[tuple[str, str, str, bool]] = []
    for table, column, is_wrong in parts:
        rows = np.flatnonzero(is_wrong).tolist()
        places += [(table, column, str(row), True) for row in rows]
        places += [] if rows else [(table, column, "", False)]
    return np.array(places, dtype=object).reshape(-1, 4)


def _excess(case: Case, of_table: Callable[[Case, str], Places]) -> Excess:
    """Put the places of all tables into one list."""
    places = np.concatenate([of_table(case, name) for name in TABLES])
    frame = pd.DataFrame(places[:, :3], columns=["table", "column", "row"])
    return Excess.count_broken(frame, places[:, 3].astype(np.bool_))


def _is_missing(column: Field, cells: NDArray[Any]) -> Bools:
    if column.dtype != "float64":
        return np.asarray(pd.isna(cells), dtype=np.bool_)
    if cells.dtype != np.float64:  # a number that is none
        return np.ones(len(cells), dtype=np.bool_)
    return np.asarray(np.isinf(cells) if not column.required else ~np.isfinite(cells))


@rule(unit="cells")
def cells_there(case: Case) -> Excess:
    """Every table has its columns, and cells are missing or infinite only where allowed."""
    return _excess(case, _missing_cells)


@once
def _missing_cells(case: Case, name: str) -> Places:
    """Return which cells of a table are missing, column by column."""
    table = case.results.tables.get(name)

    def parts() -> Iterable[tuple[str, str, Bools]]:
        for column in TABLES[name].fields:
            if table is None or column.name not in table.columns:
                yield name, column.name, np.array([True])
            else:
                yield name, column.name, _is_missing(column, table[column.name].to_numpy())

    return _places(parts())


@rule(unit="rows")
def rows_once(case: Case) -> Excess:
    """No two rows of a table have the same key."""
    return _excess(case, _repeated_rows)


@once
def _repeated_rows(case: Case, name: str) -> Places:
    """Return which rows of a table repeat the key of one before."""
    key = TABLES[name].primary_key
    table = case.results.tables.get(name)
    if table is None or not set(key) <= set(table.columns):
        return _places([])
    twice = table.duplicated(key).to_numpy(dtype=np.bool_) if key else np.arange(len(table)) > 0
    return _places([(name, ", ".join(key), twice)])


def _years(case: Case) -> Iterable[object]:
    return case.years


def _scopes(case: Case) -> Iterable[object]:
    return [*case.inputs.sets.workload.labels, *case.inputs.sets.duty.labels, "total"]


def _vintages(case: Case) -> Iterable[object]:
    return [*case.inputs.sets.vintage.labels, *(str(year) for year in case.years)]


def _non_firm_tiers(case: Case) -> Iterable[object]:
    return case.inputs.non_firm.tier.labels


_AXES: Final[Mapping[str, str]] = {
    **{name: f"sets.{name}" for name in ("site", "zone", "market", "workload", "duty", "rack", "vendor")},
    **{name: f"sets.{name}" for name in ("hall", "slot", "shape", "window", "lever")},
    **dict.fromkeys(("standby", "reach"), "sets.site"),
    "to_hall": "sets.hall",
    "period": "grid.period",
    "source": "supply.source",
    "contract": "contracts.contract",
    "pool": "contracts.pool",
}
"""Axes of the inputs whose labels a column may hold, by its name."""


def _labels_of(axis: str) -> AllowedLabels:
    return lambda case: tuple(attrgetter(axis)(case.inputs).labels)


_KNOWN: Final[Mapping[str, AllowedLabels]] = {
    **{name: _labels_of(axis) for name, axis in _AXES.items()},
    "region": lambda case: [*case.inputs.sets.region.labels, ANYWHERE],
    "direction": lambda _: ("out", "in"),
    "vintage": _vintages,
    "year": _years,
    "signed_year": _years,
    "calendar_year": lambda case: case.calendar,
    "scope": _scopes,
    "stress_class": lambda case: case.data("water_classes")["stress_class"],
}
"""Labels that a column may hold, by its name."""
_KNOWN_IN: Final[Mapping[tuple[str, str], AllowedLabels]] = {
    ("sites", "region"): lambda case: case.data("sites")["region"],
    ("migration", "block"): lambda case: case.inputs.sets.slot.labels,
    ("rent", "tier"): lambda case: case.inputs.sets.tier.labels,
    ("non_firm_connections", "tier"): _non_firm_tiers,
    ("prices", "tier"): _non_firm_tiers,
}
"""The same where the name alone does not say it."""
_MAY_BE_EMPTY: Final = ("costs", "cash", "prices")


@rule(unit="labels")
def labels_known(case: Case) -> Excess:
    """Sites, years and all other labels of every table are those of the scenario and its data."""
    return _excess(case, _unknown_labels)


@once
def _unknown_labels(case: Case, name: str) -> Places:
    """Return which labels of a table are unknown, column by column."""
    table = case.results.tables.get(name)

    def parts() -> Iterable[tuple[str, str, Bools]]:
        for column in TABLES[name].fields:
            labels = _KNOWN_IN.get((name, column.name), _KNOWN.get(column.name))
            if labels is None or table is None or column.name not in table.columns:
                continue
            allowed = _allowed_labels(case, labels) | ({_NOWHERE} if name in _MAY_BE_EMPTY else set())
            codes, found = pd.factorize(table[column.name])  # few labels in many rows
            is_known = np.array([*(label in allowed for label in found), False])
            yield name, column.name, ~is_known[codes]  # what is missing is code -1

    return _places(parts())


def _allowed_labels(case: Case, labels: AllowedLabels) -> frozenset[object]:
    if labels not in case.computed:
        case.computed[labels] = frozenset(labels(case))
    known: frozenset[object] = case.computed[labels]
    return known


def are_complete(case: Case) -> bool:
    """Say whether every cell is there, once and with a known label: no rule may fail then."""
    return not any(tested(one, case).amount.any() for one in (cells_there, rows_once, labels_known))
