"""Payments by calendar year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.plots.drawing import sheet
from planner.outputs.plots.stacked import stack

if TYPE_CHECKING:
    from planner.outputs.plots.drawing import Drawing
    from planner.outputs.run import Run

__all__ = ["draw_cost"]


def draw_cost(run: Run) -> Drawing:
    """Draw payments by group of cost items: assets as instalments, the rest as paid. [MUSD]"""
    by_year = (
        run.tables["costs"]
        .pivot_table(index="calendar_year", columns="group", values="musd", aggfunc="sum", observed=True)
        .fillna(0.0)
    )
    cost = float(run.tables["solution"]["objective_musd"].iloc[0])
    about = f"Payments by calendar year, assets as level instalments; net present value {cost:,.0f} MUSD"
    with sheet(run.title, about) as (drawing, (axes,)):
        stack(axes, by_year, "MUSD a year")
    return drawing
