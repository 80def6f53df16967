"""What differs in the inputs of runs: settings, and cells of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.comparison.cells import table_differences
from planner.outputs.comparison.settings import setting_differences, setting_text
from planner.outputs.comparison.words import cell_text
from planner.outputs.labels import shortened
from planner.outputs.report.markup import NOTHING, Html, element, name
from planner.outputs.report.page import section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.comparison.cells import TableDifference
    from planner.outputs.run import Run

__all__ = ["differences"]

_MOST_CHARACTERS: Final = 160
_HASH: Final = 10  # digits
_CELLS: Final = 40  # of a table


def differences(runs: Sequence[Run], letters: Sequence[str]) -> Html:
    """List the settings and the input tables in which the runs are not the same."""
    settings = [(one.name, [setting_text(value) for value in one.values]) for one in setting_differences(runs)]
    tables = table_differences(runs)
    rows = [*settings, *((f"table {one.table}", _hashes(one)) for one in tables)]
    heading = "What differs in the inputs"
    if not rows:
        return section("differences", heading, element("p", "Nothing differs."))
    about = element("p", "For tables, the first digits of their content hash are shown.")
    listed = _table("Settings and tables that differ", ("setting or table", *letters), rows)
    return section("differences", heading, about, listed, *(_cells(of, letters) for of in tables))


def _table(caption: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> Html:
    body = (
        element(
            "tr",
            element("th", element("bdi", key), scope="row"),
            (element("td", element("bdi", shortened(text, _MOST_CHARACTERS))) for text in texts),
        )
        for key, texts in rows
    )
    table = element(
        "table",
        element("caption", caption, class_="heard"),
        element("thead", element("tr", (element("th", name(one), scope="col") for one in heads))),
        element("tbody", body),
        class_="text",
    )
    return element("div", table, class_="scroll")


def _cells(table: TableDifference, letters: Sequence[str]) -> Html:
    """List cells of a table that differ."""
    if not table.cells:
        return NOTHING
    rows = [(f"{one.row}: {one.column}", [cell_text(value) for value in one.values]) for one in table.cells[:_CELLS]]
    counted = f"{table.table}: {len(table.cells):,} cells or rows differ"
    more = f", {_CELLS} of them shown" if len(table.cells) > _CELLS else ""
    listed = _table(f"Cells of {table.table} that differ", ("row and column", *letters), rows)
    return element("details", element("summary", name(f"{counted}{more}")), listed)


def _hashes(table: TableDifference) -> list[str]:
    return [digits[:_HASH] or "not read" for digits in table.hashes]
