"""A frontier: what less of a measure costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.words import within_sentence
from planner.outputs.report.charts import curve
from planner.outputs.report.markup import Html, element, name
from planner.outputs.report.page import section
from planner.outputs.report.table import NumberColumn, figure_table

if TYPE_CHECKING:
    from planner.outputs.report.figures import ReportFigure, TableFigures
    from planner.outputs.study_folders import StoredFrontier

__all__ = ["frontier_section"]


def frontier_section(identifier: str, figures: TableFigures, study: StoredFrontier) -> Html:
    """Show cost over the measure, and what one less of it costs at each point."""
    points, rows = [], []
    for row in study.table.to_dict("records"):
        point = int(row["point"])
        measure, cost, more, penalty, price = (
            figures.sum("frontier", column, point=point)
            for column in ("measure", "cost_musd", "extra_frac", "extra_penalty_musd", "price")
        )
        points.append((measure, cost, bool(row["is_knee"])))
        cells: list[ReportFigure | str | None] = [measure, cost, more, penalty, price]
        rows.append((f"{point}{', knee' if row['is_knee'] else ''}", cells))
    heads = [
        NumberColumn(f"{study.label} [{study.unit}]"),
        NumberColumn("cost, MUSD", decimals=1),
        NumberColumn("more, %", per=0.01, decimals=2),
        NumberColumn("of which penalty of unmet demand, MUSD", decimals=1),
        NumberColumn(f"one unit less costs [{study.price_unit}]"),
    ]
    title = f"Cost against {within_sentence(study.label)}"
    said = [*study.notes]
    if study.table["is_knee"].any():
        said.append("At the knee, which is marked, the price of one less begins to rise most.")
    if len(study.table) == 1:
        said.append("There is nothing to trade: the plan of least cost has the least of it.")
    return section(
        identifier,
        title,
        element("p", "Scenario ", name(study.scenario), ".", class_="note"),
        element(
            "div",
            curve(title, (f"{study.label} [{study.unit}]", "MUSD"), points),
            figure_table(f"{title}, points", "point", heads, rows),
            class_="pair",
        ),
        element("ul", (element("li", one) for one in said), class_="note"),
    )
