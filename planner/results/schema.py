"""The documented schema of every result table: one list that writers, docs and tests read.

Units: power in MW, racks and halls in MW of nameplate, compute in kH100e (thousand
H100-equivalents, mean over the year), money in MUSD of the price year, energy in MWh. What is
called by year is a model year, which stands for the calendar years up to the next one; its
quantities are those of one year. Sites, zones and the like are ids; names are in `sites`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from planner.results.schema_carbon import CARBON_TABLES
from planner.results.schema_contracts import CONTRACT_TABLES
from planner.results.schema_failover import FAILOVER_TABLES
from planner.results.schema_grid import GRID_TABLES
from planner.results.schema_heat import HEAT_TABLES
from planner.results.schema_migration import MIGRATION_TABLES
from planner.results.schema_money import MONEY_TABLES
from planner.results.schema_plan import PLAN_TABLES
from planner.results.schema_power import POWER_TABLES
from planner.results.schema_service import SERVICE_TABLES
from planner.results.schema_siting import SITING_TABLES
from planner.results.schema_supply import SUPPLY_TABLES
from planner.results.schema_tariffs import TARIFF_TABLES

if TYPE_CHECKING:
    from collections.abc import Collection

    from planner.results.column import Column, Table

__all__ = ["TABLES", "results_page", "schema_frame", "tables_page"]

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        *PLAN_TABLES,
        *SITING_TABLES,
        *POWER_TABLES,
        *GRID_TABLES,
        *MIGRATION_TABLES,
        *SUPPLY_TABLES,
        *TARIFF_TABLES,
        *CONTRACT_TABLES,
        *CARBON_TABLES,
        *HEAT_TABLES,
        *SERVICE_TABLES,
        *FAILOVER_TABLES,
        *MONEY_TABLES,
    )
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


_HEAD = """\
# Result tables

Generated from `planner/results/schema*.py` by `python -m planner.docs`. A run keeps each table as
`tables/<name>.parquet`, with units and meanings in the file; in Python they are
`planner.solve(...).results.<name>`. Key columns are in bold. "May be missing" means nan where the
column says so; nothing else is ever missing. Every column is held by a rule of `dcplan check`
(`planner/check/columns.py` names them), but one that is shown only: `solution.found_by`.

Beside them `proof/` holds the program that was solved, with what proves the plan: minimise
`offset_musd + cost @ x` within `lower` and `upper` of the rows `A @ x` and of the columns.
`program.parquet` has the constant of the objective and `bound_by` (`relaxation`, or `search`: the
bound is higher than the relaxation proves, by branch and bound, whose tree is not stored);
`rows.parquet` and `columns.parquet` have a row for each row and column of the program, with its
family and labels, its bounds, and `dual` (with integers fixed), `bound_dual` (of the relaxation;
missing where there is none), or `cost`, `integer` and the solution `x`; `matrix.parquet` has the
non-zeros of A by the numbers of row and column. `dcplan check` proves the plan from these alone.
"""


def results_page() -> str:
    """Return the page that documents every result table, in Markdown."""
    return tables_page(_HEAD, TABLES.values())


def tables_page(head: str, tables: Collection[Table]) -> str:
    """Return a page that documents tables, in Markdown.

    Parameters
    ----------
    head : str
        What stands above them.
    tables : collection of Table
        In their order.

    Returns
    -------
    str
    """
    parts = [head, "| table | a row is |", "|---|---|"]
    parts += [f"| [`{table.name}`](#{table.name}) | {table.about} |" for table in tables]
    for table in tables:
        parts += ["", f"## {table.name}", "", table.about, ""]
        parts += ["| column | type | unit | meaning |", "|---|---|---|---|"]
        parts += [_line(table, column) for column in table.columns]
    return "\n".join(parts) + "\n"


def _line(table: Table, column: Column) -> str:
    name = f"`{column.name}`"
    shown = f"**{name}**" if column.name in table.key else name
    about = column.about.replace("|", "\\|")
    about += " (may be missing)" if column.may_be_missing and "missing" not in about else ""
    return f"| {shown} | {column.dtype} | {column.unit} | {about} |"
