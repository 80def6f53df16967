"""The dictionary of every table that is written: one record that writers, docs and tests read.

It is data, next to the dictionary of the tables that are read: `data/results.json`,
`data/stress.json` and `data/proof.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planner.base.paths import DATA_DIR
from planner.tables.descriptor import load_package

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from planner.tables.descriptor import Field, TableSchema


def _tables(file: str) -> Mapping[str, TableSchema]:
    return load_package(DATA_DIR / file).tables


TABLES: Final = _tables("results.json")
"""Every result table by name."""

STRESS_TABLES: Final = _tables("stress.json")
"""Tables of a stress study by name."""

_PROOF: Final = _tables("proof.json")
PROOF_TABLES: Final = {name: table for name, table in _PROOF.items() if name != "checks"}
"""Tables of a proof by name, with the columns that each must have next to its labels."""

CHECKS: Final = _PROOF["checks"]
"""The verdict of the checker."""

RUN_TABLES: Final[Mapping[str, TableSchema]] = {**TABLES, CHECKS.name: CHECKS}
"""Every table of a run folder by name: those of the results, and the verdict of the checker."""


WORDS: Final[Mapping[str, Any]] = json.loads((Path(__file__).parent / "words.json").read_text(encoding="utf-8"))
"""How solves end, what is summed up by year, steps of the bridge, ends of a horizon, sums of the four moneys."""


def results_page() -> str:
    """Return the page that documents every table of a run, in Markdown."""
    text = (Path(__file__).parent / "page.md").read_text(encoding="utf-8")
    head, of_proof = text.split("<!-- what follows the tables of results -->\n")
    return tables_page(head, TABLES.values()) + tables_page(of_proof, _PROOF.values())


def tables_page(head: str, tables: Collection[TableSchema]) -> str:
    """Return a page that documents tables, in Markdown."""
    parts = [head, "| table | a row is |", "|---|---|"]
    parts += [f"| [`{table.name}`](#{table.name}) | {table.description} |" for table in tables]
    for table in tables:
        parts += ["", f"## {table.name}", "", table.description, ""]
        parts += ["| column | type | unit | meaning |", "|---|---|---|---|"]
        parts += [_line(table, column) for column in table.fields]
    return "\n".join(parts) + "\n"


def _line(table: TableSchema, column: Field) -> str:
    name = f"`{column.name}`"
    shown = f"**{name}**" if column.name in table.primary_key else name
    about = column.description.replace("|", "\\|")
    about += " (may be missing)" if not column.required and "missing" not in about else ""
    return f"| {shown} | {column.dtype} | {column.unit} | {about} |"
