"""Unit costs: what an hour of compute, a request and a million tokens cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.report.charts import bars
from planner.outputs.report.markup import NOTHING, Html, element
from planner.outputs.report.page import section
from planner.outputs.report.table import Column, figure_table

if TYPE_CHECKING:
    from planner.outputs.report.figures import Figures
    from planner.outputs.report.labels import Labels

__all__ = ["unit_costs_section"]

_COLUMNS: Final = (
    ("usd_per_h100e_hour", Column("USD/H100e-hour", decimals=3)),
    ("upfront_usd_per_h100e_hour", Column("of it capex", decimals=3)),
    ("running_usd_per_h100e_hour", Column("of it opex", decimals=3)),
    ("usd_per_mw_year", Column("MUSD/MW-year", per=1e6, decimals=2)),
    ("usd_per_million_tokens", Column("USD/million tokens")),
    ("usd_per_request", Column("USD/thousand requests", per=1e-3)),
)


def unit_costs_section(figures: Figures, labels: Labels) -> Html:
    """Show unit costs of the last model year by workload, and of all years in total."""
    if not figures.has("unit_costs"):
        return NOTHING
    year = figures.last
    table = figures.run.tables["unit_costs"]
    scopes = table.loc[table["year"] == year, ["scope", "level"]].itertuples(index=False, name=None)
    rows = []
    compute = []
    for scope, level in scopes:
        label = labels.workload(scope) if level == "workload" else f"All {scope}"
        label = "All compute" if level == "total" else label
        of = [
            figures.sum("unit_costs", column, scope=scope, level=level, year=year)
            for column, _ in _COLUMNS
        ]
        if of[0].value == of[0].value:
            rows.append((label, of))
            if level == "workload":
                compute.append((label, of[0]))
    chart = bars(f"An hour of compute by workload, {year}", "USD/H100e-hour", compute)
    by_year = [
        (
            str(one),
            [
                figures.sum("unit_costs", column, scope="total", level="total", year=one)
                for column, _ in _COLUMNS[:4]
            ],
        )
        for one in figures.years
    ]
    heads = [column for _, column in _COLUMNS]
    of_years = figure_table("All compute by year", "year", heads[:4], by_year, shows_caption=True)
    of_class = figure_table(f"Unit costs by workload, {year}", "workload", heads, rows)
    return section(
        "unit-costs",
        "Unit costs",
        element(
            "p",
            "Payments of a year for own sites over what they serve. What stood in the base year is "
            "sunk and costs nothing up front here, so unit costs of early years are low.",
        ),
        element("div", chart, of_years, class_="charts"),
        of_class,
    )
