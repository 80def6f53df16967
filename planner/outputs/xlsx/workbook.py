"""From a run to ``plan.xlsx``: the cover, and the sheets in order."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Final

from planner.outputs.canvas import cell, new_workbook
from planner.outputs.measures import measures
from planner.outputs.plan_workbook.write import LISTS, write_settings_of_run
from planner.outputs.xlsx.assumptions import CHANGED, write_assumptions, write_sites
from planner.outputs.xlsx.book import COVER, Book
from planner.outputs.xlsx.clean import has_contracts, write_bills, write_carbon, write_contracts
from planner.outputs.xlsx.lists import (
    has_openings,
    is_resilient,
    write_figures,
    write_grid,
    write_latency,
    write_lifetime,
    write_openings,
    write_orders,
    write_resilience,
    write_site_list,
    write_source_list,
    write_sources,
)
from planner.outputs.xlsx.money import write_costs, write_money
from planner.outputs.xlsx.power import write_bridge, write_heatmap, write_power, write_power_by_source
from planner.outputs.xlsx.risks import has_estimates, write_estimates_sheet, write_limits, write_risks
from planner.outputs.xlsx.summary import write_charts, write_compare, write_summary
from planner.outputs.xlsx.tidy import (
    write_cash_lines,
    write_checks,
    write_class_years,
    write_cost_lines,
    write_demand,
    write_plan,
    write_site_years,
    write_years,
)
from planner.results.ended import ended
from planner.results.not_housed import not_by_own_sites, not_housed
from planner.scenario.workbook_layout import SETTINGS, own_sheets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run

# --- Sheet Cover: the question, the verdict, the key figures, the contents ------------------------

_LINE_CHARACTERS: Final = 125
_VERDICT_CHARACTERS: Final = 92
"""On a line of a verdict, in bold."""
_LINE_POINTS: Final = 15.0
_RULE: Final = (
    "Formulas recompute power and money when a yellow cell of sheet Assumptions or Sites is "
    "edited. They do not optimise again: to see how the plan itself would change, edit sheet "
    "Settings or the prices and lead times of sheet Sites, and solve this workbook again: "
    "dcplan solve plan.xlsx."
)
_PRINT: Final = (
    "To print the board part, of at most fifteen pages, select the dark blue sheets, from Cover to "
    "Sources, and print the active sheets. The other sheets are for looking up and do not print."
)


def write_cover(book: Book, contents: Sequence[tuple[str, str]]) -> None:
    """Write sheet Cover: on its page the answer, below it what is for the screen."""
    run = book.run
    sheet = book.sheet("Cover", "", widths=(24, 20, 16, 16, 50))
    book.text(sheet, 0, 0, run.title, "title")
    row = _paragraph(book, sheet, 1, str(run.meta["question"]))
    row = _verdict(book, sheet, row + 1)
    row = _figures(book, sheet, row + 1)
    row += 1
    made = f"dcplan {run.meta['versions']['dcplan']}, run {run.meta['run']}, {run.meta['created']}"
    book.text(sheet, row, 0, made, "about")
    sheet.print_area(0, 0, row, 4)
    row = _key(book, sheet, row + 2)
    book.text(sheet, row + 1, 0, "Contents", "head")
    for column in range(1, 5):
        book.text(sheet, row + 1, column, "", "head")
    for at, (name, about) in enumerate(contents, start=row + 2):
        sheet.write_url(at, 0, f"internal:'{name}'!A1", book.style("link"), name)
        book.text(sheet, at, 1, about)
    row += 3 + len(contents)
    for text in (_PRINT, _RULE):
        row = _paragraph(book, sheet, row, text)


def _paragraph(book: Book, sheet: Worksheet, row: int, text: str) -> int:
    """Write text across the page, with the height it needs. Returns the next row."""
    sheet.merge_range(row, 0, row, 4, "", book.style("wrap"))
    book.text(sheet, row, 0, text, "wrap")
    lines = max(1, math.ceil(len(text) / _LINE_CHARACTERS))
    sheet.set_row(row, _LINE_POINTS * lines + 2.0)
    return row + 1


def _verdict(book: Book, sheet: Worksheet, row: int) -> int:
    """Write status and check light. Returns the next row."""
    check = book.run.meta["check"]
    end = ended(book.run.meta, book.run.tables["solution"])
    if check["ok"]:
        verdict = f"Checked: all {check['rules']} rules hold"
    else:
        verdict = f"CHECK FAILED: {', '.join(check['broken'])}"
    lines: tuple[tuple[str, str, str], ...] = (
        ("Solver", str(end), end.light),
        ("Independent check", verdict, "good" if check["ok"] else "bad"),
    )
    first = not_housed(book.run.tables)
    if first:
        lines = (*lines, ("Demand", f"{first}.", "fair"))
    if others := not_by_own_sites(book.run.tables):
        lines = (*lines, ("Not by own sites", others, "fair"))
    for at, (label, text, style) in enumerate(lines, start=row):
        book.text(sheet, at, 0, label)
        look = book.style(style, text_wrap=True, valign="vcenter")
        sheet.merge_range(at, 1, at, 4, "", look)
        sheet.write_string(at, 1, text, look)
        lines_of_text = math.ceil(len(text) / _VERDICT_CHARACTERS)
        sheet.set_row(at, _LINE_POINTS * lines_of_text + 2.0)
    at = row + len(lines)
    book.text(sheet, at, 0, "Assumptions")
    sheet.merge_range(at, 1, at, 4, "", book.style("wrap"))
    solved, edited = "As solved", " edited: figures are no longer those of the solved plan"
    formula = f'=IF({CHANGED}=0,"{solved}",{CHANGED}&"{edited}")'
    book.formula(sheet, at, 1, formula, solved, style="wrap")
    return at + 1


def _figures(book: Book, sheet: Worksheet, row: int) -> int:
    """Write the key figures of the first and last year. Returns the next row."""
    run = book.run
    first, last = run.years[0], run.years[-1]
    book.text(sheet, row, 0, "Key figures", "head")
    book.text(sheet, row, 1, "unit", "head")
    for place, year in ((2, first), (3, last)):
        book.number(sheet, row, place, year, "0", "head_right")
    book.text(sheet, row, 4, "", "head")
    summary = run.tables["summary"].set_index("year")
    for at, one in enumerate(measures(_KEY_FIGURES), start=row + 1):
        book.text(sheet, at, 0, f"  {one.label}" if one.column == "unmet_kh100e" else one.label)
        book.text(sheet, at, 1, one.unit, "unit_left")
        of_year = summary[one.column].to_dict()
        for place, year in ((2, first), (3, last)):
            formula = _KEY_FIGURES[one.column].format(year=cell(row, place, fixed_row=True))
            book.formula(sheet, at, place, f"={formula}", float(of_year[year]), "#,##0")
    at = row + 1 + len(_KEY_FIGURES)
    value = float(run.tables["costs"]["npv_musd"].sum())
    book.text(sheet, at, 0, "Cost of the plan, NPV", "total")
    book.text(sheet, at, 1, "MUSD", "total")
    book.text(sheet, at, 2, "", "total")
    book.formula(sheet, at, 3, "=npv_musd", value, "#,##0", "total")
    return at + 1


_KEY_FIGURES: Final = {
    "demand_kh100e": "SUMIFS(Demand[demand_kh100e],Demand[year],{year})",
    "unmet_kh100e": "SUMIFS(Demand[unmet_kh100e],Demand[year],{year})",
    "nameplate_mw": "SUMIFS(SiteYears[live_nameplate_mw],SiteYears[year],{year})",
    "facility_mean_mw": "SUMIFS(SiteYears[live_facility_mean_mw],SiteYears[year],{year})",
    "sites_in_use": "SUMIFS(Years[sites_in_use],Years[year],{year})",
}
"""Columns of table `summary`, each with the formula that gives it."""


def _key(book: Book, sheet: Worksheet, row: int) -> int:
    """Write what the colours mean. Returns the next row."""
    book.text(sheet, row, 0, "Colours", "head")
    for column in range(1, 5):
        book.text(sheet, row, column, "", "head")
    samples = (
        ("input", "Yellow", "a cell to edit, on sheets Assumptions, Sites, Settings and Heat map"),
        ("plain", "White", "figures of the solved plan, and formulas over them"),
        ("good", "Green", "proven or within the gap asked for, checked, holds"),
        ("fair", "Amber", "not proven, or edited"),
        ("bad", "Red", "a rule is broken, or a limit binds"),
    )
    for at, (style, name, words) in enumerate(samples, start=row + 1):
        book.text(sheet, at, 0, name, style)
        book.text(sheet, at, 1, words)
    return row + 1 + len(samples)


# --- From a run to ``plan.xlsx``: the sheets in order ---------------------------------------------


def _with_settings(_: Book) -> None:
    """Leave a sheet to `write_settings_of_run`, which writes all that hold settings."""


SHEETS = (
    ("Orders", "What to order: by when, where, how much, serving from when", write_orders),
    ("Summary", "The plan by year: compute, power, moneys, unit costs, bridge", write_summary),
    ("Charts", "The plan by year in charts", write_charts),
    ("Bridge", "From the path of the market to the meter, step by step", write_bridge),
    ("Sites", "Where: size, power, money; MW, price and lead time to edit", write_sites),
    ("Power", "Power forecast by workload, zone and site", write_power),
    ("Money", "The four moneys, the rule of each, and how they reconcile", write_money),
    ("Costs", "Payments and cash by item and calendar year; net present value", write_costs),
    ("Limits", "What binds and why, and what one more is worth", write_limits),
    ("Risks", "Where the plan is exposed, and notes of the solve", write_risks),
    ("Sources", "How many figures of each table are published, and how many not", write_sources),
    ("Assumptions", "Cells to edit, and every setting of the scenario", write_assumptions),
    ("Checks", "What was verified about this plan and this workbook", write_checks),
    ("Compare", "What edited cells change against the plan as solved", write_compare),
    ("Heat map", "Sites by years, one measure at a time", write_heatmap),
    ("Power by source", "Grid, on-site power, batteries, sales by year", write_power_by_source),
    ("Grid", "Headroom by zone, what binds, non-firm power, shadow prices", write_grid),
    ("Carbon and water", "Emissions by place and by market, water, heat", write_carbon),
    ("Contracts", "PPAs, and the clean part of the energy used", write_contracts),
    ("Lifetime", "Training against inference; what training a known model costs", write_lifetime),
    ("Bills", "Tariff bills line by line, and contracted capacity", write_bills),
    ("Openings", "New sites by year and cost; phases and blocks", write_openings),
    ("Latency", "Round trips that users get", write_latency),
    ("Resilience", "What each site outage means, and who takes over", write_resilience),
    ("Estimates", "Figures whose low and high move the cost most", write_estimates_sheet),
    ("Years", "One line per year as solved", write_years),
    ("Demand", "Compute demand by region, workload and year, and how it is met", write_demand),
    ("Site list", "Every site in scope: place, zone, first year, size", write_site_list),
    ("Plan", "What runs where: site, rack, hall, workload, year", write_plan),
    ("Site-years", "Power, water, emissions, cost by site and year", write_site_years),
    ("Class-years", "Power by workload and year, as a list", write_class_years),
    ("Cost lines", "Payments by item, site and calendar year, as a list", write_cost_lines),
    ("Cash lines", "Money spent on assets by site and calendar year", write_cash_lines),
    ("Figures", "Single figures of the data, with unit and source", write_figures),
    ("Source list", "Every source of every input", write_source_list),
    (SETTINGS, "Every setting, to be edited and solved again", write_settings_of_run),
    *((own.name, own.meaning, _with_settings) for own in own_sheets()),
)
"""Name, content and writer of every sheet after the cover."""


def sheets_of(run: Run) -> list[tuple[str, str, Callable[[Book], None]]]:
    """Return the sheets that a run fills: those of what it does not have are left out."""
    empty = {
        "Resilience": not is_resilient(run),
        "Contracts": not has_contracts(run),
        "Openings": not has_openings(run),
        "Estimates": not has_estimates(run),
    }
    return [sheet for sheet in SHEETS if not empty.get(sheet[0], False)]


def write_workbook(run: Run, path: Path) -> list[Path]:
    """Write the workbook of a run.

    Formulas add up the lists of the workbook, so that power and money follow when a cell of
    sheet Assumptions is edited; they do not optimise again. Each formula is stored with its
    value.
    """
    with new_workbook(path) as workbook:
        workbook.set_properties(
            {
                "title": run.title,
                "subject": run.meta["question"],
                "comments": f"dcplan {run.meta['versions']['dcplan']}, run {run.meta['run']}",
                "created": datetime.fromisoformat(run.meta["created"]).replace(tzinfo=None),
            }
        )
        book = Book(run, workbook)
        sheets = sheets_of(run)
        for name in (COVER, *(name for name, _, _ in sheets), LISTS):
            book.add_sheet(name)
        write_cover(book, [(name, about) for name, about, _ in sheets])
        for _, _, write in sheets:
            write(book)
    return [path]
