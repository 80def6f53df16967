"""Sheets Summary, Charts and Compare: the plan by year in live formulas, and what edits change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.units import HOURS_PER_YEAR
from planner.outputs.canvas import LAYOUT, Live, cell, place_of
from planner.outputs.run import once_a_run
from planner.outputs.xlsx.book import FIRST_YEAR, Formula, Row, named, totals, write_heads, write_rows, write_section
from planner.outputs.xlsx.money import MONEY_NAMES, UNIT_RULE
from planner.outputs.xlsx.power import bridge_lines
from planner.results.four_moneys import moneys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book


_HEAD: Final = 4
_LOAD_RATIO: Final = "Energy of a rack against the solved plan"
_MW_RATIO: Final = "Power of edited sites against the solved plan"
_DEMAND: Final = LAYOUT["rows"]["demand"]
_POWER: Final = ("IT power, mean", "Facility power, mean", "Facility power, coincident peak")
_OVERNIGHT: Final = "Overnight capex entering service"
_CASH: Final = "Cash spent on assets"
_MUSD: Final = "#,##0.00"


def write_summary(book: Book) -> None:
    """Write sheet Summary."""
    run = book.run
    columns = FIRST_YEAR + len(run.years)
    layout: dict[str, Any] = {"freeze": (_HEAD + 1, FIRST_YEAR), "repeat": [_HEAD]}
    sheet = book.sheet("Summary", widths=(46, 15, *[12.5] * len(run.years)), **layout)
    write_heads(book, sheet, _HEAD, ("by model year", "unit"), run.years)
    spans = Row("Calendar years that the model year represents", "year", _spans(run).tolist(), "0")
    row = write_rows(book, sheet, _HEAD, [spans])
    for title, rows in summary_parts(run).items():
        write_section(book, sheet, row, title, columns)
        row = write_rows(book, sheet, _HEAD, rows, start=row + 1)
    write_section(book, sheet, row, "Unit costs of own sites, as solved (sheet Money)", columns)
    row = write_rows(book, sheet, _HEAD, _hour_costs(run), start=row + 1)
    for at, note in enumerate((f"{UNIT_RULE[0].upper()}{UNIT_RULE[1:]}.", _DIFFERS), row):
        book.text(sheet, at, 0, note, "about")
    row += 2
    of_plan = moneys(run.tables)
    write_section(book, sheet, row, "Four moneys, as solved (sheet Money)", columns)
    for at, (name, (label, musd, rule)) in enumerate(zip(MONEY_NAMES, of_plan.lines, strict=True), row + 1):
        cells = (label, "MUSD, all years", Live(name, musd), f"  {rule}")
        book.line(sheet, at, cells, number=_MUSD, styles={1: "unit_left", FIRST_YEAR + 1: "about"})
    row = write_rows(book, sheet, _HEAD, [_cash_by_year(run)], start=row + 1 + len(MONEY_NAMES))
    write_section(book, sheet, row, "From the path to the meter, as solved (sheet Bridge)", columns)
    for at, line in enumerate(bridge_lines(run), row + 1):
        places = (f"Bridge!{cell(line.row, column)}" for column in range(FIRST_YEAR, columns))
        line.write(book, sheet, at, [Live(*pair) for pair in zip(places, map(float, line.mw), strict=True)])
    rows_of = summary_rows(run)
    names = {"model_years": _HEAD, "energy_ratios": rows_of[_LOAD_RATIO], "mw_ratios": rows_of[_MW_RATIO]}
    for name, place in names.items():
        book.define(name, place_of("Summary", (place, FIRST_YEAR), (place, columns - 1)))


_DIFFERS: Final = (
    "Neither counts rent, rented hours and efficiency levers; the row above does, and follows edited cells."
)


def _hour_costs(run: Run) -> Iterator[Row]:
    """Give what an hour of compute costs at all own sites; nothing in a year without racks."""
    for label, column in (("All compute, as paid", ""), ("All compute, in full", "full_")):
        of = totals(run, "UnitCosts", f"{column}usd_per_h100e_hour", where={"level": "total"})
        values = of.values.astype(object)
        values[of.values == 0.0] = ""
        yield Row(label, "USD/H100e-hour", Formula(f'IF({of.text}=0,"",{of.text})', values), "0.000")


def _cash_by_year(run: Run) -> Row:
    """Return the cash of the calendar years that each model year represents."""
    cash = moneys(run.tables).years.set_index("calendar_year")["cash_musd"]
    values = [float(cash.loc[year : year + span - 1].sum()) for year, span in zip(run.years, _spans(run), strict=True)]
    first, end = '">="&{year}', '"<"&({year}+{below})'
    by = "MoneyYears[calendar_year]"
    text = f"SUMIFS(MoneyYears[cash_musd],{by},{first},{by},{end})"
    return Row("Cash by year", "MUSD", Formula(text, np.array(values)), _MUSD)


def _spans(run: Run) -> np.ndarray:
    """Return how many calendar years each model year stands for; the last represents one."""
    return np.append(np.diff(run.years), 1)


@once_a_run
def summary_parts(run: Run) -> dict[str, list[Row]]:
    """Return the measures of the sheet by heading."""

    def of(column: str, table: str = "SiteYears", **where: str) -> Formula:
        by = "model_year" if table in {"CostLines", "CashLines"} else "year"
        return totals(run, table, column, by=by, where=where)

    it, mean, solved_mean = of("live_it_mean_mw"), of("live_facility_mean_mw"), of("facility_mean_mw")
    load = of("load_mean_mw")
    ratio, it_ratio = mean.over(solved_mean, 1), it.over(of("it_mean_mw"), 1)
    span = Formula("{below}", _spans(run))
    paid, unmet = (of("live_musd", "CostLines", **where) / span for where in ({}, {"item": "unmet_compute"}))
    met = of("served_kh100e", "Demand") + of("rented_kh100e", "Demand")
    hour = ((paid - unmet) * 1000).over(met * HOURS_PER_YEAR, "", of=met)  # MUSD over kH100e: thousand USD over H100e
    return {
        "Compute": [Row(label, "kH100e", of(column, "Demand")) for label, column in _DEMAND],
        "Racks and power": [
            Row("Nameplate in use, companions included", "MW", of("live_nameplate_mw")),
            Row("  training racks, as solved", "MW", of("used_mw", "Plan", duty="training")),
            Row("  inference racks, as solved", "MW", of("used_mw", "Plan", duty="inference")),
            Row(_POWER[0], "MW", it),
            Row(_POWER[1], "MW", mean),
            Row(_POWER[2], "MW", of("facility_peak_mw", "Years") * ratio),
            Row("Energy", "TWh", of("live_energy_mwh") / _MILLION, "#,##0.00"),
            Row("PUE", "-", mean.over(it, ""), "0.000"),
            Row("Water", "million m3", of("water_m3") * it_ratio / _MILLION, "#,##0.00"),
            Row("Emissions, location-based", "kt CO2", of("emissions_kt") * ratio),
            Row(_LOAD_RATIO, "-", load.over(solved_mean, 1), "0.000"),
            Row(_MW_RATIO, "-", mean.over(load, 1), "0.000"),
        ],
        "Money": [
            Row(_OVERNIGHT, "MUSD", of("live_overnight_musd", "CashLines")),
            Row(_CASH, "MUSD", of("live_cash_musd", "CashLines")),
            Row("Payments of a year", "MUSD/year", paid, style="total"),
            *(
                Row(f"  {group}", "MUSD/year", of("live_musd", "CostLines", group=group) / span)
                for group in dict.fromkeys(run.tables["costs"]["group"])
            ),
            Row("H100e-hour, rent, levers and idle capacity included", "USD/H100e-hour", hour, "0.000"),
        ],
    }


_MILLION: Final = named("10^6", 1e6)


def summary_rows(run: Run) -> dict[str, int]:
    """Return the row of every measure."""
    at: dict[str, int] = {}
    row = _HEAD + 2
    for rows in summary_parts(run).values():
        at |= {one.label: row + place for place, one in enumerate(rows, start=1)}
        row += len(rows) + 1
    return at


_CHART: Final = (520, 290)  # size [pixel]


def write_charts(book: Book) -> None:
    """Write sheet Charts: rows of sheet Summary by year, on one page."""
    sheet = book.sheet("Charts", widths=[10] * 15)
    years = (_HEAD, FIRST_YEAR, FIRST_YEAR + len(book.run.years) - 1)
    at, costs = summary_rows(book.run), book.run.tables["costs"]
    charts = [
        ("Compute by how it is met", "kH100e", [label for label, _ in _DEMAND[1:]], True),
        ("Power at the meter", "MW", _POWER, False),
        ("Payments of a year by heading", "MUSD/year", [f"  {one}" for one in dict.fromkeys(costs["group"])], True),
        ("Money for assets", "MUSD", (_OVERNIGHT, _CASH), False),
    ]
    for place, (title, unit, labels, is_stacked) in enumerate(one for one in charts if one[2]):
        to = (_HEAD + place // 2 * 15, place % 2 * (_CHART[0] + 12))
        rows = [at[label] for label in labels]
        book.plot(sheet, to, title, unit, rows, years, of="Summary", is_stacked=is_stacked, size=_CHART)


# --- Sheet Compare: what edited cells change, beside the plan as it was solved --------------------

_COMPARE_HEAD: Final = 5


def write_compare(book: Book) -> None:
    """Write sheet Compare."""
    run = book.run
    count = len(run.years)
    first_change = FIRST_YEAR + count
    widths = (46, 15, *[11.5] * (2 * count))
    sheet = book.sheet("Compare", widths=widths, freeze=(_COMPARE_HEAD + 1, FIRST_YEAR))
    write_heads(book, sheet, _COMPARE_HEAD, ("by model year", "unit"), run.years)
    write_heads(book, sheet, _COMPARE_HEAD, ("by model year", "unit"), run.years, first_change)
    for first, words in ((FIRST_YEAR, "as solved"), (first_change, "edited less solved")):
        book.text(sheet, _COMPARE_HEAD - 1, first, words, "head")
    at = summary_rows(run)
    row = _COMPARE_HEAD
    for title, rows in summary_parts(run).items():
        row += 1
        write_section(book, sheet, row, title, first_change + count)
        for one in (one for one in rows if one.label not in {_LOAD_RATIO, _MW_RATIO}):
            row += 1
            assert isinstance(one.of, Formula)
            solved = [None if isinstance(value, str) else float(value) for value in one.of.values]
            write_rows(book, sheet, _COMPARE_HEAD, [Row(one.label, one.unit, (), one.number)], start=row)
            book.line(sheet, row, solved, number=one.number, column=FIRST_YEAR)
            changes = (
                Live(f"ROUND(Summary!{cell(at[one.label], column)}-{cell(row, column)},6)", 0.0)
                for column in range(FIRST_YEAR, first_change)
            )
            known = [None if value is None else change for value, change in zip(solved, changes, strict=True)]
            book.line(sheet, row, known, number=f"+{one.number};-{one.number};0", column=first_change)
    changed = (_COMPARE_HEAD + 1, first_change, row, first_change + count - 1)
    for sign, colour in ((">", "#1f5896"), ("<", "#b3372f")):
        book.mark(sheet, changed, sign, 0, "plain", font_color=colour, bold=True)
