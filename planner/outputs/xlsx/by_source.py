"""Sheet Power by source: where the power of each site and year comes from, with a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.xlsx.block import FIRST_YEAR, write_heads
from planner.outputs.xlsx.book import cell
from planner.outputs.xlsx.columns import SITE_NAME, number, text
from planner.outputs.xlsx.table import write_table
from planner.results.power_by_source import GRID, OUT, sources_of_power
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book

__all__ = ["write_power_by_source"]

_NAME: Final = "Power by source"
_TABLE: Final = "SourceYears"
_TOP: Final = 5
_CHART_ROWS: Final = 16
_COLOUR_OF: Final = {GRID: 0, "(charging)": 7, "(sold)": 8, "(curtailed)": 4}
_OWN_COLOURS: Final = (1, 2, 3, 5, 6)
_MW: Final = "#,##0.0;-#,##0.0;;@"
_MWH: Final = "#,##0;-#,##0;;@"
_MEASURES: Final = (("mean_mw", "MW, mean over the year", _MW), ("energy_mwh", "MWh", _MWH))
_COLUMNS: Final = (
    RUN_TABLES["source_year"].field("site"),
    SITE_NAME,
    text("source", "Grid, on-site source, or use of on-site power beyond load"),
    RUN_TABLES["source_year"].field("year"),
    number("capacity_mw", "MW", "Power in service; for the grid, firm connection", missing=True),
    number("mean_mw", "MW", "Mean over the year; below 0: taken by charging, sold, curtailed"),
    number("energy_mwh", "MWh", "Energy of the year, likewise"),
)
_ABOUT: Final = (
    "What the grid and on-site technologies give in a year, and, below 0, what charging, sales and "
    "surplus take; the total is what the sites would use. As solved, not by edited assumptions."
)


def write_power_by_source(book: Book) -> None:
    """Write sheet Power by source: a block of sources by year, its chart, and the list."""
    years = book.run.years
    width = len(years)
    sheet = book.sheet(_NAME, _ABOUT, widths=(26, 26, *[15] * (2 * width + 1)))
    frame = sources_of_power(book.run.tables)[[column.name for column in _COLUMNS]]
    sources = _in_order(frame)
    head = _TOP + _CHART_ROWS
    for part, (measure, unit, shown) in enumerate(_MEASURES):
        _write_block(book, sheet, head, sources, frame, measure, unit, shown, part)
    sheet.freeze_panes(3, 1)
    _insert_chart(book, sheet, head, sources)
    below = head + len(sources) + 3
    book.text(sheet, below, 0, "By site", "section")
    write_table(book, sheet, _TABLE, frame, _COLUMNS, head_row=below + 2, lay_out=False)


def _in_order(frame: pd.DataFrame) -> list[str]:
    """Return the grid first, then on-site sources by their energy, then what they are used for."""
    energy = frame.groupby("source")["energy_mwh"].sum().sort_values(ascending=False)
    made = [str(source) for source in energy.index if source not in {GRID, *OUT}]
    return [GRID, *made, *(source for source in OUT if source in energy.index)]


def _write_block(
    book: Book,
    sheet: Worksheet,
    head: int,
    sources: list[str],
    frame: pd.DataFrame,
    measure: str,
    unit: str,
    shown: str,
    part: int,
) -> None:
    """Write one measure of every source by year, and its total."""
    years = book.run.years
    if part == 0:
        write_heads(book, sheet, head, ("source", ""), ())
        for row, source in enumerate([*sources, "Total"], start=head + 1):
            is_total = row == head + 1 + len(sources)
            book.text(sheet, row, 0, source, "total" if is_total else "plain")
            book.text(sheet, row, 1, "", "total" if is_total else "unit_left")
    wide = frame.pivot_table(index="source", columns="year", values=measure, aggfunc="sum")
    wide = wide.reindex(index=sources, columns=years).fillna(0.0)
    first = FIRST_YEAR + part * (len(years) + 1)
    book.text(sheet, head - 1, first, unit, "unit_left")
    last = head + len(sources)
    for at, year in enumerate(years, start=first):
        book.number(sheet, head, at, year, "0", "head_right")
        in_year = f"({_TABLE}[year]={cell(head, at, fixed_row=True)})"
        for row, value in enumerate(wide[year], start=head + 1):
            matches = f"EXACT({_TABLE}[source],{cell(row, 0, fixed_column=True)})*{in_year}"
            formula = f"=SUMPRODUCT({matches},{_TABLE}[{measure}])"
            book.formula(sheet, row, at, formula, float(value), shown)
        total = f"=SUM({cell(head + 1, at)}:{cell(last, at)})"
        book.formula(sheet, last + 1, at, total, float(wide[year].sum()), shown, "total")


def _insert_chart(book: Book, sheet: Worksheet, head: int, sources: list[str]) -> None:
    """Stand the sources on each other, year by year."""
    chart = book.chart("column", "Sources of power", "MW, mean", stacked=True)
    years = (head, FIRST_YEAR, FIRST_YEAR + len(book.run.years) - 1)
    own = iter(range(len(sources)))
    for row, source in enumerate(sources, start=head + 1):
        fixed = _COLOUR_OF.get(source)
        colour = _OWN_COLOURS[next(own) % len(_OWN_COLOURS)] if fixed is None else fixed
        book.series(chart, _NAME, (row, 0), years, row, colour)
    chart.set_size({"width": 700, "height": 310})
    chart.set_x_axis({"label_position": "low", "num_font": {"size": 9}})
    sheet.insert_chart(_TOP - 1, 0, chart, {"object_position": 3})
