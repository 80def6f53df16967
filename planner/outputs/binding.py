"""What binds in a plan, in sentences with the names that people use."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.base.errors import InputError
from planner.limits import BY_NAME
from planner.limits.binding import PLACES, binding, limit_parts
from planner.outputs.run import once_a_run
from planner.outputs.solver_files import inputs_of

if TYPE_CHECKING:
    from planner.limits.limit import Tables
    from planner.outputs.labels import DisplayNames
    from planner.outputs.run import Run

__all__ = ["binding_of_run", "sentence", "weightiest"]

_NAMES: Final = frozenset({"site", "zone", "workload"})


@once_a_run
def binding_of_run(run: Run) -> pd.DataFrame | InputError:
    """Return the limits that bind, or why this version can not read the inputs of the run."""
    prices = run.tables["prices"]
    known = {name for name, limit in BY_NAME.items() if limit.binding is not None}
    if not set(prices["block"]) & known:
        return pd.DataFrame(columns=["block", *PLACES, "year"])
    try:
        inputs = inputs_of(run)
    except InputError as error:
        return error
    return binding(inputs, run.tables)


def weightiest(table: pd.DataFrame, most: int, most_of_a_kind: int) -> pd.DataFrame:
    """Return the limits by which a plan loses most, each in the year in which it binds hardest."""
    once = table.drop_duplicates(["block", *PLACES])
    return once[once.groupby("block").cumcount() < most_of_a_kind].head(most)


def sentence(row: pd.Series, tables: Tables, labels: DisplayNames) -> list[tuple[str, bool]]:
    """Say what binds."""
    parts = limit_parts(row, tables, partial(_known, labels))
    return [(part, place in _NAMES) for part, place in parts]


def _known(labels: DisplayNames, place: str, label: str) -> str:
    names = {"site": labels.site, "zone": labels.zone, "workload": labels.workload, "vendor": labels.vendor}
    return names.get(place, str)(label)
