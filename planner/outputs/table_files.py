"""Tables as CSV with a data package, as Parquet, and in types of JSON."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from planner.results import Results
from planner.results.schema import RUN_TABLES, TABLES
from planner.results.store import to_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from planner.outputs.run import Run
    from planner.tables.descriptor import TableSchema

# --- CSV: one file per table, and a data package that says what every column means ----------------
#
# Text is quoted and numbers are not, and nothing is put in front of text that begins with ``=``,
# ``+``, ``-`` or ``@``: a file that is read back holds what was written. Programs that read CSV
# by its rules, such as pandas, DuckDB or R, take quoted text as text. Excel does not: it guesses
# that such text is a formula, quoted or not, so open ``plan.xlsx`` in it instead.


def write_csv(run: Run, folder: Path) -> list[Path]:
    """Write every result table as a CSV file in UTF-8, with ``datapackage.json`` next to them."""
    known = [name for name in run.tables if name in RUN_TABLES]  # other files are no tables of a run
    written = [folder / "datapackage.json", *(folder / f"{name}.csv" for name in known)]
    resources = [_resource(RUN_TABLES[name]) for name in known]
    package = {"name": str(run.meta["run"]), "title": run.title, "resources": resources}
    written[0].write_text(f"{json.dumps(package, indent=2, ensure_ascii=False)}\n", encoding="utf-8")
    for name, path in zip(known, written[1:], strict=True):
        run.tables[name].to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    return written


def _resource(table: TableSchema) -> dict[str, Any]:
    # An empty cell is a missing number, but an empty label is a label.
    fields = [
        {"name": column.name, "type": column.type, "description": column.description}
        | ({"unit": column.unit} if column.unit else {})
        | ({"missingValues": [] if column.required else [""]})
        for column in table.fields
    ]
    key = {"primaryKey": list(table.primary_key)} if table.primary_key else {}
    about = {"name": table.name, "path": f"{table.name}.csv", "description": table.description}
    return {**about, "encoding": "utf-8", "schema": {"fields": fields, **key}}


# --- Parquet: one file per table, types kept, unit and meaning with every column ------------------


def write_parquet(run: Run, folder: Path) -> list[Path]:
    """Write every table of a run as a Parquet file."""
    results = {name: run.tables[name] for name in TABLES}
    to_parquet(Results(results), folder)
    checks = write_inputs({"checks": run.tables["checks"]}, folder)
    return [*(folder / f"{name}.parquet" for name in TABLES), *checks]


def write_inputs(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Write tables that are not of the results' schema."""
    for name, frame in tables.items():
        folder.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)  # small: threads cost more than they save
        pq.write_table(table, folder / f"{name}.parquet", compression="lz4")
    return [folder / f"{name}.parquet" for name in tables]


def write_proof(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write the tables of a proof: places of non-zeros rise, and as differences they take half the space."""
    for name, frame in tables.items():
        folder.mkdir(parents=True, exist_ok=True)
        places = dict.fromkeys(map(str, frame.select_dtypes("integer")), "DELTA_BINARY_PACKED")
        others = [column for column in frame if column not in places] if places else True
        how: Any = {"column_encoding": places or None, "use_dictionary": others}
        frame.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd", **how)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table by column, None where a number is missing.

    >>> import pandas as pd
    >>> records(pd.DataFrame({"mw": [7.5, float("nan")], "site": ["oak", "elm"]}))
    [{'mw': 7.5, 'site': 'oak'}, {'mw': None, 'site': 'elm'}]
    """
    stated = frame.replace([math.inf, -math.inf], math.nan).astype(object)
    rows = stated.where(stated.notna(), None).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]
