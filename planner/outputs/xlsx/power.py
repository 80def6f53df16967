"""Sheet Power: the forecast by workload, zone and site, with charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.outputs.labels import DisplayNames
from planner.outputs.xlsx.block import FIRST_YEAR, write_heads
from planner.outputs.xlsx.book import cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.xlsx.book import Book

__all__ = ["write_power"]

_HEAD: Final = 3
_TOP: Final = 5
_CHART_ROWS: Final = 16
_SHOWN_ZONES: Final = 9
_MW: Final = "#,##0.0;-#,##0.0;;@"
_ABOUT: Final = (
    "Power at the meter, in MW, live. Left: mean over the year; right: peak of each site, in zones "
    "the sum of the peaks of their sites. Workloads share cooling and losses by their IT energy."
)


def write_power(book: Book) -> None:
    """Write sheet Power."""
    run = book.run
    width = len(run.years)
    sheet = book.sheet("Power", _ABOUT, widths=(38, 22, *[11] * width, 3, *[11] * width))
    sheet.freeze_panes(_HEAD + 1, 1)
    sheet.repeat_rows(0, _HEAD)
    _write_columns(book, sheet)
    page = _Page(book, sheet)
    site_year, classes = run.tables["site_year"], run.tables["power_class"]
    names = run.sites.set_index("site")["name"]
    labels = DisplayNames(run)
    workloads = {one: labels.workload(one) for one in _by_size(classes, "workload", run.years)}
    zones = {one: labels.zone(one) for one in _by_size(site_year, "zone", run.years)}
    sites = {site: str(names[site]) for site in _by_size(site_year, "site", run.years)}
    first_class = _TOP + _CHART_ROWS
    first_zone = page.block(first_class, "workload", workloads, classes, _CLASS)
    first_site = page.block(first_zone, "zone", zones, site_year, _MEAN_AND_PEAK)
    page.block(first_site, "site", sites, site_year, _MEAN_AND_PEAK)
    page.chart("By workload", first_class, len(workloads), 0)
    page.chart("By zone, largest", first_zone, min(len(zones), _SHOWN_ZONES), 1)


def _write_columns(book: Book, sheet: Worksheet) -> None:
    """Write what each column holds above all blocks, where it is in view and on every page."""
    years = book.run.years
    write_heads(book, sheet, _HEAD, ("MW at the meter", ""), ())
    for part, measure in enumerate(("mean", "peak")):
        first = FIRST_YEAR + part * (len(years) + 1)
        for column, year in enumerate(years, start=first):
            book.text(sheet, _HEAD, column, f"{year} {measure}", "head_right")


_CLASS: Final = (("ClassYears", "live_facility_mean_mw", "facility_mean_mw"),)
_MEAN_AND_PEAK: Final = (
    ("SiteYears", "live_facility_mean_mw", "facility_mean_mw"),
    ("SiteYears", "live_facility_peak_mw", "facility_peak_mw"),
)


def _by_size(frame: pd.DataFrame, key: str, years: list[int]) -> list[str]:
    """Return the labels of a column that draw power, the largest of the last year first."""
    table = _wide(frame, key, "facility_mean_mw", years)
    table = table[(table != 0.0).any(axis=1)]
    # lexsort takes the most important key last: the last year.
    order = np.lexsort([-table[year].to_numpy() for year in years])
    return [str(label) for label in table.index[order]]


def _wide(frame: pd.DataFrame, key: str, measure: str, years: list[int]) -> pd.DataFrame:
    table = frame.pivot_table(index=key, columns="year", values=measure, aggfunc="sum")
    return table.reindex(columns=years).fillna(0.0)


class _Page:
    """The blocks of the sheet, which share years."""

    def __init__(self, book: Book, sheet: Worksheet) -> None:
        self._book = book
        self._sheet = sheet
        self._years = book.run.years

    def block(
        self,
        head: int,
        key: str,
        names: Mapping[str, str],
        frame: pd.DataFrame,
        measures: Sequence[tuple[str, str, str]],
    ) -> int:
        """Write one row per label, in the order of `names`, measure by measure, and totals.

        Returns the head row of the next block.
        """
        book, sheet = self._book, self._sheet
        has_names = any(names.values())
        write_heads(book, sheet, head, (key, f"{key} id" if has_names else ""), ())
        for row, (label, name) in enumerate(names.items(), start=head + 1):
            book.text(sheet, row, 0, name or label)
            book.text(sheet, row, 1, label if name else "", "unit_left")
        last = head + len(names)
        book.text(sheet, last + 1, 0, "Total", "total")
        book.text(sheet, last + 1, 1, "", "total")
        for part, (table, live, solved) in enumerate(measures):
            values = _wide(frame, key, solved, self._years).loc[list(names)]
            first = FIRST_YEAR + part * (len(self._years) + 1)
            for at, year in enumerate(self._years, start=first):
                book.number(sheet, head, at, year, "0", "head_right")
                in_year = f"({table}[year]={cell(head, at, fixed_row=True)})"
                for row, value in enumerate(values[year], start=head + 1):
                    # A label may read as a pattern in SUMIFS; EXACT compares letters.
                    label = cell(row, int(has_names), fixed_column=True)
                    matches = f"EXACT({table}[{key}],{label})*{in_year}"
                    formula = f"=SUMPRODUCT({matches},{table}[{live}])"
                    book.formula(sheet, row, at, formula, float(value), _MW)
                rows = f"{cell(head + 1, at)}:{cell(last, at)}" if names else "0"
                total = float(values[year].sum())
                book.formula(sheet, last + 1, at, f"=SUM({rows})", total, _MW, "total")
        return last + 3

    def chart(self, title: str, head: int, rows: int, place: int) -> None:
        """Insert a chart of the first rows of a block, if it has any."""
        if not rows:
            return
        chart = self._book.chart("column", title, "MW, mean", stacked=True)
        years = (head, FIRST_YEAR, FIRST_YEAR + len(self._years) - 1)
        for colour, row in enumerate(range(head + 1, head + 1 + rows)):
            self._book.series(chart, "Power", (row, 0), years, row, colour)
        chart.set_size({"width": 560, "height": 310})
        options = {"x_offset": place * 575, "object_position": 3}
        self._sheet.insert_chart(_TOP - 1, 0, chart, options)
