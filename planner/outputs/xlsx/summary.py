"""Sheets Summary, Charts and Compare: the plan by year in live formulas, and what edits change."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import HOURS_PER_YEAR, MWH_PER_TWH
from planner.outputs.canvas import cell
from planner.outputs.run import once_a_run
from planner.outputs.xlsx.book import FIRST_YEAR, At, Row, write_heads, write_row, write_section
from planner.outputs.xlsx.money import CASH_BY_YEAR, CASH_YEARS, MONEY_NAMES, UNIT_RULE, hour_costs
from planner.outputs.xlsx.power import bridge_lines
from planner.outputs.xlsx.tidy import with_model_year
from planner.results.four_moneys import moneys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from xlsxwriter.chart import Chart
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

# --- Blocks of sheet Summary that link to sheets Money and Bridge: what a board asks for first ----

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
# --- Sheet Compare: what edited cells change, beside the plan as it was solved --------------------

# --- Sheets Summary and Charts: the plan by year in live formulas ---------------------------------

_HEAD: Final = 4
_CHART_WIDTH: Final = 520
_CHART_HEIGHT: Final = 290
_ROW_HEIGHT: Final = 20
_ABOUT: Final = (
    "Formulas add up the lists of this workbook and follow edited cells; they do not optimise "
    "again. Quantities are means over the model year; money is real, of the price year."
)


def write_summary(book: Book) -> None:
    """Write sheet Summary."""
    run = book.run
    years = run.years
    sheet = book.sheet("Summary", _ABOUT, widths=(46, 15, *[12.5] * len(years)))
    write_heads(book, sheet, _HEAD, ("by model year", "unit"), years)
    sheet.freeze_panes(_HEAD + 1, FIRST_YEAR)
    sheet.repeat_rows(_HEAD)
    book.text(sheet, _HEAD + 1, 0, "Calendar years that the model year represents")
    book.text(sheet, _HEAD + 1, 1, "year", "unit_left")
    for column, span in enumerate(_spans(run), start=FIRST_YEAR):
        book.number(sheet, _HEAD + 1, column, span, "0")
    columns = FIRST_YEAR + len(years)
    row = _HEAD + 2
    for title, rows in summary_parts(run).items():
        write_section(book, sheet, row, title, columns)
        for one in rows:
            row += 1
            write_row(book, sheet, _HEAD, row, one)
        row += 1
    write_board_links(book, sheet, _HEAD, row, _spans(run))
    at = summary_rows(run)
    last = columns - 1
    _name_years(book, {"energy_ratios": at[_LOAD_RATIO], "mw_ratios": at[_MW_RATIO]}, last)


@once_a_run
def summary_parts(run: Run) -> dict[str, list[Row]]:
    """Return the measures of the sheet by heading."""
    return {"Compute": _compute(run), "Racks and power": _power(run), "Money": _money(run)}


def summary_rows(run: Run) -> dict[str, int]:
    """Return the row of every measure."""
    at: dict[str, int] = {}
    row = _HEAD + 2
    for rows in summary_parts(run).values():
        at |= {one.label: row + place for place, one in enumerate(rows, start=1)}
        row += len(rows) + 1
    return at


_LOAD_RATIO: Final = "Energy of a rack against the solved plan"
_MW_RATIO: Final = "Power of edited sites against the solved plan"
RATIOS: Final = frozenset({_LOAD_RATIO, _MW_RATIO})
"""Measures that say by how much the others follow an edit."""


def _name_years(book: Book, ratios: dict[str, int], last: int) -> None:
    for name, row in {"model_years": _HEAD, **ratios}.items():
        first_cell, last_cell = (cell(row, column, fixed_row=True, fixed_column=True) for column in (FIRST_YEAR, last))
        book.define(name, f"Summary!{first_cell}:{last_cell}")


def _sum_of(table: str, column: str, year: str, more: str = "") -> str:
    """Return the formula of a total of a list in a model year; `more` adds conditions."""
    return f"SUMIFS({table}[{column}],{table}[{_YEAR_OF[table]}],{year}{more})"


_YEAR_OF: Final = {
    "Demand": "year",
    "Plan": "year",
    "SiteYears": "year",
    "Years": "year",
    "CostLines": "model_year",
    "CashLines": "model_year",
}


def _by_year(run: Run, frame: pd.DataFrame, column: str, year: str = "year") -> list[float]:
    """Return the total of a column in each model year."""
    total = frame.groupby(year)[column].sum().reindex(run.years, fill_value=0.0)
    return [float(value) for value in total]


def _total(label: str, unit: str, table: str, column: str, values: Sequence[float], more: str = "") -> Row:
    """Return a row that adds up a column of a list."""
    return Row(label, unit, lambda at: _sum_of(table, column, at.year, more), values)


def _compute(run: Run) -> list[Row]:
    demand = run.tables["demand"]
    return [
        _total(label, "kH100e", "Demand", column, _by_year(run, demand, column))
        for column, label in (("demand_kh100e", "Demand"), *_MEETING.items())
    ]


_MEETING: Final = {
    "served_kh100e": "Served from own sites",
    "rented_kh100e": "Served from rented clouds",
    "saved_kh100e": "Saved by efficiency levers",
    "unmet_kh100e": "Not met",
}


def _power(run: Run) -> list[Row]:
    plan, site_year = run.tables["plan"], run.tables["site_year"]
    columns = ("nameplate_mw", "it_mean_mw", "facility_mean_mw", "energy_mwh", "water_m3")
    of = {name: _by_year(run, site_year, name) for name in (*columns, "emissions_kt")}
    return [
        _total("Nameplate in use, companions included", "MW", "SiteYears", "live_nameplate_mw", of["nameplate_mw"]),
        *(
            _total(
                f"  {duty} racks, as solved",
                "MW",
                "Plan",
                "used_mw",
                _by_year(run, plan[plan["duty"] == duty], "used_mw"),
                f',Plan[duty],"{duty}"',
            )
            for duty in ("training", "inference")
        ),
        Row("IT power, mean", "MW", lambda at: _it(at.year), of["it_mean_mw"]),
        Row("Facility power, mean", "MW", lambda at: _live(at.year), of["facility_mean_mw"]),
        Row(
            "Facility power, coincident peak",
            "MW",
            lambda at: f"{_sum_of('Years', 'facility_peak_mw', at.year)}*{_ratio(at.year)}",
            _by_year(run, run.tables["summary"], "facility_peak_mw"),
        ),
        Row(
            "Energy",
            "TWh",
            lambda at: f"{_sum_of('SiteYears', 'live_energy_mwh', at.year)}/10^6",
            [value / MWH_PER_TWH for value in of["energy_mwh"]],
            "#,##0.00",
        ),
        Row(
            "PUE",
            "-",
            lambda at: f'IF({_it(at.year)}=0,"",{_live(at.year)}/({_it(at.year)}))',
            [
                facility / it if it else ""
                for facility, it in zip(of["facility_mean_mw"], of["it_mean_mw"], strict=True)
            ],
            "0.000",
        ),
        Row(
            "Water",
            "million m3",
            lambda at: f"{_sum_of('SiteYears', 'water_m3', at.year)}*{_it_ratio(at.year)}/10^6",
            [value / 1e6 for value in of["water_m3"]],
            "#,##0.00",
        ),
        Row(
            "Emissions, location-based",
            "kt CO2",
            lambda at: f"{_sum_of('SiteYears', 'emissions_kt', at.year)}*{_ratio(at.year)}",
            of["emissions_kt"],
        ),
        Row(_LOAD_RATIO, "-", lambda at: _load_ratio(at.year), [1.0] * len(run.years), "0.000"),
        Row(_MW_RATIO, "-", lambda at: _mw_ratio(at.year), [1.0] * len(run.years), "0.000"),
    ]


def _it(year: str) -> str:
    return _sum_of("SiteYears", "live_it_mean_mw", year)


def _it_ratio(year: str) -> str:
    solved = _sum_of("SiteYears", "it_mean_mw", year)
    return f"IF({solved}=0,1,{_it(year)}/{solved})"


def _live(year: str) -> str:
    return _sum_of("SiteYears", "live_facility_mean_mw", year)


def _ratio(year: str) -> str:
    solved = _sum_of("SiteYears", "facility_mean_mw", year)
    return f"IF({solved}=0,1,{_live(year)}/{solved})"


def _load_ratio(year: str) -> str:
    solved = _sum_of("SiteYears", "facility_mean_mw", year)
    return f"IF({solved}=0,1,{_sum_of('SiteYears', 'load_mean_mw', year)}/{solved})"


def _mw_ratio(year: str) -> str:
    load = _sum_of("SiteYears", "load_mean_mw", year)
    return f"IF({load}=0,1,{_live(year)}/{load})"


def _money(run: Run) -> list[Row]:
    costs, cash = (with_model_year(run, run.tables[name]) for name in ("costs", "cash"))
    spans = _spans(run)

    def paid(frame: pd.DataFrame) -> list[float]:
        """Return payments of a calendar year, mean of those the model year stands for."""
        total = _by_year(run, frame, "musd", "model_year")
        return [musd / span for musd, span in zip(total, spans, strict=True)]

    groups = list(dict.fromkeys(costs["group"]))
    met = np.sum([_by_year(run, run.tables["demand"], name) for name in _MET], axis=0)
    owned = paid(costs[costs["item"] != _UNMET])
    return [
        _total(
            _OVERNIGHT, "MUSD", "CashLines", "live_overnight_musd", _by_year(run, cash, "overnight_musd", "model_year")
        ),
        _total(_CASH, "MUSD", "CashLines", "live_cash_musd", _by_year(run, cash, "cash_musd", "model_year")),
        Row("Payments of a year", "MUSD/year", _payments, paid(costs), style="total"),
        *(
            Row(
                f"  {group}",
                "MUSD/year",
                partial(_payments, more=f',CostLines[group],"{group}"'),
                paid(costs[costs["group"] == group]),
            )
            for group in groups
        ),
        Row(
            "H100e-hour, rent, levers and idle capacity included",
            "USD/H100e-hour",
            _unit_cost,
            [
                musd * _KUSD_PER_MUSD / (kh100e * HOURS_PER_YEAR) if kh100e else ""
                for musd, kh100e in zip(owned, met, strict=True)
            ],
            "0.000",
        ),
    ]


_UNMET: Final = "unmet_compute"
_MET: Final = ("served_kh100e", "rented_kh100e")
_OVERNIGHT: Final = "Overnight capex entering service"
_CASH: Final = "Cash spent on assets"
_KUSD_PER_MUSD: Final = 1e3  # MUSD over kH100e is thousand USD over H100e


def _payments(at: At, more: str = "") -> str:
    return f"{_sum_of('CostLines', 'live_musd', at.year, more)}/{at.below}"


def _unit_cost(at: At) -> str:
    met = "+".join(_sum_of("Demand", name, at.year) for name in _MET)
    unmet = _payments(at, f',CostLines[item],"{_UNMET}"')
    hours = f"{HOURS_PER_YEAR:.0f}"
    return f'IF({met}=0,"",({_payments(at)}-{unmet})*1000/(({met})*{hours}))'


def _spans(run: Run) -> list[int]:
    """Return how many calendar years each model year stands for; the last represents one."""
    return [*(b - a for a, b in zip(run.years, run.years[1:], strict=False)), 1]


def write_charts(book: Book) -> None:
    """Write sheet Charts: rows of sheet Summary by year, on one page."""
    sheet = book.sheet("Charts", "The plan by year: figures of sheet Summary.", widths=[10] * 15)
    years = (_HEAD, FIRST_YEAR, FIRST_YEAR + len(book.run.years) - 1)
    at = summary_rows(book.run)

    def chart(kind: str, title: str, unit: str, labels: Sequence[str], *, stacked: bool) -> Chart:
        made = book.chart(kind, title, unit, stacked=stacked)
        for colour, label in enumerate(labels):
            book.series(made, "Summary", (at[label], 0), years, at[label], colour)
        made.set_size({"width": _CHART_WIDTH, "height": _CHART_HEIGHT})
        return made

    groups = [f"  {group}" for group in dict.fromkeys(book.run.tables["costs"]["group"])]
    made = [
        chart("column", "Compute by how it is met", "kH100e", list(_MEETING.values()), stacked=True),
        chart("column", "Power at the meter", "MW", _POWER, stacked=False),
        chart("column", "Money for assets", "MUSD", (_OVERNIGHT, _CASH), stacked=False),
    ]
    if groups:  # none where nothing is paid, and a chart of nothing cannot be opened
        payments = chart("column", "Payments of a year by heading", "MUSD/year", groups, stacked=True)
        made.insert(2, payments)
    for number, one in enumerate(made):
        down, right = divmod(number, 2)
        sheet.insert_chart(
            _HEAD + down * (_CHART_HEIGHT // _ROW_HEIGHT + 1),
            0,
            one,
            {
                "x_offset": right * (_CHART_WIDTH + 12),
                "object_position": 3,
                "description": "Figures of sheet Summary by year",
            },
        )


_POWER: Final = ("IT power, mean", "Facility power, mean", "Facility power, coincident peak")
_COMPARE_HEAD: Final = 5
_PLACES: Final = 6  # of a difference: what is left of two sums that are the same is noise
_COMPARE_ABOUT: Final = (
    "To the left the plan as solved, to the right what edited cells of sheets Assumptions and "
    "Sites make of it, less that. The plan itself stays: no site, hall or rack is chosen again."
)
_OTHERS: Final = (
    "To compare with another run: dcplan compare RUN RUN -o compared.xlsx, which shows plans, "
    "costs by item, and inputs that differ."
)


def write_compare(book: Book) -> None:
    """Write sheet Compare."""
    run = book.run
    count = len(run.years)
    sheet = book.sheet("Compare", _COMPARE_ABOUT, widths=(46, 15, *[11.5] * (2 * count)))
    book.text(sheet, 2, 0, _OTHERS, "about")
    first_change = FIRST_YEAR + count
    _heads(book, sheet, first_change)
    sheet.freeze_panes(_COMPARE_HEAD + 1, FIRST_YEAR)
    at = summary_rows(run)
    row = _COMPARE_HEAD
    for title, rows in summary_parts(run).items():
        row += 1
        write_section(book, sheet, row, title, first_change + count)
        for one in rows:
            if one.label in RATIOS:
                continue
            row += 1
            book.text(sheet, row, 0, one.label)
            book.text(sheet, row, 1, one.unit, "unit_left")
            for place, value in enumerate(one.values):
                if isinstance(value, str):
                    continue
                solved = cell(row, FIRST_YEAR + place)
                edited = f"Summary!{cell(at[one.label], FIRST_YEAR + place)}"
                book.number(sheet, row, FIRST_YEAR + place, value, one.number)
                formula = f"=ROUND({edited}-{solved},{_PLACES})"
                signed = f"+{one.number};-{one.number};0"
                book.formula(sheet, row, first_change + place, formula, 0.0, signed)
    last = first_change + count - 1
    for sign, colour in ((">", "#1f5896"), ("<", "#b3372f")):
        look = book.style("plain", font_color=colour, bold=True)
        rule = {"type": "cell", "criteria": sign, "value": 0, "format": look}
        sheet.conditional_format(_COMPARE_HEAD + 1, first_change, row, last, rule)


def _heads(book: Book, sheet: Worksheet, first_change: int) -> None:
    book.text(sheet, _COMPARE_HEAD, 0, "by model year", "head")
    book.text(sheet, _COMPARE_HEAD, 1, "unit", "head")
    for first, words in ((FIRST_YEAR, "as solved"), (first_change, "edited less solved")):
        book.text(sheet, _COMPARE_HEAD - 1, first, words, "head")
        for column, year in enumerate(book.run.years, start=first):
            book.number(sheet, _COMPARE_HEAD, column, year, "0", "head_right")
