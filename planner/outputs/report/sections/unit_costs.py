"""Unit costs: what an hour of compute, a request and a million tokens cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.report.charts import bars
from planner.outputs.report.markup import NOTHING, Html, element
from planner.outputs.report.page import section
from planner.outputs.report.table import NumberColumn, figure_table
from planner.results.costs import PAID_FOR

if TYPE_CHECKING:
    from planner.outputs.labels import DisplayNames
    from planner.outputs.report.figures import Figures

__all__ = ["unit_costs_section"]

_COLUMNS: Final = (
    ("usd_per_h100e_hour", NumberColumn("as paid, USD/H100e-hour", decimals=3)),
    ("upfront_usd_per_h100e_hour", NumberColumn(f"of it {PAID_FOR[True]}", decimals=3)),
    ("running_usd_per_h100e_hour", NumberColumn(f"of it {PAID_FOR[False]}", decimals=3)),
    ("full_usd_per_h100e_hour", NumberColumn("in full, USD/H100e-hour", decimals=3)),
    ("full_usd_per_mw_year", NumberColumn("in full, MUSD/MW-year", per=1e6, decimals=2)),
    ("full_usd_per_million_tokens", NumberColumn("in full, USD/million tokens")),
    ("full_usd_per_request", NumberColumn("in full, USD/thousand requests", per=1e-3)),
)
_OF_ALL: Final = 5  # columns that all compute together has
_FULL: Final = 3


def unit_costs_section(figures: Figures, labels: DisplayNames) -> Html:
    """Show unit costs of the last model year by workload, and of all years in total."""
    if not figures.has_rows("unit_costs"):
        return NOTHING
    year = figures.last
    table = figures.run.tables["unit_costs"]
    scopes = table.loc[table["year"] == year, ["scope", "level"]].itertuples(index=False, name=None)
    rows = []
    compute = []
    for scope, level in scopes:
        label = labels.workload(scope) if level == "workload" else f"All {scope}"
        label = "All compute" if level == "total" else label
        of = [figures.sum("unit_costs", column, scope=scope, level=level, year=year) for column, _ in _COLUMNS]
        if of[0].value == of[0].value:
            rows.append((label, of))
            if level == "workload":
                compute.append((label, of[_FULL]))
    chart = bars(f"An hour of compute by workload, in full, {year}", "USD/H100e-hour", compute)
    by_year = [
        (
            str(one),
            [
                figures.sum("unit_costs", column, scope="total", level="total", year=one)
                for column, _ in _COLUMNS[:_OF_ALL]
            ],
        )
        for one in figures.years
    ]
    heads = [column for _, column in _COLUMNS]
    of_years = figure_table("All compute by year", "year", heads[:_OF_ALL], by_year, shows_caption=True)
    of_class = figure_table(f"Unit costs by workload, {year}", "workload", heads, rows)
    return section(
        "unit-costs",
        "Unit costs",
        element(
            "p",
            "Payments of a year for own sites over what they serve. As paid, what exists in the "
            "base year is sunk and costs nothing up front; in full, existing racks and halls cost "
            "the instalments that repay their price over their life. What parked racks and the "
            "halls that they leave empty cost is in neither; table unit_costs has it apart.",
        ),
        element("div", chart, of_years, class_="charts"),
        of_class,
    )
