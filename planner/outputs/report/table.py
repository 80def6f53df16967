"""Tables of figures: what is common to the cells of a row is said once, in the row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.outputs.report.figures import MISSING, decimals_for, parse_where, where_text
from planner.outputs.report.markup import NOTHING, Html, element

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from planner.outputs.report.figures import ReportFigure

__all__ = ["NumberColumn", "figure_table"]


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers."""

    head: str  # what is above it, with its unit where the table has several
    per: float = 1.0  # what numbers are divided by: 0.01 shows shares in percent
    decimals: int | None = None  # places behind the point; by default as many as show its largest number well


def figure_table(
    caption: str,
    row_head: str,
    columns: Sequence[NumberColumn],
    rows: Sequence[tuple[str, Sequence[ReportFigure | str | None]]],
    *,
    one_unit: bool = False,
    totals: Collection[int] = (),
    shows_caption: bool = False,
) -> Html:
    """Make a table."""
    if not rows:
        return NOTHING
    decimals = _decimals(columns, rows, one_unit)
    texts = {at for at, of in enumerate(rows[0][1]) if isinstance(of, str) and not isinstance(of, Html)}
    head = element(
        "tr",
        element("th", row_head, scope="col") if row_head else element("td"),
        (
            element("th", column.head, scope="col", class_=None if at in texts else "num")
            for at, column in enumerate(columns)
        ),
    )
    body = []
    for at, (label, figures) in enumerate(rows):
        common = _common([one for one in figures if not isinstance(one, str | None)])
        cells = (
            _cell(figure, column, places, common)
            for figure, column, places in zip(figures, columns, decimals, strict=True)
        )
        row = element("th", element("bdi", label), scope="row")
        body.append(element("tr", row, cells, class_="total" if at in totals else None, **common))
    return element(
        "div",
        element(
            "table",
            element("caption", caption, class_=None if shows_caption else "heard"),
            element("thead", head),
            element("tbody", body),
        ),
        class_="scroll",
    )


def _decimals(
    columns: Sequence[NumberColumn], rows: Sequence[tuple[str, Sequence[ReportFigure | str | None]]], one_unit: bool
) -> list[int]:
    of_columns = []
    for at, column in enumerate(columns):
        figures = [row[at] for _, row in rows]
        of_columns.append([one.shown_value / column.per for one in figures if not isinstance(one, str | None)])
    if one_unit:
        of_columns = [[value for values in of_columns for value in values]] * len(columns)
    return [
        decimals_for(values) if column.decimals is None else column.decimals
        for column, values in zip(columns, of_columns, strict=True)
    ]


def _common(figures: Sequence[ReportFigure]) -> dict[str, Any]:
    """Return what all cells of a row share: table, column, and labels of rows."""
    if not figures:
        return {}
    first = figures[0]
    common: dict[str, Any] = {}
    if all(figure.table == first.table for figure in figures):
        common["data_table"] = first.table
    if all(figure.column == first.column for figure in figures):
        common["data_column"] = first.column
    if all(figure.run == first.run for figure in figures):
        common["data_run"] = first.run
    where = {
        key: label for key, label in first.where.items() if all(figure.where.get(key) == label for figure in figures)
    }
    common["data_where"] = where_text(where) or None
    return common


def _cell(figure: ReportFigure | str | None, column: NumberColumn, decimals: int, common: dict[str, Any]) -> Html:
    if figure is None:
        return element("td", MISSING, class_="num none")
    if isinstance(figure, Html):
        return element("td", figure, class_="num")
    if isinstance(figure, str):
        return element("td", element("bdi", figure))
    own = figure.attributes(per=column.per)
    own = {key: value for key, value in own.items() if value != common.get(key)}
    shared = parse_where(common.get("data_where") or "")
    rest = {key: label for key, label in figure.where.items() if str(label) != shared.get(key)}
    own |= {"data_where": where_text(rest) or None, "class_": "num n"}
    return element("td", figure.text(per=column.per, decimals=decimals), **own)
