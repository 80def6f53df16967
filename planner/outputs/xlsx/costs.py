"""Sheet Costs: payments and cash by item and calendar year, and net present value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.outputs.labels import item_words
from planner.outputs.xlsx.block import FIRST_YEAR, write_heads
from planner.outputs.xlsx.book import cell
from planner.outputs.xlsx.table import NO, YES
from planner.results.costs import PAID_FOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book

__all__ = ["write_costs"]

_HEAD: Final = 4
_FACTOR_ROW: Final = _HEAD + 1
_ABOUT: Final = (
    "Payments follow the price factors, and net present values the cell discount_rate_frac, of "
    "sheet Assumptions. Yearly repayments hold the rate of the solve. Real MUSD, paid mid-year."
)
_MUSD: Final = "#,##0"


def write_costs(book: Book) -> None:
    """Write sheet Costs."""
    run = book.run
    solution = run.tables["solution"].iloc[0]
    first, last = int(solution["first_year"]), int(solution["last_year"])
    years = list(range(first, last + 1))
    sheet = book.sheet("Costs", _ABOUT, widths=(30, 10, *[12] * (len(years) + 2)))
    write_heads(book, sheet, _HEAD, ("payments by calendar year", "kind"), years)
    end = FIRST_YEAR + len(years)
    for column, head in ((end, "total"), (end + 1, "NPV")):
        book.text(sheet, _HEAD, column, head, "head_right")
    sheet.freeze_panes(_FACTOR_ROW + 1, FIRST_YEAR)
    sheet.repeat_rows(_HEAD, _FACTOR_ROW)
    factors = _discount_factors(book, sheet, years)
    page = _Page(book, sheet, years, factors)
    row = page.payments(_FACTOR_ROW + 1)
    row = _compare(book, sheet, row, end + 1, float(solution["objective_musd"]))
    first_chart = row + 1
    row = page.cash(first_chart + _CHART_ROWS)
    page.chart(first_chart)


_CHART_ROWS: Final = 17


def _discount_factors(book: Book, sheet: Worksheet, years: Sequence[int]) -> np.ndarray:
    """Write the row of mid-year discount factors that every NPV of the sheet uses."""
    solution = book.run.tables["solution"].iloc[0]
    rate, base = float(solution["discount_rate_frac"]), int(solution["base_year"])
    factors = (1.0 + rate) ** -(np.array(years) - base + 0.5)
    book.text(sheet, _FACTOR_ROW, 0, "Discount factor, mid-year", "about")
    book.text(sheet, _FACTOR_ROW, 1, "-", "about")
    # With a perpetuity the last year also represents all that follow it.
    goes_on = solution["end_of_horizon"] == "perpetuity"
    factors[-1] *= 1.0 + 1.0 / rate if goes_on else 1.0
    for at, factor in enumerate(factors):
        year = cell(_HEAD, FIRST_YEAR + at, fixed_row=True)
        formula = f"=(1+discount_rate_frac)^-({year}-base_year+0.5)"
        if goes_on and at == len(years) - 1:
            formula += "*(1+1/discount_rate_frac)"
        book.formula(sheet, _FACTOR_ROW, FIRST_YEAR + at, formula, factor, "0.0000", "about")
    return factors


class _Page:
    """The rows of the sheet; they share years and discount factors."""

    def __init__(self, book: Book, sheet: Worksheet, years: Sequence[int], factors: np.ndarray) -> None:
        self._book = book
        self._sheet = sheet
        self._years = years
        self._factors = factors
        self._end = FIRST_YEAR + len(years)
        self._groups: dict[str, int] = {}

    def payments(self, row: int) -> int:
        """Write payments by heading and item, then capex, opex and all. Returns the next row."""
        costs = self._book.run.tables["costs"]
        for group in dict.fromkeys(costs["group"]):
            of_group = costs[costs["group"] == group]
            condition = f'CostLines[group],"{group}"'
            self._groups[group] = row
            self._row(row, group, "", "CostLines", "live_musd", condition, of_group, "section")
            for item in dict.fromkeys(of_group["item"]):
                row += 1
                of_item = of_group[of_group["item"] == item]
                kind = PAID_FOR[bool(of_item["upfront"].iloc[0])]
                condition = f'CostLines[item],"{item}"'
                self._row(row, f"  {item_words(item)}", kind, "CostLines", "live_musd", condition, of_item)
            row += 1
        for is_upfront, kind in PAID_FOR.items():
            condition = f'CostLines[upfront],"{YES if is_upfront else NO}"'
            part = costs[costs["upfront"] == is_upfront]
            label = f"All {kind}"
            self._row(row, label, kind, "CostLines", "live_musd", condition, part, "total")
            row += 1
        self._row(row, "All payments", "", "CostLines", "live_musd", "", costs, "total")
        return row + 1

    def cash(self, row: int) -> int:
        """Write cash spent on assets by item. Returns the next row."""
        cash = self._book.run.tables["cash"].rename(columns={"cash_musd": "musd"})
        heads = ("cash spent on assets", "")
        write_heads(self._book, self._sheet, row, heads, self._years)
        self._book.text(self._sheet, row, self._end, "total", "head_right")
        self._book.text(self._sheet, row, self._end + 1, "NPV", "head_right")
        for item in dict.fromkeys(cash["item"]):
            row += 1
            condition = f'CashLines[item],"{item}"'
            of_item = cash[cash["item"] == item]
            self._row(row, f"  {item_words(item)}", "", "CashLines", "live_cash_musd", condition, of_item)
        row += 1
        self._row(row, "All cash", "", "CashLines", "live_cash_musd", "", cash, "total")
        return row + 1

    def chart(self, row: int) -> None:
        """Insert the chart of payments by heading, if anything is paid."""
        if not self._groups:
            return
        chart = self._book.chart("column", "Payments by heading", "MUSD", stacked=True)
        years = (_HEAD, FIRST_YEAR, self._end - 1)
        for colour, at in enumerate(self._groups.values()):
            self._book.series(chart, "Costs", (at, 0), years, at, colour)
        chart.set_size({"width": 900, "height": 320})
        self._sheet.insert_chart(row, 0, chart, {"object_position": 3})

    def _row(
        self,
        row: int,
        label: str,
        kind: str,
        table: str,
        column: str,
        condition: str,
        frame: pd.DataFrame,
        style: str = "plain",
    ) -> None:
        """Write an item by calendar year, its total and its NPV."""
        book, sheet = self._book, self._sheet
        by_year = frame.groupby("calendar_year")["musd"].sum()
        values = np.array([by_year.get(year, 0.0) for year in self._years])
        book.text(sheet, row, 0, label, style)
        book.text(sheet, row, 1, kind, style if style != "plain" else "unit_left")
        more = f",{condition}" if condition else ""
        for at, value in enumerate(values, start=FIRST_YEAR):
            year = cell(_HEAD, at, fixed_row=True)
            formula = f"=SUMIFS({table}[{column}],{table}[calendar_year],{year}{more})"
            book.formula(sheet, row, at, formula, value, _MUSD, style)
        first, last = (cell(row, at, fixed_column=True) for at in (FIRST_YEAR, self._end - 1))
        book.formula(sheet, row, self._end, f"=SUM({first}:{last})", values.sum(), _MUSD, style)
        head, tail = (cell(_FACTOR_ROW, at, fixed_row=True, fixed_column=True) for at in (FIRST_YEAR, self._end - 1))
        npv = float(values @ self._factors)
        formula = f"=SUMPRODUCT({first}:{last},{head}:{tail})"
        book.formula(sheet, row, self._end + 1, formula, npv, _MUSD, style)


def _compare(book: Book, sheet: Worksheet, row: int, column: int, objective_musd: float) -> int:
    """Set the NPV next to the objective of the solver. Returns the next row."""
    total = cell(row - 1, column)
    book.define("npv_musd", f"Costs!{cell(row - 1, column, fixed_row=True, fixed_column=True)}")
    book.text(sheet, row, 0, "Objective as solved")
    book.number(sheet, row, column, objective_musd, _MUSD)
    book.define("objective_musd", f"Costs!{cell(row, column, fixed_row=True, fixed_column=True)}")
    book.text(sheet, row + 1, 0, "Difference by what was edited")
    value = float((book.run.tables["costs"]["npv_musd"]).sum()) - objective_musd
    formula = f"=ROUND({total}-{cell(row, column)},3)"
    book.formula(sheet, row + 1, column, formula, round(value, 3) + 0.0, _MUSD)
    return row + 2
