"""Money and power that add up: from headings to the net present value, from racks to the meter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.report.markup import Html, element
from planner.outputs.report.sections.four_moneys import four_moneys
from planner.outputs.report.table import NumberColumn, figure_table
from planner.results.bridge import steps_of
from planner.results.costs import PAID_FOR

if TYPE_CHECKING:
    from planner.outputs.report.figures import Figures, ReportFigure

__all__ = ["money", "power"]


def money(figures: Figures) -> Html:
    """Show what the net present value is made of, and the payments of the years behind it."""
    groups = [str(group) for (group,) in figures.sums_by("costs", "npv_musd", "group")]
    whole = figures.sum("costs", "npv_musd")
    rows = [
        (
            group.capitalize(),
            [
                figures.sum("costs", "npv_musd", group=group, upfront=True),
                figures.sum("costs", "npv_musd", group=group, upfront=False),
                npv := figures.sum("costs", "npv_musd", group=group),
                npv.share_of(whole),
            ],
        )
        for group in groups
    ]
    rows.append(
        (
            "The plan",
            [
                figures.sum("costs", "npv_musd", upfront=True),
                figures.sum("costs", "npv_musd", upfront=False),
                whole,
                whole.share_of(whole),
            ],
        )
    )
    columns = [
        NumberColumn(PAID_FOR[True], decimals=0),
        NumberColumn(PAID_FOR[False], decimals=0),
        NumberColumn("together", decimals=0),
        NumberColumn("share, %", per=0.01, decimals=1),
    ]
    table = figure_table("Net present value [MUSD]", "heading", columns, rows, totals=[len(groups)])
    heading = element("h3", "Net present value by heading [MUSD]")
    return element("div", element("h3", "The money [MUSD]"), four_moneys(figures), heading, table)


def power(figures: Figures) -> Html:
    """Show the bridge from the path to the meter: each level is the one before with its terms."""
    rows: list[tuple[str, list[ReportFigure]]] = []
    levels = []
    for step, _ in steps_of(figures.run.tables["bridge"]):
        if step.is_level:
            levels.append(len(rows))
        label = step.label[:1].upper() + step.label[1:] if step.is_level else step.label
        of_years = [figures.sum("bridge", step.column, year=year) for year in figures.years]
        rows.append((label, of_years))
    columns = [NumberColumn(str(year)) for year in figures.years]
    table = figure_table("From the path to the meter [MW]", "", columns, rows, one_unit=True, totals=levels)
    return element("div", element("h3", "The power, from the path to the meter [MW]"), table)
