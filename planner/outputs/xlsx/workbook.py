"""From a run to ``plan.xlsx``: the sheets in order."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from planner.outputs.canvas import new_workbook
from planner.outputs.plan_workbook.run_settings import LISTS, write_settings_of_run
from planner.outputs.xlsx.assumptions import write_assumptions
from planner.outputs.xlsx.bills import write_bills
from planner.outputs.xlsx.book import COVER, Book
from planner.outputs.xlsx.bridge import write_bridge
from planner.outputs.xlsx.by_source import write_power_by_source
from planner.outputs.xlsx.checks import write_checks
from planner.outputs.xlsx.clean import has_contracts, write_carbon, write_contracts
from planner.outputs.xlsx.compare import write_compare
from planner.outputs.xlsx.costs import write_costs
from planner.outputs.xlsx.cover import write_cover
from planner.outputs.xlsx.estimates import has_estimates, write_estimates_sheet
from planner.outputs.xlsx.grid import write_grid
from planner.outputs.xlsx.heatmap import write_heatmap
from planner.outputs.xlsx.lifetime import write_lifetime
from planner.outputs.xlsx.limits import write_limits
from planner.outputs.xlsx.lists import write_figures, write_latency, write_site_list, write_source_list
from planner.outputs.xlsx.money import write_money
from planner.outputs.xlsx.openings import has_openings, write_openings
from planner.outputs.xlsx.power import write_power
from planner.outputs.xlsx.resilience import is_resilient, write_resilience
from planner.outputs.xlsx.risks import write_risks
from planner.outputs.xlsx.sites import write_sites
from planner.outputs.xlsx.sources import write_sources
from planner.outputs.xlsx.summary import write_charts, write_summary
from planner.outputs.xlsx.tidy import (
    write_cash_lines,
    write_class_years,
    write_cost_lines,
    write_demand,
    write_plan,
    write_site_years,
    write_years,
)
from planner.scenario.workbook_layout import SETTINGS, own_sheets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from planner.outputs.run import Run

__all__ = ["SHEETS", "sheets_of", "write_workbook"]


def _with_settings(_: Book) -> None:
    """Leave a sheet to `write_settings_of_run`, which writes all that hold settings."""


SHEETS = (
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
