"""Sheets of power: forecast, bridge, sources, heat map; and of what is bought, emitted and billed for it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from planner.base.units import MWH_PER_TWH, USD_PER_MUSD
from planner.outputs.canvas import LAYOUT, Live, cell
from planner.outputs.labels import DisplayNames
from planner.outputs.xlsx.book import (
    FIRST_YEAR,
    SHEETS,
    Formula,
    Row,
    lists_of,
    named,
    rows_by,
    totals,
    write_heads,
    write_lists,
    write_rows,
    write_table,
)
from planner.results.power import GRID, OUT, sources_of_power
from planner.results.summary import steps_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.base.arrays import Floats
    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book
    from planner.results.summary import BridgeStep

_MW: Final = "#,##0.0;-#,##0.0;;@"
_CHART_ROWS: Final = 16


def _wide(frame: pd.DataFrame, key: str, measure: str, years: Sequence[int], by: str = "year") -> pd.DataFrame:
    """Return the totals of a measure by label and year."""
    return frame.groupby([key, by])[measure].sum().unstack().reindex(columns=list(years)).fillna(0.0)


def _largest_first(table: pd.DataFrame) -> pd.DataFrame:
    """Put the labels that are largest in the last year first."""
    # lexsort takes the most important key last: the last year.
    return table.iloc[np.lexsort([-table[year].to_numpy() for year in table.columns])]


_HEAD: Final = 3
_TOP: Final = 5


def write_power(book: Book) -> None:
    """Write sheet Power."""
    run, labels = book.run, DisplayNames(book.run)
    width, last = len(run.years), FIRST_YEAR + len(run.years) - 1
    widths = (38, 22, *[11] * width, 3, *[11] * width)
    sheet = book.sheet("Power", widths=widths, freeze=(_HEAD + 1, 1), repeat=[0, _HEAD])
    write_heads(book, sheet, _HEAD, ("MW at the meter", ""), ())
    for part, measure in enumerate(("mean", "peak")):
        heads = [f"{year} {measure}" for year in run.years]
        book.line(sheet, _HEAD, heads, "head_right", column=FIRST_YEAR + part * (width + 1))
    head = _TOP + _CHART_ROWS
    for key, table, result, name, measures in (
        ("workload", "ClassYears", "power_class", labels.workload, ("mean",)),
        ("zone", "SiteYears", "site_year", labels.zone, ("mean", "peak")),
        ("site", "SiteYears", "site_year", labels.site, ("mean", "peak")),
    ):
        frame = run.tables[result]
        mean = _wide(frame, key, "facility_mean_mw", run.years)
        order = _largest_first(mean[(mean != 0.0).any(axis=1)]).index
        for part, measure in enumerate(measures):
            first, values = FIRST_YEAR + part * (width + 1), _wide(frame, key, f"facility_{measure}_mw", run.years)
            # Where there is no label there is no id either, and no second column has a head.
            write_heads(book, sheet, head, (key, f"{key} id" if len(order) else ""), run.years, first)
            source = (table, key, f"live_facility_{measure}_mw")
            rows = rows_by(values.loc[order], source, _MW, name=name, unit=None)
            end = write_rows(book, sheet, head, rows, first=first, name=1)
        if key != "site":
            place, shown = (0, "By workload") if key == "workload" else (575, "By zone, largest")
            drawn = range(head + 1, head + 1 + min(len(order), 9 if key == "zone" else len(order)))
            book.plot(sheet, (_TOP - 1, place), shown, "MW, mean", drawn, (head, FIRST_YEAR, last), size=(560, 310))
        head = end + 1


# --- Sheet Bridge: from the path to the meter, year by year, and as a chart of the last one -------

_BRIDGE_HEAD: Final = 4
_FEWEST: Final = 6  # columns of years that a page is wide


class BridgeLine(NamedTuple):
    """A line of the sheet: its row, what it says, and power by model year. [MW]"""

    row: int
    step: BridgeStep
    label: str
    mw: Floats

    def write(self, book: Book, sheet: Worksheet, row: int, cells: Sequence[float | Live]) -> None:
        """Write it in a row of a sheet, levels as totals."""
        style, unit = ("total", "total") if self.step.is_level else ("plain", "unit_left")
        book.line(sheet, row, [self.label, "MW", *cells], style, "#,##0", styles={1: unit})


def bridge_lines(run: Run) -> list[BridgeLine]:
    """Return the lines of the sheet; levels begin with a capital, steps are set in."""
    return [
        BridgeLine(row, step, step.label[0].upper() + step.label[1:] if step.is_level else f"  {step.label}", mw)
        for row, (step, mw) in enumerate(steps_of(run.tables["bridge"]), start=_BRIDGE_HEAD + 1)
    ]


def write_bridge(book: Book) -> None:
    """Write sheet Bridge: levels as sums of the terms above them, and a chart."""
    years = book.run.years
    layout: dict[str, Any] = {"freeze": (_BRIDGE_HEAD + 1, FIRST_YEAR), "repeat": [_BRIDGE_HEAD]}
    sheet = book.sheet("Bridge", widths=(46, 15, *[12.5] * max(len(years), _FEWEST)), **layout)
    write_heads(book, sheet, _BRIDGE_HEAD, ("step", "unit"), years)
    level = _BRIDGE_HEAD + 1  # the first row that the next level adds up
    lines = bridge_lines(book.run)
    for line in lines:
        row, cells = line.row, [*line.mw]
        if line.step.is_level and row > level:
            spans = (f"{cell(level, at)}:{cell(row - 1, at)}" for at in count(FIRST_YEAR))
            cells = [Live(f"SUM({span})", float(mw)) for span, mw in zip(spans, line.mw, strict=False)]
        line.write(book, sheet, row, cells)
        level = row if line.step.is_level else level
    _draw_bridge(book, sheet, lines[-1].row + 2, [(line.step, float(line.mw[-1])) for line in lines])


def _draw_bridge(book: Book, sheet: Worksheet, row: int, steps: list[tuple[BridgeStep, float]]) -> None:
    """Draw the steps of the last year, each from where the one before it ended, from figures below the page."""
    shown = [(step, mw) for step, mw in steps if step.is_level or abs(mw) >= 0.05]
    at, parts = 0.0, []
    for step, mw in shown:
        after = mw if step.is_level else at + mw
        kinds = (step.is_level, not step.is_level and mw >= 0.0, not step.is_level and mw < 0.0)
        parts.append((0.0 if step.is_level else min(at, after), *(abs(mw) if is_it else 0.0 for is_it in kinds)))
        at = after
    head = row + _CHART_ROWS + 4
    book.line(sheet, head, ["step", *(step.label for step, _ in shown)], "unit_left")
    for below, of in enumerate(zip(("below", "level", "adds", "takes away"), *parts, strict=True), head + 1):
        book.line(sheet, below, of, "unit", "#,##0.0", styles={0: "unit_left"})
    title, drawn = f"From the path to the meter, {book.run.years[-1]}", range(head + 1, head + 5)
    book.plot(sheet, (row, 0), title, "MW", drawn, (head, 1, len(shown)), size=(960, 330), colours=(None, 0, 4, 2))
    sheet.print_area(0, 0, head - 2, FIRST_YEAR + max(len(book.run.years), _FEWEST) - 1)


# --- Sheet Power by source: where the power of each site and year comes from, with a chart --------

_MEASURES: Final = (("mean_mw", "MW, mean over the year", _MW), ("energy_mwh", "MWh", "#,##0;-#,##0;;@"))


def write_power_by_source(book: Book) -> None:
    """Write sheet Power by source: a block of sources by year, its chart, and the list."""
    years, table = book.run.years, "SourceYears"
    widths = (26, 26, *[15] * (2 * len(years) + 1))
    sheet = book.sheet("Power by source", widths=widths, freeze=(3, 1))
    frame = sources_of_power(book.run.tables)[list(SHEETS["Power by source"].columns)]
    energy = frame.groupby("source")["energy_mwh"].sum().sort_values(ascending=False)
    own = (str(source) for source in energy.index if source not in {GRID, *OUT})
    sources = [GRID, *own, *(source for source in OUT if source in energy.index)]
    head = _TOP + _CHART_ROWS
    for part, (measure, unit, shown) in enumerate(_MEASURES):
        first = FIRST_YEAR + part * (len(years) + 1)
        wide = _wide(frame, "source", measure, years).reindex(sources, fill_value=0.0)
        book.text(sheet, head - 1, first, unit, "unit_left")
        write_heads(book, sheet, head, ("source", ""), years, first)
        rows = rows_by(wide, (table, "source", measure), shown)
        below = write_rows(book, sheet, head, rows, first=first) + 1
    drawn, span = range(head + 1, head + 1 + len(sources)), (head, FIRST_YEAR, FIRST_YEAR + len(years) - 1)
    book.plot(sheet, (_TOP - 1, 0), "Sources of power", "MW, mean", drawn, span)
    book.text(sheet, below, 0, "By site", "section")
    write_table(book, sheet, table, frame, SHEETS["Power by source"].fields, head_row=below + 2)


# --- Sheet Heat map: sites by years, for a measure that is chosen in a cell -----------------------

_HEATMAP_HEAD: Final = 5
_CHOICE: Final = (3, 1)
_HEATMAP_MEASURES: Final[Sequence[str]] = LAYOUT["heat_map"]
_HEATMAP_COLUMNS: Final = "[open_frac]:[live_energy_mwh]"


def write_heat_map(book: Book) -> None:
    """Write sheet Heat map; sites are in the order of their size in the last year."""
    run = book.run
    layout: dict[str, Any] = {"freeze": (_HEATMAP_HEAD + 1, FIRST_YEAR), "repeat": [_CHOICE[0], _HEATMAP_HEAD]}
    sheet = book.sheet("Heat map", widths=(38, 22, *[12] * len(run.years)), **layout)
    book.line(sheet, _CHOICE[0], ("measure", _HEATMAP_MEASURES[0]), styles={1: "input"})
    sheet.data_validation(*_CHOICE, *_CHOICE, {"validate": "list", "source": list(_HEATMAP_MEASURES)})
    write_heads(book, sheet, _HEATMAP_HEAD, ("site", "site id"), run.years)
    # LibreOffice counts the heads into a whole table, so the columns are named from end to end.
    choice = f"MATCH({cell(*_CHOICE, fixed_row=True, fixed_column=True)},SiteYears[[#Headers],{_HEATMAP_COLUMNS}],0)"
    measure = f"INDEX(SiteYears[{_HEATMAP_COLUMNS}],0,{choice})"
    table = _largest_first(_wide(run.tables["site_year"], "site", _HEATMAP_MEASURES[0], run.years))
    names, source = run.sites.set_index("site")["name"], ("SiteYears", "site", measure)
    *rows, total = rows_by(table, source, _MW, name=names.__getitem__, unit=None, total="All sites")
    end = write_rows(book, sheet, _HEATMAP_HEAD, [*rows, total._replace(number="#,##0.0")], name=1)
    colours = {"min_color": "#ffffff", "mid_color": "#9fc3e0", "max_color": "#1f6f9f"}
    scale = {"type": "3_color_scale", **colours, "mid_type": "percentile", "mid_value": 70}
    last = FIRST_YEAR + len(run.years) - 1
    sheet.conditional_format(_HEATMAP_HEAD + 1, FIRST_YEAR, max(end - 2, _HEATMAP_HEAD), last, scale)


_TOP_LISTS: Final = 4
_ROWS: Final = LAYOUT["rows"]


def write_contracts(book: Book) -> None:
    """Write sheet Contracts: where energy comes from by year, agreements, pools."""
    run = book.run

    def twh(column: str) -> Formula:
        return totals(run, "Matching", column)

    def share(label: str, column: str) -> Row:
        pools, used = run.tables["matching"], twh("used_mwh")
        clean = (pools[column] * pools["used_mwh"]).groupby(pools["year"]).sum().reindex(run.years)
        values = np.divide(clean, used.values, out=np.zeros(len(run.years)), where=used.values > 0.0)
        product = f"SUMPRODUCT((Matching[year]={{year}})*Matching[{column}]*Matching[used_mwh])"
        return Row(label, "", Formula(f"IFERROR({product}/{used.text},0)", values), "0.0%")

    million = named("1E6", MWH_PER_TWH)
    used = twh("used_mwh")
    rows = [Row(label, "TWh", twh(column) / million, "#,##0.00") for label, column in _ROWS["origins"]]
    rows.append(Row("Not clean", "TWh", (used - twh("clean_mwh")) / million, "#,##0.00"))
    rows.append(Row("Energy used", "TWh", used / million, "#,##0.00", "total"))
    rows += [share(*one) for one in _ROWS["shares"]]
    drawn = ("Sources of the energy used", "TWh", len(_ROWS["origins"]) + 1, True)
    sheet = _block_and_lists(book, "Contracts", "Where contracts count", rows, drawn)
    sheet.fit_to_pages(2, 0)
    sheet.repeat_columns(0)


def write_carbon_and_water(book: Book) -> None:
    """Write sheet Carbon and water: emissions by year, water by workload, what families list here, sites."""
    rows = [Row(label, unit, totals(book.run, "CarbonYears", column)) for label, column, unit in _ROWS["emissions"]]
    drawn = ("Emissions of power", "kt CO2", 2, False)
    _block_and_lists(book, "Carbon and water", "Emissions", rows, drawn)


def _block_and_lists(
    book: Book, name: str, heading: str, rows: Sequence[Row], drawn: tuple[str, str, int, bool]
) -> Worksheet:
    """Write a chart of the first rows of a block, the block, and the lists of the sheet."""
    years, head = book.run.years, _TOP_LISTS + _CHART_ROWS
    sheet = book.sheet(name, widths=(32 if name != "Contracts" else 44, *[19] * 12), freeze=(3, 1))
    write_heads(book, sheet, head, (heading, ""), years)
    below = write_rows(book, sheet, head, rows) + 1
    title, unit, count, is_stacked = drawn
    span = (head, FIRST_YEAR, FIRST_YEAR + len(years) - 1)
    drawn_rows = range(head + 1, head + 1 + count)
    book.plot(sheet, (_TOP_LISTS - 1, 0), title, unit, drawn_rows, span, is_stacked=is_stacked)
    write_lists(book, sheet, below, lists_of(name))
    return sheet


def write_bills(book: Book) -> None:
    """Write sheet Bills: kinds of charges by year, every line, and the contracts."""
    bills = book.run.tables["bills"]
    years = sorted(int(year) for year in bills["calendar_year"].unique()) or book.run.years
    none = "" if len(bills) else "No tariff bills a site of this scenario."
    widths = (26, 24, 14, 24, 24, 24, *[15] * max(len(years), 6))
    sheet = book.sheet("Bills", more=none, widths=widths, freeze=(3, 1))
    write_heads(book, sheet, _TOP_LISTS, ("What is paid", "unit"), years)
    kinds = ["energy", "demand", "capacity", "standing", "exit_fee"]
    wide = _wide(bills, "kind", "charged_usd", years, "calendar_year").reindex(kinds, fill_value=0.0)
    over = bills.groupby("calendar_year")["charged_above_exact_usd"].sum().reindex(years).fillna(0.0)
    source, shown = ("BillLines", "kind", "charged_usd"), "#,##0.000;-#,##0.000;;@"
    rows = rows_by(wide, source, shown, unit="MUSD", by="calendar_year", per=USD_PER_MUSD)
    above = "SUMPRODUCT((BillLines[calendar_year]={year})*BillLines[charged_above_exact_usd])"
    million = named("10^6", USD_PER_MUSD)
    rows.append(Row("above the exact bill", "MUSD", Formula(above, over.to_numpy()) / million, shown))
    end = write_rows(book, sheet, _TOP_LISTS, rows)
    write_lists(book, sheet, end + 1, lists_of("Bills"))
