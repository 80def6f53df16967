"""Sheet Bridge: from the path to the meter, year by year, and as a chart of the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from planner.outputs.xlsx.block import FIRST_YEAR, write_heads
from planner.outputs.xlsx.book import cell
from planner.results.bridge import steps_of

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from planner.base.arrays import Floats
    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book
    from planner.results.bridge import BridgeStep

__all__ = ["BridgeLine", "bridge_lines", "write_bridge"]

_NAME: Final = "Bridge"
_HEAD: Final = 4
_ABOUT: Final = (
    "From the path of the whole market to the meter of this plan, as solved: each level is the sum "
    "of the level before it and the steps between them."
)
_MW: Final = "#,##0"
_FEWEST: Final = 6
"""Columns of years that a page is wide."""
_CHART: Final = {"width": 960, "height": 330}
_LEVEL, _UP, _DOWN = "#1f3a5f", "#8a8f98", "#3a9188"


class BridgeLine(NamedTuple):
    """A line of the sheet: its row, what it says, and power by model year. [MW]"""

    row: int
    step: BridgeStep
    label: str
    mw: Floats


def bridge_lines(run: Run) -> list[BridgeLine]:
    """Return the lines of the sheet; levels begin with a capital, steps are set in."""
    return [
        BridgeLine(row, step, step.label[0].upper() + step.label[1:] if step.is_level else f"  {step.label}", mw)
        for row, (step, mw) in enumerate(steps_of(run.tables["bridge"]), start=_HEAD + 1)
    ]


def write_bridge(book: Book) -> None:
    """Write sheet Bridge: levels as sums of the terms above them, and a chart."""
    years = book.run.years
    sheet = book.sheet(_NAME, _ABOUT, widths=(46, 15, *[12.5] * max(len(years), _FEWEST)))
    write_heads(book, sheet, _HEAD, ("step", "unit"), years)
    sheet.freeze_panes(_HEAD + 1, FIRST_YEAR)
    sheet.repeat_rows(_HEAD)
    level = _HEAD + 1  # the first row that the next level adds up
    lines = bridge_lines(book.run)
    for row, step, label, mw in lines:
        style = "total" if step.is_level else "plain"
        book.text(sheet, row, 0, label, style)
        book.text(sheet, row, 1, "MW", style if step.is_level else "unit_left")
        for column, value in enumerate(mw, start=FIRST_YEAR):
            if step.is_level and row > level:
                formula = f"=SUM({cell(level, column)}:{cell(row - 1, column)})"
                book.formula(sheet, row, column, formula, value, _MW, style)
            else:
                book.number(sheet, row, column, value, _MW, style)
        level = row if step.is_level else level
    last = [(line.step, float(line.mw[-1])) for line in lines]
    _chart(book, sheet, lines[-1].row + 2, last)


def _chart(book: Book, sheet: Worksheet, row: int, steps: list[tuple[BridgeStep, float]]) -> None:
    """Draw the steps of the last year, each from where the one before it ended."""
    first = FIRST_YEAR + max(len(book.run.years), _FEWEST) + 1  # right of the page
    shown = [(step, mw) for step, mw in steps if step.is_level or abs(mw) >= _LEAST_MW]
    for column, head in enumerate(("step", "below", "level", "adds", "takes away"), start=first):
        book.text(sheet, _HEAD, column, head, "unit_left")
    at = 0.0
    for line, (step, mw) in enumerate(shown, start=_HEAD + 1):
        after = mw if step.is_level else at + mw
        below = 0.0 if step.is_level else min(at, after)
        parts = (below, *(abs(mw) if is_it else 0.0 for is_it in _kind(step, mw)))
        book.text(sheet, line, first, step.label, "unit_left")
        for column, value in enumerate(parts, start=first + 1):
            book.number(sheet, line, column, value, "#,##0.0", "unit")
        at = after
    chart = book.chart("column", f"From the path to the meter, {book.run.years[-1]}", "MW", stacked=True)
    end = _HEAD + len(shown)
    for column, colour in ((1, None), (2, _LEVEL), (3, _UP), (4, _DOWN)):
        fill = {"none": True} if colour is None else {"color": colour}
        chart.add_series(
            {
                "name": [_NAME, _HEAD, first + column],
                "categories": [_NAME, _HEAD + 1, first, end, first],
                "values": [_NAME, _HEAD + 1, first + column, end, first + column],
                "fill": fill,
                "border": {"none": True},
                "gap": 40,
            }
        )
    chart.set_legend({"position": "bottom", "delete_series": [0]})
    chart.set_size(_CHART)
    alternative = {"description": "Steps from the path to the meter, as the table says them"}
    sheet.insert_chart(row, 0, chart, {"object_position": 3, **alternative})
    sheet.print_area(0, 0, row + _CHART_ROWS, first - 2)


_LEAST_MW: Final = 0.05
_CHART_ROWS: Final = 18


def _kind(step: BridgeStep, mw: float) -> tuple[bool, bool, bool]:
    """Tell whether a step is a level, adds or takes away."""
    return step.is_level, not step.is_level and mw >= 0.0, not step.is_level and mw < 0.0
