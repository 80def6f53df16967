"""Sheet Heat map: sites by years, for a measure that is chosen in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.outputs.xlsx.block import FIRST_YEAR, write_heads
from planner.outputs.xlsx.book import cell

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.xlsx.book import Book

__all__ = ["write_heatmap"]

_HEAD: Final = 5
_CHOICE: Final = (3, 1)
_MEASURES: Final = (
    "nameplate_mw",
    "live_facility_mean_mw",
    "live_facility_peak_mw",
    "live_energy_mwh",
    "halls_mw",
    "load_kh100e",
    "new_firm_mw",
    "water_m3",
    "emissions_kt",
    "capex_musd",
    "cost_musd",
)
_COLUMNS: Final = "[open_frac]:[live_energy_mwh]"
_BLANK_ZERO: Final = "#,##0.0;-#,##0.0;;@"


def write_heatmap(book: Book) -> None:
    """Write sheet Heat map; sites are in the order of their size in the last year."""
    run = book.run
    sheet = book.sheet(
        "Heat map",
        "Choose a measure in the yellow cell, by the name of a column of sheet Site-years.",
        widths=(38, 22, *[12] * len(run.years)),
    )
    book.text(sheet, _CHOICE[0], 0, "measure")
    book.text(sheet, *_CHOICE, _MEASURES[0], "input")
    sheet.data_validation(*_CHOICE, *_CHOICE, {"validate": "list", "source": list(_MEASURES)})
    write_heads(book, sheet, _HEAD, ("site", "site id"), run.years)
    sheet.freeze_panes(_HEAD + 1, FIRST_YEAR)
    sheet.repeat_rows(_CHOICE[0], _HEAD)
    # LibreOffice counts the heads into a whole table, so the columns are named from end to end.
    choice = f"MATCH({_absolute(*_CHOICE)},SiteYears[[#Headers],{_COLUMNS}],0)"
    measure = f"INDEX(SiteYears[{_COLUMNS}],0,{choice})"
    table = _ordered(run.tables["site_year"], run.years)
    names = run.sites.set_index("site")["name"]
    row = _HEAD
    for row, (site, values) in enumerate(zip(table.index, table.to_numpy(), strict=True), _HEAD + 1):
        book.text(sheet, row, 0, names[site])
        book.text(sheet, row, 1, site, "unit_left")
        # An id may hold what SUMIFS reads as a pattern or comparison; EXACT compares letters.
        is_site = f"EXACT(SiteYears[site],{cell(row, 1, fixed_column=True)})"
        for column, value in enumerate(values, start=FIRST_YEAR):
            year = f"(SiteYears[year]={cell(_HEAD, column, fixed_row=True)})"
            formula = f"=SUMPRODUCT({is_site}*{year},{measure})"
            book.formula(sheet, row, column, formula, float(value), _BLANK_ZERO)
    last = FIRST_YEAR + len(run.years) - 1
    sheet.conditional_format(
        _HEAD + 1,
        FIRST_YEAR,
        row,
        last,
        {
            "type": "3_color_scale",
            "min_color": "#ffffff",
            "mid_color": "#9fc3e0",
            "max_color": "#1f6f9f",
            "mid_type": "percentile",
            "mid_value": 70,
        },
    )
    book.text(sheet, row + 1, 0, "All sites", "total")
    book.text(sheet, row + 1, 1, "", "total")
    for column, total in enumerate(table.sum().to_numpy(), start=FIRST_YEAR):
        span = f"{cell(_HEAD + 1, column)}:{cell(row, column)}"
        book.formula(sheet, row + 1, column, f"=SUM({span})", float(total), "#,##0.0", "total")


def _ordered(site_year: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return the first measure by site and year, the largest sites of the last year first."""
    table = site_year.pivot_table(index="site", columns="year", values=_MEASURES[0], aggfunc="sum")
    table = table.reindex(columns=years).fillna(0.0)
    # lexsort takes the most important key last: the last year.
    return table.iloc[np.lexsort([-table[year].to_numpy() for year in years])]


def _absolute(row: int, column: int) -> str:
    return cell(row, column, fixed_row=True, fixed_column=True)
