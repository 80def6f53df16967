"""Sheets Money and Costs: the four moneys, unit costs, payments and cash by item and year."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from planner.outputs.canvas import cell
from planner.outputs.labels import DisplayNames, item_words
from planner.outputs.xlsx.book import FIRST_YEAR, NO, YES, write_heads, write_section
from planner.results.four_moneys import PAID_FOR, moneys
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book
    from planner.results.four_moneys import Moneys

# --- Sheet Costs: payments and cash by item and calendar year, and net present value --------------

# --- Sheet Money: the four sums of money of a plan, their rules, and the unit costs by year -------
#
# The four are the net present value, cash, overnight capex, and what is paid later.

_ABOUT: Final = (
    "What the plan costs, four ways, as solved. They differ in what they count and when; the sums "
    "below lead from one to the other. Real MUSD of the price year."
)
_HEAD: Final = 4
_COLUMNS: Final = 11
_DIGITS: Final = 3
_PAGE_ROWS: Final = 31
"""Rows that fit on a landscape page at full size, some left over for programs that differ."""
_HEAD_ROWS: Final = 2
"""Of unit costs, on each page."""
_WIDE_SCALE: Final = 55
"""Scale at which the columns fit on a page. [%]"""
_LEAST_SCALE: Final = 10
"""No program prints smaller. [%]"""
_MUSD: Final = "#,##0.00"
MONEY_NAMES: Final = ("npv_as_solved_musd", "cash_as_solved_musd", "overnight_as_solved_musd", "after_as_solved_musd")
"""Names that formulas of other sheets use for the four moneys, in their order."""
CASH_YEARS: Final = "cash_calendar_years"
CASH_BY_YEAR: Final = "cash_by_year_musd"
"""Names of the calendar years, and of their cash."""
UNIT_RULE: Final = (
    "as paid, existing racks and halls are sunk; in full, they cost the instalments that repay "
    "their price over their life; parked racks and the halls they leave empty are in neither"
)
_HEADS: Final = {
    "before_musd": "before horizon",
    "building_interest_musd": "build interest",
    "npv_after_musd": "of npv, perpetuity",
    "after_npv_musd": "after, present value",
    "discount_frac": "discount factor",
}
"""Heads of columns whose names are longer than a column, or say too little alone."""


def write_money(book: Book) -> None:
    """Write sheet Money."""
    of_plan = moneys(book.run.tables)
    sheet = book.sheet("Money", _ABOUT, widths=(44, *[13] * (_COLUMNS - 2), 20))
    sheet.repeat_rows(0)  # the title: each block has heads of its own
    sheet.freeze_panes(_HEAD + 1, 1)
    row = _four(book, sheet, of_plan)
    row = _sums(book, sheet, of_plan, row + 1)
    lists = row + 1
    row = _list(book, sheet, "money_years", of_plan.years, lists)
    row = _list(book, sheet, "money_items", of_plan.items, row + 1)
    *units, end = _units(book, sheet, row + 1)
    # Unit costs have pages of their own, each under their years, which cannot be repeated beside
    # the title. Programs that fit a sheet to pages pass over breaks, so that the scale is fixed.
    breaks = [lists, *units]
    sheet.set_h_pagebreaks(breaks)
    longest = max(after - before + 1 for before, after in pairwise([0, *breaks, end]))
    sheet.set_print_scale(_scale(longest))


def _scale(rows: int) -> int:
    """Return the scale at which so many rows fit on a page. [%]"""
    return max(_LEAST_SCALE, min(_WIDE_SCALE, math.floor(100 * _PAGE_ROWS / rows)))


def _four(book: Book, sheet: Worksheet, of_plan: Moneys) -> int:
    """Write the four moneys with their rules. Returns the next row."""
    for column, head in enumerate(("four moneys", "MUSD", "rule")):
        book.text(sheet, _HEAD, column, head, "head" if column != 1 else "head_right")
    for column in range(3, _COLUMNS):
        book.text(sheet, _HEAD, column, "", "head")
    row = _HEAD
    for defined, (name, amount, rule) in zip(MONEY_NAMES, of_plan.lines, strict=True):
        row += 1
        book.text(sheet, row, 0, name, "total")
        book.number(sheet, row, 1, amount, _MUSD, "total")
        book.define(defined, _fixed(row, 1, row, 1))
        book.text(sheet, row, 2, f"  {rule}")
    return row + 1


def _fixed(first_row: int, first_column: int, last_row: int, last_column: int) -> str:
    """Return the place of cells of the sheet, for a name."""
    first, last = (
        cell(row, column, fixed_row=True, fixed_column=True)
        for row, column in ((first_row, first_column), (last_row, last_column))
    )
    return f"Money!{first}" if first == last else f"Money!{first}:{last}"


def _sums(book: Book, sheet: Worksheet, of_plan: Moneys, row: int) -> int:
    """Write the sums from one money to another. Returns the next row."""
    for title, terms in of_plan.reconciled:
        write_section(book, sheet, row, title[0].upper() + title[1:], 2)
        first = row + 1
        for name, amount in terms:
            row += 1
            is_sum = row == first + len(terms) - 1
            book.text(sheet, row, 0, name, "total" if is_sum else "plain")
            if is_sum:
                formula = f"=SUM({cell(first, 1)}:{cell(row - 1, 1)})"
                book.formula(sheet, row, 1, formula, amount, _MUSD, "total")
            else:
                book.number(sheet, row, 1, amount, _MUSD)
        row += 2
    return row


def _units(book: Book, sheet: Worksheet, row: int) -> list[int]:
    """Write unit costs by year twice: as paid, and with existing racks and halls in full.

    Returns the first row of each page of them, and the next row. They are on two pages where one
    is too small; costs of one workload stay together.
    """
    years = book.run.years
    blocks = list(_unit_costs(book.run))
    rows = sum(map(len, blocks))
    is_long = rows + _HEAD_ROWS > 100 * _PAGE_ROWS / _WIDE_SCALE
    starts: list[int] = []
    written = 0
    for block in blocks:
        if not starts or (is_long and len(starts) == 1 and written >= rows / 2):
            starts.append(row)
            write_section(book, sheet, row, _UNITS, FIRST_YEAR + len(years))
            write_heads(book, sheet, row + 1, ("unit cost by model year", "unit"), years)
            row += _HEAD_ROWS
        for cost in block:
            book.text(sheet, row, 0, cost.label)
            book.text(sheet, row, 1, cost.unit, "unit_left")
            for at, value in enumerate(cost.values, start=FIRST_YEAR):
                book.number(sheet, row, at, value, _format(cost.values))
            if cost.name:
                last = FIRST_YEAR + len(years) - 1
                book.define(cost.name, _fixed(row, FIRST_YEAR, row, last))
            row += 1
        written += len(block)
    return [*starts, row]


class UnitCost(NamedTuple):
    """A unit cost by model year, and the name that formulas of other sheets use for it, if any."""

    label: str
    unit: str
    values: pd.Series[float]
    name: str


def hour_costs(run: Run) -> list[UnitCost]:
    """Return what an hour of compute costs at all own sites, as paid and in full, if any is."""
    return [cost for block in _unit_costs(run) for cost in block if cost.name]


def _unit_costs(run: Run) -> Iterator[list[UnitCost]]:
    """Give for each workload, then for all together, its rows."""
    costs, names = run.tables["unit_costs"], DisplayNames(run)
    for scope, level in dict.fromkeys(zip(costs["scope"], costs["level"], strict=True)):
        block = []
        is_of_scope = (costs["scope"] == scope) & (costs["level"] == level)
        of_scope = costs[is_of_scope].set_index("year").reindex(run.years)
        work_unit = next(iter(of_scope["work_unit"].dropna()), "work unit")
        for column, unit in (
            (_PER_HOUR, "USD/H100e-hour"),
            ("usd_per_mw_year", "USD/MW-year"),
            ("usd_per_work_unit", f"USD/{work_unit}"),
            ("usd_per_million_tokens", "USD/M tokens"),
        ):
            if of_scope[column].isna().all():
                continue
            is_named = level == "total" and column == _PER_HOUR
            for paid, words, name in (("", "as paid", _HOUR[0]), ("full_", "in full", _HOUR[1])):
                values = of_scope[f"{paid}{column}"].astype(float)
                label = f"{names.workload(scope)}, {words}"
                block.append(UnitCost(label, unit, values, name if is_named else ""))
        yield block


_PER_HOUR: Final = "usd_per_h100e_hour"
_HOUR: Final = ("h100e_hour_as_paid_usd", "h100e_hour_in_full_usd")


def _format(values: pd.Series[float]) -> str:
    """Return the format that shows three digits of the smallest figure of a row."""
    sizes = values.abs()[values.abs() > 0.0]
    decimals = max(0, _DIGITS - 1 - math.floor(math.log10(sizes.min()))) if len(sizes) else 0
    return f"#,##0.{'0' * decimals}" if decimals else "#,##0"


_UNITS: Final = f"Unit costs: {UNIT_RULE}"


def _list(book: Book, sheet: Worksheet, name: str, frame: pd.DataFrame, row: int) -> int:
    """Write a table of the run with a line of totals. Returns the next row."""
    fields = RUN_TABLES[name].fields
    title = "By calendar year" if name == "money_years" else "By what is bought or runs on"
    write_section(book, sheet, row, title, len(fields))
    head = row + 1
    for column, field in enumerate(fields):
        words = _HEADS.get(field.name, field.name.removesuffix("_musd").replace("_", " "))
        is_text = column == 0 or field.dtype == "str"
        book.text(sheet, head, column, words, "head" if is_text else "head_right")
    row = head
    for record in frame.itertuples(index=False):
        row += 1
        for column, value in enumerate(record):
            if isinstance(value, str):
                book.text(sheet, row, column, item_words(value))
            else:
                shown = {"calendar_year": "0", "discount_frac": "0.0000"}.get(fields[column].name, _MUSD)
                book.number(sheet, row, column, float(value), shown)
    if name == "money_years":
        for defined, column_name in ((CASH_YEARS, "calendar_year"), (CASH_BY_YEAR, "cash_musd")):
            column = RUN_TABLES[name].columns.index(column_name)
            book.define(defined, _fixed(head + 1, column, row, column))
    row += 1
    book.text(sheet, row, 0, "all", "total")
    for column, field in enumerate(fields[1:], start=1):
        if field.unit != "MUSD":
            book.text(sheet, row, column, "", "total")
            continue
        formula = f"=SUM({cell(head + 1, column)}:{cell(row - 1, column)})"
        book.formula(sheet, row, column, formula, float(frame[field.name].sum()), _MUSD, "total")
    return row + 1


_FACTOR_ROW: Final = _HEAD + 1
_COSTS_ABOUT: Final = (
    "Payments follow the price factors, and net present values the cell discount_rate_frac, of "
    "sheet Assumptions. Yearly repayments hold the rate of the solve. Real MUSD, paid mid-year."
)
_COSTS_MUSD: Final = "#,##0"


def write_costs(book: Book) -> None:
    """Write sheet Costs."""
    run = book.run
    solution = run.tables["solution"].iloc[0]
    first, last = int(solution["first_year"]), int(solution["last_year"])
    years = list(range(first, last + 1))
    sheet = book.sheet("Costs", _COSTS_ABOUT, widths=(30, 10, *[12] * (len(years) + 2)))
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
            book.formula(sheet, row, at, formula, value, _COSTS_MUSD, style)
        first, last = (cell(row, at, fixed_column=True) for at in (FIRST_YEAR, self._end - 1))
        book.formula(sheet, row, self._end, f"=SUM({first}:{last})", values.sum(), _COSTS_MUSD, style)
        head, tail = (cell(_FACTOR_ROW, at, fixed_row=True, fixed_column=True) for at in (FIRST_YEAR, self._end - 1))
        npv = float(values @ self._factors)
        formula = f"=SUMPRODUCT({first}:{last},{head}:{tail})"
        book.formula(sheet, row, self._end + 1, formula, npv, _COSTS_MUSD, style)


def _compare(book: Book, sheet: Worksheet, row: int, column: int, objective_musd: float) -> int:
    """Set the NPV next to the objective of the solver. Returns the next row."""
    total = cell(row - 1, column)
    book.define("npv_musd", f"Costs!{cell(row - 1, column, fixed_row=True, fixed_column=True)}")
    book.text(sheet, row, 0, "Objective as solved")
    book.number(sheet, row, column, objective_musd, _COSTS_MUSD)
    book.define("objective_musd", f"Costs!{cell(row, column, fixed_row=True, fixed_column=True)}")
    book.text(sheet, row + 1, 0, "Difference by what was edited")
    value = float((book.run.tables["costs"]["npv_musd"]).sum()) - objective_musd
    formula = f"=ROUND({total}-{cell(row, column)},3)"
    book.formula(sheet, row + 1, column, formula, round(value, 3) + 0.0, _COSTS_MUSD)
    return row + 2
