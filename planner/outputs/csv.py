"""CSV: one file per table, and a data package that says what every column means.

Text is quoted and numbers are not, and nothing is put in front of text that begins with ``=``,
``+``, ``-`` or ``@``: a file that is read back holds what was written. Programs that read CSV
by its rules, such as pandas, DuckDB or R, take quoted text as text. Excel does not: it guesses
that such text is a formula, quoted or not, so open ``plan.xlsx`` in it instead.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from planner.outputs.files import whole_file
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from planner.outputs.run import Run
    from planner.tables.descriptor import TableSchema

__all__ = ["write_csv"]


def write_csv(run: Run, folder: Path) -> list[Path]:
    """Write every result table as a CSV file in UTF-8, with ``datapackage.json`` next to them."""
    written = [folder / "datapackage.json"]
    text = json.dumps(_package(run), indent=2, ensure_ascii=False)
    with whole_file(written[0]) as partial:
        partial.write_text(text + "\n", encoding="utf-8")
    for name in _known_tables(run):
        frame = run.tables[name]
        written.append(folder / f"{name}.csv")
        with whole_file(written[-1]) as partial:
            frame.to_csv(partial, index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    return written


def _known_tables(run: Run) -> list[str]:
    """Names of the tables that a run is known to have; other files are none."""
    return [name for name in run.tables if name in RUN_TABLES]


def _package(run: Run) -> dict[str, Any]:
    """Describe the files as a Frictionless data package."""
    resources = [_resource(RUN_TABLES[name]) for name in _known_tables(run)]
    return {"name": str(run.meta["run"]), "title": run.title, "resources": resources}


def _resource(table: TableSchema) -> dict[str, Any]:
    # An empty cell is a missing number, but an empty label is a label.
    fields = [
        {"name": column.name, "type": column.type, "description": column.description}
        | ({"unit": column.unit} if column.unit else {})
        | ({"missingValues": [] if column.required else [""]})
        for column in table.fields
    ]
    schema: dict[str, Any] = {"fields": fields}
    if table.primary_key:
        schema["primaryKey"] = list(table.primary_key)
    return {
        "name": table.name,
        "path": f"{table.name}.csv",
        "description": table.description,
        "encoding": "utf-8",
        "schema": schema,
    }
