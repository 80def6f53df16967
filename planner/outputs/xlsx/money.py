"""Sheets Money and Costs: the four moneys, unit costs, payments and cash by item and year."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from planner.outputs.canvas import LAYOUT, Live, cell, place_of
from planner.outputs.labels import DisplayNames, item_words
from planner.outputs.xlsx.book import (
    FIRST_YEAR,
    Formula,
    Row,
    lists_of,
    totals,
    write_heads,
    write_lists,
    write_rows,
    write_section,
)
from planner.results.four_moneys import PAID_FOR, moneys
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.outputs.xlsx.book import Book

# --- Sheet Money: the four sums of money of a plan, their rules, and the unit costs by year -------
#
# The four are the net present value, cash, overnight capex, and what is paid later.

_HEAD: Final = 4
_COLUMNS: Final = 12
_MUSD: Final = "#,##0.00"
MONEY_NAMES: Final = ("npv_as_solved_musd", "cash_as_solved_musd", "overnight_as_solved_musd", "after_as_solved_musd")
"""Names that formulas of other sheets use for the four moneys, in their order."""
UNIT_RULE: Final = (
    "as paid, existing racks and halls are sunk; in full, they cost the instalments that repay "
    "their price over their life; parked racks and the halls they leave empty are in neither"
)


def write_money(book: Book) -> None:
    """Write sheet Money."""
    of_plan = moneys(book.run.tables)
    sheet = book.sheet("Money", widths=(36, *[17] * (_COLUMNS - 1)), freeze=(_HEAD + 1, 1), repeat=[0])
    heads = ("four moneys", "MUSD", "rule", *[""] * (_COLUMNS - 3))
    book.line(sheet, _HEAD, heads, "head", styles={1: "head_right"})
    row = _HEAD
    for row, (defined, (name, amount, rule)) in enumerate(zip(MONEY_NAMES, of_plan.lines, strict=True), _HEAD + 1):
        book.line(sheet, row, [name, amount, f"  {rule}"], "total", _MUSD, styles={2: "plain"})
        book.define(defined, place_of("Money", (row, 1)))
    row += 2
    for title, terms in of_plan.reconciled:
        write_section(book, sheet, row, title[0].upper() + title[1:], 2)
        first, row = row + 1, row + len(terms)
        for at, (name, amount) in enumerate(terms, first):
            is_sum = at == row
            value = Live(f"SUM({cell(first, 1)}:{cell(row - 1, 1)})", amount) if is_sum else amount
            book.line(sheet, at, [name, value], "total" if is_sum else "plain", _MUSD)
        row += 2
    years, items, units = lists_of("Money")
    named = of_plan.items.assign(**{key: of_plan.items[key].map(item_words) for key in ("item", "kind")})
    costs = book.run.tables["unit_costs"]
    costs = costs.assign(scope=costs["scope"].map(DisplayNames(book.run).workload))
    columns = [RUN_TABLES["unit_costs"].field(name) for name in LAYOUT["unit_costs"]]
    end = write_lists(book, sheet, row + 1, [years, items._replace(frame=named)])
    sheet.print_area(0, 0, end - 1, _COLUMNS - 1)  # below it is for looking up
    write_lists(book, sheet, end, [units._replace(frame=costs, columns=columns, title=f"Unit costs: {UNIT_RULE}")])


# --- Sheet Costs: payments and cash by item and calendar year, and net present value --------------

_FACTOR_ROW: Final = _HEAD + 1
_COSTS_MUSD: Final = "#,##0"


class _Line(NamedTuple):
    """A line of payments or cash: what is said of it, and the rows of its list that it adds up."""

    label: str
    kind: str = ""
    where: Mapping[str, str | bool] = MappingProxyType({})
    style: str = "plain"


def write_costs(book: Book) -> None:
    """Write sheet Costs."""
    run = book.run
    solution = run.tables["solution"].iloc[0]
    years = list(range(int(solution["first_year"]), int(solution["last_year"]) + 1))
    end = FIRST_YEAR + len(years)
    layout: dict[str, Any] = {"freeze": (_FACTOR_ROW + 1, FIRST_YEAR), "repeat": [_HEAD, _FACTOR_ROW]}
    sheet = book.sheet("Costs", widths=(30, 10, *[12] * (len(years) + 2)), **layout)
    base, rate = int(solution["base_year"]), float(solution["discount_rate_frac"])
    factors = (1.0 + rate) ** -(np.array(years) - base + 0.5)
    factor = Formula("(1+discount_rate_frac)^-({year}-base_year+0.5)", factors)
    write_rows(book, sheet, _HEAD, [Row("Discount factor, mid-year", "-", factor, "0.0000", "about")])
    if solution["end_of_horizon"] == "perpetuity":  # the last year also represents all that follow it
        factors[-1] *= 1.0 + 1.0 / rate
        text = factor.text.replace("{year}", cell(_HEAD, end - 1, fixed_row=True))
        for_ever = Live(f"{text}*(1+1/discount_rate_frac)", float(factors[-1]))
        book.line(sheet, _FACTOR_ROW, [for_ever], "about", "0.0000", column=end - 1)
    costs, cash = run.tables["costs"], run.tables["cash"]
    payments: list[_Line] = []
    headings: list[int] = []
    for group, of_group in costs.groupby("group", sort=False):
        headings.append(_FACTOR_ROW + 1 + len(payments))
        payments.append(_Line(str(group), "", {"group": str(group)}, "section"))
        for item, upfront in of_group.groupby("item", sort=False)["upfront"].first().items():
            payments.append(_Line(f"  {item_words(str(item))}", PAID_FOR[bool(upfront)], {"item": str(item)}))
    for upfront, kind in PAID_FOR.items():
        payments.append(_Line(f"All {kind}", kind, {"upfront": upfront}, "total"))
    payments.append(_Line("All payments", style="total"))
    bought = [_Line(f"  {item_words(item)}", "", {"item": item}) for item in dict.fromkeys(cash["item"])]
    bought.append(_Line("All cash", style="total"))

    def write(head: int, first: int, said: str, lists: tuple[str, str], lines: list[_Line]) -> int:
        """Write lines by calendar year, each with its total and its net present value."""
        write_heads(book, sheet, head, (said, "kind" if lists[0] == "CostLines" else ""), years)
        book.line(sheet, head, ["total", "NPV"], "head_right", column=end)
        for row, one in enumerate(lines, first):
            of = totals(run, *lists, years, "calendar_year", one.where)
            write_rows(book, sheet, _HEAD, [Row(one.label, one.kind, of, _COSTS_MUSD, one.style)], start=row)
            span = ":".join(cell(row, at, fixed_column=True) for at in (FIRST_YEAR, end - 1))
            of_years = ":".join(
                cell(_FACTOR_ROW, at, fixed_row=True, fixed_column=True) for at in (FIRST_YEAR, end - 1)
            )
            npv = Live(f"SUMPRODUCT({span},{of_years})", float(of.values @ factors))
            book.line(sheet, row, [Live(f"SUM({span})", of.values.sum()), npv], one.style, _COSTS_MUSD, column=end)
        return first + len(lines)

    row = write(_HEAD, _FACTOR_ROW + 1, "payments by calendar year", ("CostLines", "live_musd"), payments)
    book.define("npv_musd", place_of("Costs", (row - 1, end + 1)))
    book.define("objective_musd", place_of("Costs", (row, end + 1)))
    objective_musd = float(solution["objective_musd"])
    edited = round(float(costs["npv_musd"].sum()) - objective_musd, 3) + 0.0
    by = Live(f"ROUND({cell(row - 1, end + 1)}-{cell(row, end + 1)},3)", edited)
    for at, (label, value) in enumerate(
        (("Objective as solved", objective_musd), ("Difference by what was edited", by)), row
    ):
        book.text(sheet, at, 0, label)
        book.line(sheet, at, [value], number=_COSTS_MUSD, column=end + 1)
    below = row + 20  # of the chart
    write(below, below + 1, "cash spent on assets", ("CashLines", "live_cash_musd"), bought)
    span = (_HEAD, FIRST_YEAR, end - 1)
    book.plot(sheet, (row + 3, 0), "Payments by heading", "MUSD", headings, span, size=(900, 320))
