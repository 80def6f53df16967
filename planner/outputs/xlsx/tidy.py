"""Sheets that are one list each, which formulas of other sheets add up, and their checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.outputs.xlsx.assumptions import CHANGED, billed_years, cash_groups, site_ratio
from planner.outputs.xlsx.book import (
    NO,
    SITE_NAME,
    YES,
    Live,
    number,
    text,
    this_row,
    whole,
    with_site_names,
    write_table,
)
from planner.results.schema import CHECKS, RUN_TABLES

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

# --- Sheets that are one list each; the formulas of the other sheets add them up ------------------

_LIVE: Final = "Columns called live follow edited cells of sheets Assumptions and Sites."
_MODEL_YEAR: Final = whole("model_year", "year", "Model year that represents the calendar year")
_ITEM_GROUP: Final = text("group", "Heading of the item, whose price factor applies")
_PAYS_PRICE: Final = whole("pays_price", "-", "1 where the site pays the price of power in the year, 0 under a tariff")


def write_demand(book: Book) -> None:
    """Write sheet Demand."""
    _write(book, "Demand", "Demand", "demand")


def write_years(book: Book) -> None:
    """Write sheet Years."""
    _write(book, "Years", "Years", "summary")


def write_plan(book: Book) -> None:
    """Write sheet Plan."""
    table = RUN_TABLES["plan"]
    frame = with_site_names(book, book.run.tables["plan"])
    sheet = book.sheet("Plan", table.description)
    write_table(book, sheet, "Plan", frame, [table.fields[0], SITE_NAME, *table.fields[1:]])


def write_site_years(book: Book) -> None:
    """Write sheet Site-years: what the plan does at a site in a year, and power that is live."""
    table = RUN_TABLES["site_year"]
    frame = with_site_names(book, book.run.tables["site_year"])
    it, facility = (this_row("SiteYears", f"{what}_mean_mw") for what in ("it", "facility"))
    mean, live_mean = facility, this_row("SiteYears", "live_facility_mean_mw")
    peak = this_row("SiteYears", "facility_peak_mw")
    energy = this_row("SiteYears", "energy_mwh")
    ratio, load = (this_row("SiteYears", name) for name in ("mw_ratio", "load_mean_mw"))
    live = [
        Live(
            number("mw_ratio", "-", "MW of the site, as edited on sheet Sites, against the solve"),
            f"={site_ratio('site_mw_ratios', this_row('SiteYears', 'site'))}",
            [1.0] * len(frame),
        ),
        Live(
            number("live_nameplate_mw", "MW", "Racks in use with the edited MW of the site, live"),
            f"={this_row('SiteYears', 'nameplate_mw')}*{ratio}",
            frame["nameplate_mw"].tolist(),
        ),
        Live(
            number("live_it_mean_mw", "MW", "Mean IT power, live"),
            f"=it_load_factor*{it}*{ratio}",
            frame["it_mean_mw"].tolist(),
        ),
        Live(
            number("load_mean_mw", "MW", "Mean power at the meter at the solved MW of the site"),
            f"=it_load_factor*({it}+overhead_factor*({facility}-{it}))",
            frame["facility_mean_mw"].tolist(),
        ),
        Live(
            number("live_facility_mean_mw", "MW", "Mean power at the meter, live"),
            f"={load}*{ratio}",
            frame["facility_mean_mw"].tolist(),
        ),
        Live(
            number("live_facility_peak_mw", "MW", "Peak at the meter, in proportion to the mean"),
            f"=IF({mean}=0,0,{peak}*{live_mean}/{mean})",
            frame["facility_peak_mw"].where(frame["facility_mean_mw"] != 0.0, 0.0).tolist(),
        ),
        Live(
            number("live_energy_mwh", "MWh", "Energy at the meter, in proportion to the mean"),
            f"=IF({mean}=0,0,{energy}*{live_mean}/{mean})",
            frame["energy_mwh"].where(frame["facility_mean_mw"] != 0.0, 0.0).tolist(),
        ),
    ]
    sheet = book.sheet("Site-years", f"{table.description} {_LIVE}")
    columns = [table.fields[0], SITE_NAME, *table.fields[1:]]
    write_table(book, sheet, "SiteYears", frame, columns, live)


def write_class_years(book: Book) -> None:
    """Write sheet Class-years."""
    table = RUN_TABLES["power_class"]
    frame = book.run.tables["power_class"]
    it, facility = (this_row("ClassYears", f"{what}_mean_mw") for what in ("it", "facility"))
    year = this_row("ClassYears", "year")
    live = Live(
        number("live_facility_mean_mw", "MW", "Mean power at the meter, live"),
        f"=it_load_factor*({it}+overhead_factor*({facility}-{it}))*{_of_year('mw_ratios', year)}",
        frame["facility_mean_mw"].tolist(),
    )
    sheet = book.sheet("Class-years", f"{table.description} {_LIVE}")
    write_table(book, sheet, "ClassYears", frame, table.fields, [live])


def write_cost_lines(book: Book) -> None:
    """Write sheet Cost lines: payments as solved, and with the price factors."""
    table = RUN_TABLES["costs"]
    frame = with_model_year(book.run, book.run.tables["costs"])
    billed = billed_years(book.run)
    at = zip(frame["site"], frame["calendar_year"], strict=True)
    frame = frame.assign(pays_price=[int(one not in billed) for one in at])
    group, year = this_row("CostLines", "group"), this_row("CostLines", "model_year")
    factor = f"INDEX(price_factors,MATCH({group},price_groups,0))"
    site = this_row("CostLines", "site")
    price = site_ratio("site_price_ratios", site)
    paid = f"IF({this_row('CostLines', 'pays_price')}=1,{price},1)"
    energy = f'IF({group}="energy",{_of_year("energy_ratios", year)}*{paid},1)'
    of_site = site_ratio("site_mw_ratios", site)
    live = Live(
        number("live_musd", "MUSD", "Payment with price factors, energy and edited sites, live"),
        f"={this_row('CostLines', 'musd')}*{factor}*{energy}*{of_site}",
        frame["musd"].tolist(),
    )
    sheet = book.sheet("Cost lines", f"{table.description} {_LIVE}")
    columns = [*table.fields, _MODEL_YEAR, _PAYS_PRICE]
    write_table(book, sheet, "CostLines", frame, columns, [live])


def write_cash_lines(book: Book) -> None:
    """Write sheet Cash lines: money spent on assets, as solved and with the price factors."""
    table = RUN_TABLES["cash"]
    cash = book.run.tables["cash"].assign(group=cash_groups(book.run))
    frame = with_model_year(book.run, cash)
    factor = f"INDEX(price_factors,MATCH({this_row('CashLines', 'group')},price_groups,0))"
    of_site = site_ratio("site_mw_ratios", this_row("CashLines", "site"))
    live = [
        Live(
            number(f"live_{name}", "MUSD", f"{about}, with the price factor, live"),
            f"={this_row('CashLines', name)}*{factor}*{of_site}",
            frame[name].tolist(),
        )
        for name, about in (("cash_musd", "Spent"), ("overnight_musd", "Overnight cost"))
    ]
    sheet = book.sheet("Cash lines", f"{table.description} {_LIVE}")
    columns = [table.fields[0], _ITEM_GROUP, *table.fields[1:], _MODEL_YEAR]
    write_table(book, sheet, "CashLines", frame, columns, live)


def _of_year(name: str, year: str) -> str:
    """Return the formula of what sheet Summary has for a model year."""
    return f"INDEX({name},MATCH({year},model_years,0))"


def with_model_year(run: Run, frame: pd.DataFrame) -> pd.DataFrame:
    """Add the model year that represents each calendar year of a table."""
    years = np.array(run.years)
    place = np.searchsorted(years, frame["calendar_year"].to_numpy(), side="right") - 1
    return frame.assign(model_year=years[place])


def _write(book: Book, sheet_name: str, name: str, table_name: str) -> None:
    table = RUN_TABLES[table_name]
    sheet = book.sheet(sheet_name, table.description)
    write_table(book, sheet, name, book.run.tables[table_name], table.fields)


# --- Sheet Checks: the independent checker's verdict, and what the workbook checks about itself ---

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
