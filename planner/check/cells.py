"""Every cell of every table: it is there, its row is there once, its label is known. These rules come first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.verdict import Excess, rule, tested
from planner.results.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from numpy.typing import NDArray

    from planner.base.arrays import Bools
    from planner.check.case import Case
    from planner.tables.descriptor import Field

ANYWHERE: Final = "(anywhere)"  # the region of demand that no latency binds

_NOWHERE: Final = ""  # a label of what belongs to no site
_MAY_BE_EMPTY: Final = ("costs", "cash", "prices")
_NONE: Final = pd.DataFrame()


def _counted(found: Iterable[tuple[str, str, Any]]) -> Excess:
    """List table, column and row: a column that is right is one place, and so is each wrong cell of the others."""
    places: list[tuple[str, str, str, bool]] = []
    for table, column, is_wrong in found:
        rows = np.flatnonzero(is_wrong).tolist()
        places += [(table, column, str(row), True) for row in rows] or [(table, column, "", False)]
    *labels, wrong = zip(*places, strict=True)
    return Excess.count_broken(dict(zip(("table", "column", "row"), labels, strict=True)), wrong)


def _columns(case: Case) -> Iterator[tuple[str, pd.DataFrame, Field]]:
    """Go through all tables and the columns that they must have."""
    for name, of in TABLES.items():
        for column in of.fields:
            yield name, case.results.tables.get(name, _NONE), column


def _is_missing(column: Field, cells: NDArray[Any]) -> Bools:
    if column.dtype != "float64":
        return np.asarray(pd.isna(cells), dtype=np.bool_)
    if cells.dtype != np.float64:  # a number that is none
        return np.ones(len(cells), dtype=np.bool_)
    return np.asarray(np.isinf(cells) if not column.required else ~np.isfinite(cells))


@rule(unit="cells")
def cells_there(case: Case) -> Excess:
    """Every table has its columns, and cells are missing or infinite only where allowed."""
    return _counted(
        (name, of.name, _is_missing(of, table[of.name].to_numpy()) if of.name in table else True)
        for name, table, of in _columns(case)
    )


@rule(unit="rows")
def rows_once(case: Case) -> Excess:
    """No two rows of a table have the same key."""
    keys = {name: (case.results.tables.get(name, _NONE), of.primary_key) for name, of in TABLES.items()}
    return _counted(
        (name, ", ".join(key), table.duplicated(key) if key else np.arange(len(table)) > 0)
        for name, (table, key) in keys.items()
        if set(key) <= set(table.columns)
    )


def _known_labels(case: Case) -> dict[str, Collection[object]]:
    """Return the labels that a column may hold, by its name, or by table and name where that alone does not say it."""
    inputs, sets, years = case.inputs, case.inputs.sets, case.years
    axes = ["site", "zone", "market", "workload", "duty", "rack", "vendor", "hall", "slot", "shape", "window", "lever"]
    tiers = inputs.non_firm.tier.labels
    return {
        **{name: getattr(sets, name).labels for name in axes},
        **dict.fromkeys(("standby", "reach"), sets.site.labels),
        "to_hall": sets.hall.labels,
        "period": inputs.grid.period.labels,
        "source": inputs.supply.source.labels,
        "contract": inputs.contracts.contract.labels,
        "pool": inputs.contracts.pool.labels,
        "region": (*sets.region.labels, ANYWHERE),
        "direction": ("out", "in"),
        "vintage": (*sets.vintage.labels, *map(str, years)),
        **dict.fromkeys(("year", "signed_year"), years),
        "calendar_year": case.calendar,
        "scope": (*sets.workload.labels, *sets.duty.labels, "total"),
        "stress_class": case.data("water_classes")["stress_class"].tolist(),
        "sites.region": case.data("sites")["region"].tolist(),
        "migration.block": sets.slot.labels,
        "rent.tier": sets.tier.labels,
        **dict.fromkeys(("non_firm_connections.tier", "prices.tier"), tiers),
    }


@rule(unit="labels")
def labels_known(case: Case) -> Excess:
    """Sites, years and all other labels of every table are those of the scenario and its data."""
    known = {name: frozenset(labels) for name, labels in _known_labels(case).items()}

    def found() -> Iterator[tuple[str, str, Any]]:
        for name, table, column in _columns(case):
            allowed = known.get(f"{name}.{column.name}", known.get(column.name))
            if allowed is None or column.name not in table:
                continue
            labels = table[column.name].tolist()
            unknown = {*labels} - allowed - ({_NOWHERE} if name in _MAY_BE_EMPTY else set())
            yield name, column.name, [label in unknown for label in labels] if unknown else False

    return _counted(found())


def are_complete(case: Case) -> bool:
    """Say whether every cell is there, once and with a known label: no rule may fail then."""
    return not any(tested(one, case).amount.any() for one in (cells_there, rows_once, labels_known))
