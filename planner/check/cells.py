"""Every cell of every table: it is there, its row is there once, its label is known.

These rules come first and read the tables as they are. Where one of them is broken, another may
find nothing that it could compute with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.bills import BILLS
from planner.check.routes import ANYWHERE
from planner.check.verdict import Excess, rule
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from planner.base.arrays import Bools
    from planner.check.case import Case
    from planner.tables.descriptor import Field, TableSchema

    Labels = Callable[[Case], Iterable[object]]

__all__ = ["RULES", "are_whole"]

_NOWHERE: Final = ""  # a label of what belongs to no site


def _excess(parts: Iterable[tuple[str, str, Bools]]) -> Excess:
    """Put the cells of many columns into one list: each part is table, column, which are wrong.

    A column that is right is one place, and so is each wrong cell of the others.
    """
    places: list[tuple[str, str, str]] = []
    wrong: list[bool] = []
    for table, column, is_wrong in parts:
        rows = np.flatnonzero(is_wrong).tolist()
        places += [(table, column, str(row)) for row in rows] or [(table, column, "")]
        wrong += [True] * len(rows) or [False]
    return Excess.where(pd.DataFrame(places, columns=["table", "column", "row"]), np.array(wrong))


def _is_missing(column: Field, cells: pd.Series) -> Bools:
    if column.dtype != "float64":
        return np.asarray(cells.isna(), dtype=np.bool_)
    if cells.dtype != np.float64:  # a number that is none
        return np.ones(len(cells), dtype=np.bool_)
    numbers = cells.to_numpy()
    return np.asarray(np.isinf(numbers) if not column.required else ~np.isfinite(numbers))


@rule(unit="cells")
def cells_there(case: Case) -> Excess:
    """Every table has its columns, and no cell is missing or infinite but where it may be."""
    tables = case.results.tables

    def parts() -> Iterable[tuple[str, str, Bools]]:
        for schema in TABLES.values():
            table = tables.get(schema.name)
            for column in schema.fields:
                if table is None or column.name not in table.columns:
                    yield schema.name, column.name, np.array([True])
                else:
                    yield schema.name, column.name, _is_missing(column, table[column.name])

    return _excess(parts())


@rule(unit="rows")
def rows_once(case: Case) -> Excess:
    """No two rows of a table have the same key."""

    def parts() -> Iterable[tuple[str, str, Bools]]:
        for schema in TABLES.values():
            table = _keyed(case, schema)
            if table is not None:
                twice = table.duplicated() if schema.primary_key else table.index > 0
                yield schema.name, ", ".join(schema.primary_key), np.asarray(twice, dtype=np.bool_)

    return _excess(parts())


def _keyed(case: Case, schema: TableSchema) -> pd.DataFrame | None:
    """Key columns of a table as codes, which compare faster than texts; None where they lack."""
    table = case.results.tables.get(schema.name)
    if table is None or not set(schema.primary_key) <= set(table.columns):
        return None
    codes = {name: pd.factorize(table[name])[0] for name in schema.primary_key}
    return pd.DataFrame(codes, index=pd.RangeIndex(len(table)))


def _years(case: Case) -> Iterable[object]:
    return case.years


def _scopes(case: Case) -> Iterable[object]:
    return [*case.inputs.sets.workload.labels, *case.inputs.sets.duty.labels, "total"]


def _vintages(case: Case) -> Iterable[object]:
    return [*case.inputs.sets.vintage.labels, *(str(year) for year in case.years)]


def _tiers_of_headroom(case: Case) -> Iterable[object]:
    return case.inputs.non_firm.tier.labels


_KNOWN: Final[Mapping[str, Labels]] = {
    "site": lambda case: case.inputs.sets.site.labels,
    "standby": lambda case: case.inputs.sets.site.labels,
    "reach": lambda case: case.inputs.sets.site.labels,
    "zone": lambda case: case.inputs.sets.zone.labels,
    "market": lambda case: case.inputs.sets.market.labels,
    "region": lambda case: [*case.inputs.sets.region.labels, ANYWHERE],
    "workload": lambda case: case.inputs.sets.workload.labels,
    "duty": lambda case: case.inputs.sets.duty.labels,
    "rack": lambda case: case.inputs.sets.rack.labels,
    "vendor": lambda case: case.inputs.sets.vendor.labels,
    "hall": lambda case: case.inputs.sets.hall.labels,
    "to_hall": lambda case: case.inputs.sets.hall.labels,
    "direction": lambda _: ("out", "in"),
    "vintage": _vintages,
    "year": _years,
    "signed_year": _years,
    "calendar_year": lambda case: case.calendar,
    "slot": lambda case: case.inputs.sets.slot.labels,
    "shape": lambda case: case.inputs.sets.shape.labels,
    "window": lambda case: case.inputs.sets.window.labels,
    "period": lambda case: case.inputs.grid.period.labels,
    "source": lambda case: case.inputs.supply.source.labels,
    "contract": lambda case: case.inputs.contracts.contract.labels,
    "pool": lambda case: case.inputs.contracts.pool.labels,
    "lever": lambda case: case.inputs.sets.lever.labels,
    "scope": _scopes,
    "stress_class": lambda case: case.data("water_classes")["stress_class"],
}
"""Labels that a column may hold, by its name."""
_KNOWN_IN: Final[Mapping[tuple[str, str], Labels]] = {
    ("sites", "region"): lambda case: case.data("sites")["region"],
    ("migration", "block"): lambda case: case.inputs.sets.slot.labels,
    ("rent", "tier"): lambda case: case.inputs.sets.tier.labels,
    ("non_firm_connections", "tier"): _tiers_of_headroom,
    ("prices", "tier"): _tiers_of_headroom,
    ("costs", "item"): lambda _: BILLS,
    ("cash", "item"): lambda _: BILLS,
}
"""The same where the name alone does not say it."""
_MAY_BE_EMPTY: Final = ("costs", "cash", "prices")


@rule(unit="labels")
def labels_known(case: Case) -> Excess:
    """Sites, years and all other labels of every table are those of the scenario and its data."""
    sets: dict[Labels, frozenset[object]] = {}

    def parts() -> Iterable[tuple[str, str, Bools]]:
        for schema in TABLES.values():
            table = case.results.tables.get(schema.name)
            for column in schema.fields:
                labels = _KNOWN_IN.get((schema.name, column.name), _KNOWN.get(column.name))
                if labels is None or table is None or column.name not in table.columns:
                    continue
                if labels not in sets:
                    sets[labels] = frozenset(labels(case))
                may = sets[labels] | ({_NOWHERE} if schema.name in _MAY_BE_EMPTY else set())
                codes, found = pd.factorize(table[column.name])  # few labels in many rows
                is_known = np.array([*(label in may for label in found), False])
                yield schema.name, column.name, ~is_known[codes]  # what is missing is code -1

    return _excess(parts())


RULES = (cells_there, rows_once, labels_known)


def are_whole(case: Case) -> bool:
    """Say whether every cell is there, once and with a known label: no rule may fail then.

    Parameters
    ----------
    case : Case
        Inputs and plan.
    """
    return not any(one.test(case).amount.any() for one in RULES)
