"""Blocks of sheet Summary that link to sheets Money and Bridge: what a board asks for first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from planner.outputs.xlsx.block import FIRST_YEAR, Row, write_row, write_section
from planner.outputs.xlsx.book import cell
from planner.outputs.xlsx.bridge import bridge_lines
from planner.outputs.xlsx.money import CASH_BY_YEAR, CASH_YEARS, MONEY_NAMES, UNIT_RULE, hour_costs
from planner.results.four_moneys import moneys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.block import At
    from planner.outputs.xlsx.book import Book

__all__ = ["write_board_links"]

_MUSD: Final = "#,##0.00"
_MW: Final = "#,##0"


def write_board_links(book: Book, sheet: Worksheet, head: int, row: int, spans: Sequence[int]) -> None:
    """Write the unit costs, the four moneys and the bridge, each a link to its own sheet."""
    row = _unit_costs(book, sheet, head, row)
    row = _moneys(book, sheet, head, row, spans)
    _bridge(book, sheet, row)


def _unit_costs(book: Book, sheet: Worksheet, head: int, row: int) -> int:
    """Write what an hour costs as paid and in full. Returns the next row."""
    costs = hour_costs(book.run)
    if not costs:  # no rack in any year
        return row
    write_section(book, sheet, row, _UNITS, FIRST_YEAR + len(book.run.years))
    for cost in costs:
        row += 1
        shown = ["" if math.isnan(value) else value for value in cost.values]
        linked = Row(cost.label, cost.unit, _of_year(cost.name), shown, "0.000")
        write_row(book, sheet, head, row, linked)
    for note in (f"{UNIT_RULE[0].upper()}{UNIT_RULE[1:]}.", _DIFFERS):
        row += 1
        book.text(sheet, row, 0, note, "about")
    return row + 1


_UNITS: Final = "Unit costs of own sites, as solved (sheet Money)"
_DIFFERS: Final = (
    "Neither counts rent, rented hours and efficiency levers; the row above does, and follows edited cells."
)


def _of_year(name: str) -> Callable[[At], str]:
    """Return the formula of what a named row has for a model year; blank where that is blank."""

    def formula(at: At) -> str:
        found = f"INDEX({name},MATCH({at.year},model_years,0))"
        return f'IF({found}="","",{found})'

    return formula


def _moneys(book: Book, sheet: Worksheet, head: int, row: int, spans: Sequence[int]) -> int:
    """Write the four moneys with their rules, and cash by year. Returns the next row."""
    run = book.run
    of_plan = moneys(run.tables)
    write_section(book, sheet, row, _MONEYS, FIRST_YEAR + len(run.years))
    for name, (label, musd, rule) in zip(MONEY_NAMES, of_plan.lines, strict=True):
        row += 1
        book.text(sheet, row, 0, label)
        book.text(sheet, row, 1, "MUSD, all years", "unit_left")
        book.formula(sheet, row, FIRST_YEAR, f"={name}", musd, _MUSD)
        book.text(sheet, row, FIRST_YEAR + 1, f"  {rule}", "about")
    cash = of_plan.years.set_index("calendar_year")["cash_musd"]
    by_year = [float(cash.loc[year : year + span - 1].sum()) for year, span in zip(run.years, spans, strict=True)]
    row += 1
    write_row(book, sheet, head, row, Row("Cash by year", "MUSD", _cash, by_year, _MUSD))
    return row + 1


_MONEYS: Final = "Four moneys, as solved (sheet Money)"


def _cash(at: At) -> str:
    """Return the formula of the cash of the calendar years that a model year represents."""
    first, end = f'">="&{at.year}', f'"<"&({at.year}+{at.below})'
    return f"SUMIFS({CASH_BY_YEAR},{CASH_YEARS},{first},{CASH_YEARS},{end})"


def _bridge(book: Book, sheet: Worksheet, row: int) -> None:
    """Write the steps from the path to the meter by year."""
    write_section(book, sheet, row, _BRIDGE, FIRST_YEAR + len(book.run.years))
    for line in bridge_lines(book.run):
        row += 1
        style = "total" if line.step.is_level else "plain"
        book.text(sheet, row, 0, line.label, style)
        book.text(sheet, row, 1, "MW", style if line.step.is_level else "unit_left")
        for column, mw in enumerate(line.mw, start=FIRST_YEAR):
            linked = f"=Bridge!{cell(line.row, column)}"
            book.formula(sheet, row, column, linked, float(mw), _MW, style)


_BRIDGE: Final = "From the path to the meter, as solved (sheet Bridge)"
