"""Sheet Bills: what tariffs ask of each site, and the capacity that is under contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.units import USD_PER_MUSD
from planner.outputs.xlsx.block import FIRST_YEAR, write_heads
from planner.outputs.xlsx.book import cell
from planner.outputs.xlsx.columns import SITE_NAME, with_site_names
from planner.outputs.xlsx.table import write_table
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book

__all__ = ["write_bills"]

_NAME: Final = "Bills"
_TABLE: Final = "BillLines"
_TOP: Final = 4
_MUSD: Final = "#,##0.000;-#,##0.000;;@"
_KINDS: Final = ("energy", "demand", "capacity", "standing", "exit_fee")
_ABOUT: Final = (
    "Bills of the sites that a tariff bills, in real USD of the price year, undiscounted. As "
    "solved: they do not follow edited assumptions. Where the prices of tiers decline the plan may "
    "pay more or less than the exact bill; the last line says by how much."
)
_LISTS: Final = (
    ("Contracted capacity", "CapacityContracts", "capacity_contracts"),
    ("Lines of the bills", _TABLE, "bills"),
)


def write_bills(book: Book) -> None:
    """Write sheet Bills: kinds of charges by year, every line, and the contracts."""
    bills = book.run.tables["bills"]
    years = sorted(int(year) for year in bills["calendar_year"].unique()) or book.run.years
    about = _ABOUT if len(bills) else f"{_ABOUT} No tariff bills a site of this scenario."
    sheet = book.sheet(_NAME, about, widths=(26, 24, 14, 24, 24, 24, *[15] * max(len(years), 6)))
    sheet.freeze_panes(3, 1)
    end = _write_kinds(book, sheet, bills, years)
    end += 1
    for title, name, table in _LISTS:
        book.text(sheet, end + 1, 0, title, "section")
        first, *others = RUN_TABLES[table].fields
        frame, shown = with_site_names(book, book.run.tables[table]), [first, SITE_NAME, *others]
        end = write_table(book, sheet, name, frame, shown, head_row=end + 3, lay_out=False)


def _write_kinds(book: Book, sheet: Worksheet, bills: pd.DataFrame, years: list[int]) -> int:
    """Write MUSD by kind and calendar year, and what is above the exact bill."""
    write_heads(book, sheet, _TOP, ("What is paid", "unit"), years)
    wide = bills.pivot_table(index="kind", columns="calendar_year", values="charged_usd", aggfunc="sum")
    wide = (wide.reindex(index=list(_KINDS), columns=years).fillna(0.0)) / USD_PER_MUSD
    over = bills.groupby("calendar_year")["charged_above_exact_usd"].sum().reindex(years).fillna(0.0)
    last = _TOP + len(_KINDS)
    labels = [*_KINDS, "Total", "above the exact bill"]
    for row, label in enumerate(labels, start=_TOP + 1):
        style = "total" if label == "Total" else "plain"
        book.text(sheet, row, 0, label, style)
        book.text(sheet, row, 1, "MUSD", "total" if label == "Total" else "unit_left")
    for at, year in enumerate(years, start=FIRST_YEAR):
        in_year = f"({_TABLE}[calendar_year]={cell(_TOP, at, fixed_row=True)})"
        for row, kind in enumerate(_KINDS, start=_TOP + 1):
            of_kind = f"EXACT({_TABLE}[kind],{cell(row, 0, fixed_column=True)})*{in_year}"
            formula = f"=SUMPRODUCT({of_kind},{_TABLE}[charged_usd])/10^6"
            book.formula(sheet, row, at, formula, float(wide[year][kind]), _MUSD)
        total = f"=SUM({cell(_TOP + 1, at)}:{cell(last, at)})"
        book.formula(sheet, last + 1, at, total, float(wide[year].sum()), _MUSD, "total")
        formula = f"=SUMPRODUCT({in_year}*{_TABLE}[charged_above_exact_usd])/10^6"
        book.formula(sheet, last + 2, at, formula, float(over[year]) / USD_PER_MUSD, _MUSD)
    return last + 2
