"""The documented schema of every result table: one list that writers, docs and tests read.

Units: power in MW, racks and halls in MW of nameplate, compute in kH100e (thousand
H100-equivalents, mean over the year), money in MUSD of the price year, energy in MWh. What is
called by year is a model year, which stands for the calendar years up to the next one; its
quantities are those of one year. Sites, zones and the like are ids; names are in `sites`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from planner.results.schema_money import MONEY_TABLES
from planner.results.schema_plan import PLAN_TABLES
from planner.results.schema_power import POWER_TABLES
from planner.results.schema_service import SERVICE_TABLES

if TYPE_CHECKING:
    from planner.results.column import Table

__all__ = ["TABLES", "schema_frame"]

TABLES: dict[str, Table] = {
    table.name: table for table in (*PLAN_TABLES, *POWER_TABLES, *SERVICE_TABLES, *MONEY_TABLES)
}
"""Every result table by name."""


def schema_frame() -> pd.DataFrame:
    """Return the whole schema as one table.

    Returns
    -------
    DataFrame
        One row per column of every result table: table, column, dtype, unit, is_key,
        may_be_missing, about.
    """
    rows = [
        {
            "table": table.name,
            "column": column.name,
            "dtype": column.dtype,
            "unit": column.unit,
            "is_key": column.name in table.key,
            "may_be_missing": column.may_be_missing,
            "about": column.about,
        }
        for table in TABLES.values()
        for column in table.columns
    ]
    return pd.DataFrame(rows)
