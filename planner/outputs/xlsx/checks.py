"""Sheet Checks: the independent checker's verdict, and what the workbook checks about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.xlsx.assumptions import CHANGED
from planner.outputs.xlsx.table import NO, YES, write_table
from planner.results.schema import CHECKS

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book

__all__ = ["write_checks"]

_OWN: Final = 4  # first row of the workbook's own checks
_TOLERANCE: Final = "0.000001"
_SUMS: Final = (
    ("The list of costs adds up to the objective", "SUM(CostLines[npv_musd])", "objective_musd"),
    (
        "Demand is served, rented, saved or not met",
        "SUM(Demand[demand_kh100e])",
        "SUM(Demand[served_kh100e])+SUM(Demand[rented_kh100e])+SUM(Demand[saved_kh100e])+SUM(Demand[unmet_kh100e])",
    ),
    ("Workloads use the power of the sites", "SUM(ClassYears[facility_mean_mw])", "SUM(SiteYears[facility_mean_mw])"),
    (
        "Racks and companions of the plan are the nameplate of the sites",
        "SUM(Plan[used_mw])+SUM(Plan[standby_mw])+SUM(Plan[companion_mw])",
        "SUM(SiteYears[nameplate_mw])",
    ),
)


def write_checks(book: Book) -> None:
    """Write sheet Checks."""
    about = (
        "Left to right: what the workbook finds about its own lists; below, what a program that "
        "shares no code with the model found about the plan."
    )
    sheet = book.sheet("Checks", about, widths=(44, 10, 70, 16, 10, 12, 14, 44, 12))
    for column, head in enumerate(("this workbook", "verdict", "left side", "right side")):
        book.text(sheet, _OWN - 1, column, head, "head_right" if column > 1 else "head")
    values = _values(book)
    for row, ((words, left, right), pair) in enumerate(zip(_SUMS, values, strict=True), start=_OWN):
        book.text(sheet, row, 0, words)
        book.formula(sheet, row, 2, f"={left}", pair[0], "#,##0.000")
        book.formula(sheet, row, 3, f"={right}", pair[1], "#,##0.000")
        excel = row + 1
        formula = f'=IF(ABS(C{excel}-D{excel})<={_TOLERANCE}*MAX(1,ABS(C{excel})),"holds","differs")'
        held = abs(pair[0] - pair[1]) <= float(_TOLERANCE) * max(1.0, abs(pair[0]))
        book.formula(sheet, row, 1, formula, "holds" if held else "differs")
    row = _OWN + len(_SUMS)
    book.text(sheet, row, 0, "Assumptions are those of the solve")
    formula = f'=IF({CHANGED}=0,"holds","edited")'
    book.formula(sheet, row, 1, formula, "holds")
    _colour(book, sheet, _OWN, row, 1, '"holds"', '"differs"', '"edited"')
    head_row = row + 5
    book.text(sheet, head_row - 2, 0, "Rules that the checker tested on the plan", "section")
    checks = book.run.tables["checks"]
    columns = CHECKS.fields
    end = write_table(book, sheet, "Checks", checks, columns, head_row=head_row, lay_out=False)
    _colour(book, sheet, head_row + 1, end - 1, 1, f'"{YES}"', f'"{NO}"', None)
    sheet.freeze_panes(3, 1)


def _values(book: Book) -> list[tuple[float, float]]:
    """Return both sides of every sum as they are in the lists."""
    tables = book.run.tables
    demand, site_year, plan = tables["demand"], tables["site_year"], tables["plan"]
    parts = [f"{name}_kh100e" for name in ("served", "rented", "saved", "unmet")]
    objective_musd = float(tables["solution"]["objective_musd"].iloc[0])
    return [
        (float(tables["costs"]["npv_musd"].sum()), objective_musd),
        (float(demand["demand_kh100e"].sum()), float(demand[parts].sum().sum())),
        (float(tables["power_class"]["facility_mean_mw"].sum()), float(site_year["facility_mean_mw"].sum())),
        (float(plan[["used_mw", "standby_mw", "companion_mw"]].sum().sum()), float(site_year["nameplate_mw"].sum())),
    ]


def _colour(
    book: Book, sheet: Worksheet, first: int, last: int, column: int, good: str, bad: str, fair: str | None
) -> None:
    """Show verdicts as a traffic light; the words say the same."""
    for value, style in ((good, "good"), (bad, "bad"), (fair, "fair")):
        if value is not None:
            light = {"type": "cell", "criteria": "==", "value": value, "format": book.style(style)}
            sheet.conditional_format(first, column, last, column, light)
