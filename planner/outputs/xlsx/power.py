"""Sheets of power: forecast, bridge to the meter, sources, and the heat map of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from planner.outputs.canvas import cell
from planner.outputs.labels import DisplayNames
from planner.outputs.xlsx.book import FIRST_YEAR, SITE_NAME, number, text, write_heads, write_table
from planner.results.power import GRID, OUT, sources_of_power
from planner.results.schema import RUN_TABLES
from planner.results.summary import steps_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.base.arrays import Floats
    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book
    from planner.results.summary import BridgeStep

# --- Sheet Bridge: from the path to the meter, year by year, and as a chart of the last one -------

# --- Sheet Heat map: sites by years, for a measure that is chosen in a cell -----------------------

# --- Sheet Power: the forecast by workload, zone and site, with charts ----------------------------

_HEAD: Final = 3
# --- Sheet Power by source: where the power of each site and year comes from, with a chart --------

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


_NAME: Final = "Bridge"
_BRIDGE_HEAD: Final = 4
_BRIDGE_ABOUT: Final = (
    "From the path of the whole market to the meter of this plan, as solved: each level is the sum "
    "of the level before it and the steps between them."
)
_BRIDGE_MW: Final = "#,##0"
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
        for row, (step, mw) in enumerate(steps_of(run.tables["bridge"]), start=_BRIDGE_HEAD + 1)
    ]


def write_bridge(book: Book) -> None:
    """Write sheet Bridge: levels as sums of the terms above them, and a chart."""
    years = book.run.years
    sheet = book.sheet(_NAME, _BRIDGE_ABOUT, widths=(46, 15, *[12.5] * max(len(years), _FEWEST)))
    write_heads(book, sheet, _BRIDGE_HEAD, ("step", "unit"), years)
    sheet.freeze_panes(_BRIDGE_HEAD + 1, FIRST_YEAR)
    sheet.repeat_rows(_BRIDGE_HEAD)
    level = _BRIDGE_HEAD + 1  # the first row that the next level adds up
    lines = bridge_lines(book.run)
    for row, step, label, mw in lines:
        style = "total" if step.is_level else "plain"
        book.text(sheet, row, 0, label, style)
        book.text(sheet, row, 1, "MW", style if step.is_level else "unit_left")
        for column, value in enumerate(mw, start=FIRST_YEAR):
            if step.is_level and row > level:
                formula = f"=SUM({cell(level, column)}:{cell(row - 1, column)})"
                book.formula(sheet, row, column, formula, value, _BRIDGE_MW, style)
            else:
                book.number(sheet, row, column, value, _BRIDGE_MW, style)
        level = row if step.is_level else level
    last = [(line.step, float(line.mw[-1])) for line in lines]
    _chart(book, sheet, lines[-1].row + 2, last)


def _chart(book: Book, sheet: Worksheet, row: int, steps: list[tuple[BridgeStep, float]]) -> None:
    """Draw the steps of the last year, each from where the one before it ended."""
    first = FIRST_YEAR + max(len(book.run.years), _FEWEST) + 1  # right of the page
    shown = [(step, mw) for step, mw in steps if step.is_level or abs(mw) >= _LEAST_MW]
    for column, head in enumerate(("step", "below", "level", "adds", "takes away"), start=first):
        book.text(sheet, _BRIDGE_HEAD, column, head, "unit_left")
    at = 0.0
    for line, (step, mw) in enumerate(shown, start=_BRIDGE_HEAD + 1):
        after = mw if step.is_level else at + mw
        below = 0.0 if step.is_level else min(at, after)
        parts = (below, *(abs(mw) if is_it else 0.0 for is_it in _kind(step, mw)))
        book.text(sheet, line, first, step.label, "unit_left")
        for column, value in enumerate(parts, start=first + 1):
            book.number(sheet, line, column, value, "#,##0.0", "unit")
        at = after
    chart = book.chart("column", f"From the path to the meter, {book.run.years[-1]}", "MW", stacked=True)
    end = _BRIDGE_HEAD + len(shown)
    for column, colour in ((1, None), (2, _LEVEL), (3, _UP), (4, _DOWN)):
        fill = {"none": True} if colour is None else {"color": colour}
        chart.add_series(
            {
                "name": [_NAME, _BRIDGE_HEAD, first + column],
                "categories": [_NAME, _BRIDGE_HEAD + 1, first, end, first],
                "values": [_NAME, _BRIDGE_HEAD + 1, first + column, end, first + column],
                "fill": fill,
                "border": {"none": True},
                "gap": 40,
            }
        )
    chart.set_legend({"position": "bottom", "delete_series": [0]})
    chart.set_size(_CHART)
    alternative = {"description": "Steps from the path to the meter, as the table says them"}
    sheet.insert_chart(row, 0, chart, {"object_position": 3, **alternative})
    sheet.print_area(0, 0, row + _BRIDGE_CHART_ROWS, first - 2)


_LEAST_MW: Final = 0.05
_BRIDGE_CHART_ROWS: Final = 18


def _kind(step: BridgeStep, mw: float) -> tuple[bool, bool, bool]:
    """Tell whether a step is a level, adds or takes away."""
    return step.is_level, not step.is_level and mw >= 0.0, not step.is_level and mw < 0.0


_BY_SOURCE_NAME: Final = "Power by source"
_TABLE: Final = "SourceYears"
_COLOUR_OF: Final = {GRID: 0, "(charging)": 7, "(sold)": 8, "(curtailed)": 4}
_OWN_COLOURS: Final = (1, 2, 3, 5, 6)
_MWH: Final = "#,##0;-#,##0;;@"
_MEASURES: Final = (("mean_mw", "MW, mean over the year", _MW), ("energy_mwh", "MWh", _MWH))
_COLUMNS: Final = (
    RUN_TABLES["source_year"].field("site"),
    SITE_NAME,
    text("source", "Grid, on-site source, or use of on-site power beyond load"),
    RUN_TABLES["source_year"].field("year"),
    number("capacity_mw", "MW", "Power in service; for the grid, firm connection", missing=True),
    number("mean_mw", "MW", "Mean over the year; below 0: taken by charging, sold, curtailed"),
    number("energy_mwh", "MWh", "Energy of the year, likewise"),
)
_BY_SOURCE_ABOUT: Final = (
    "What the grid and on-site technologies give in a year, and, below 0, what charging, sales and "
    "surplus take; the total is what the sites would use. As solved, not by edited assumptions."
)


def write_power_by_source(book: Book) -> None:
    """Write sheet Power by source: a block of sources by year, its chart, and the list."""
    years = book.run.years
    width = len(years)
    sheet = book.sheet(_BY_SOURCE_NAME, _BY_SOURCE_ABOUT, widths=(26, 26, *[15] * (2 * width + 1)))
    frame = sources_of_power(book.run.tables)[[column.name for column in _COLUMNS]]
    sources = _in_order(frame)
    head = _TOP + _CHART_ROWS
    for part, (measure, unit, shown) in enumerate(_MEASURES):
        _write_block(book, sheet, head, sources, frame, measure, unit, shown, part)
    sheet.freeze_panes(3, 1)
    _insert_chart(book, sheet, head, sources)
    below = head + len(sources) + 3
    book.text(sheet, below, 0, "By site", "section")
    write_table(book, sheet, _TABLE, frame, _COLUMNS, head_row=below + 2, lay_out=False)


def _in_order(frame: pd.DataFrame) -> list[str]:
    """Return the grid first, then on-site sources by their energy, then what they are used for."""
    energy = frame.groupby("source")["energy_mwh"].sum().sort_values(ascending=False)
    made = [str(source) for source in energy.index if source not in {GRID, *OUT}]
    return [GRID, *made, *(source for source in OUT if source in energy.index)]


def _write_block(
    book: Book,
    sheet: Worksheet,
    head: int,
    sources: list[str],
    frame: pd.DataFrame,
    measure: str,
    unit: str,
    shown: str,
    part: int,
) -> None:
    """Write one measure of every source by year, and its total."""
    years = book.run.years
    if part == 0:
        write_heads(book, sheet, head, ("source", ""), ())
        for row, source in enumerate([*sources, "Total"], start=head + 1):
            is_total = row == head + 1 + len(sources)
            book.text(sheet, row, 0, source, "total" if is_total else "plain")
            book.text(sheet, row, 1, "", "total" if is_total else "unit_left")
    wide = frame.pivot_table(index="source", columns="year", values=measure, aggfunc="sum")
    wide = wide.reindex(index=sources, columns=years).fillna(0.0)
    first = FIRST_YEAR + part * (len(years) + 1)
    book.text(sheet, head - 1, first, unit, "unit_left")
    last = head + len(sources)
    for at, year in enumerate(years, start=first):
        book.number(sheet, head, at, year, "0", "head_right")
        in_year = f"({_TABLE}[year]={cell(head, at, fixed_row=True)})"
        for row, value in enumerate(wide[year], start=head + 1):
            matches = f"EXACT({_TABLE}[source],{cell(row, 0, fixed_column=True)})*{in_year}"
            formula = f"=SUMPRODUCT({matches},{_TABLE}[{measure}])"
            book.formula(sheet, row, at, formula, float(value), shown)
        total = f"=SUM({cell(head + 1, at)}:{cell(last, at)})"
        book.formula(sheet, last + 1, at, total, float(wide[year].sum()), shown, "total")


def _insert_chart(book: Book, sheet: Worksheet, head: int, sources: list[str]) -> None:
    """Stand the sources on each other, year by year."""
    chart = book.chart("column", "Sources of power", "MW, mean", stacked=True)
    years = (head, FIRST_YEAR, FIRST_YEAR + len(book.run.years) - 1)
    own = iter(range(len(sources)))
    for row, source in enumerate(sources, start=head + 1):
        fixed = _COLOUR_OF.get(source)
        colour = _OWN_COLOURS[next(own) % len(_OWN_COLOURS)] if fixed is None else fixed
        book.series(chart, _BY_SOURCE_NAME, (row, 0), years, row, colour)
    chart.set_size({"width": 700, "height": 310})
    chart.set_x_axis({"label_position": "low", "num_font": {"size": 9}})
    sheet.insert_chart(_TOP - 1, 0, chart, {"object_position": 3})


_HEATMAP_HEAD: Final = 5
_CHOICE: Final = (3, 1)
_HEATMAP_MEASURES: Final = (
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
_HEATMAP_COLUMNS: Final = "[open_frac]:[live_energy_mwh]"
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
    book.text(sheet, *_CHOICE, _HEATMAP_MEASURES[0], "input")
    sheet.data_validation(*_CHOICE, *_CHOICE, {"validate": "list", "source": list(_HEATMAP_MEASURES)})
    write_heads(book, sheet, _HEATMAP_HEAD, ("site", "site id"), run.years)
    sheet.freeze_panes(_HEATMAP_HEAD + 1, FIRST_YEAR)
    sheet.repeat_rows(_CHOICE[0], _HEATMAP_HEAD)
    # LibreOffice counts the heads into a whole table, so the columns are named from end to end.
    choice = f"MATCH({_absolute(*_CHOICE)},SiteYears[[#Headers],{_HEATMAP_COLUMNS}],0)"
    measure = f"INDEX(SiteYears[{_HEATMAP_COLUMNS}],0,{choice})"
    table = _ordered(run.tables["site_year"], run.years)
    names = run.sites.set_index("site")["name"]
    row = _HEATMAP_HEAD
    for row, (site, values) in enumerate(zip(table.index, table.to_numpy(), strict=True), _HEATMAP_HEAD + 1):
        book.text(sheet, row, 0, names[site])
        book.text(sheet, row, 1, site, "unit_left")
        # An id may hold what SUMIFS reads as a pattern or comparison; EXACT compares letters.
        is_site = f"EXACT(SiteYears[site],{cell(row, 1, fixed_column=True)})"
        for column, value in enumerate(values, start=FIRST_YEAR):
            year = f"(SiteYears[year]={cell(_HEATMAP_HEAD, column, fixed_row=True)})"
            formula = f"=SUMPRODUCT({is_site}*{year},{measure})"
            book.formula(sheet, row, column, formula, float(value), _BLANK_ZERO)
    last = FIRST_YEAR + len(run.years) - 1
    sheet.conditional_format(
        _HEATMAP_HEAD + 1,
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
        span = f"{cell(_HEATMAP_HEAD + 1, column)}:{cell(row, column)}"
        book.formula(sheet, row + 1, column, f"=SUM({span})", float(total), "#,##0.0", "total")


def _ordered(site_year: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return the first measure by site and year, the largest sites of the last year first."""
    table = site_year.pivot_table(index="site", columns="year", values=_HEATMAP_MEASURES[0], aggfunc="sum")
    table = table.reindex(columns=years).fillna(0.0)
    # lexsort takes the most important key last: the last year.
    return table.iloc[np.lexsort([-table[year].to_numpy() for year in years])]


def _absolute(row: int, column: int) -> str:
    return cell(row, column, fixed_row=True, fixed_column=True)
