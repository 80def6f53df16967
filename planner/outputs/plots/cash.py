"""Cash by calendar year, as a budget counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.svg import INK
from planner.outputs.plots.drawing import COLOURS, amounts, heading, sheet, years_below

if TYPE_CHECKING:
    from planner.outputs.plots.drawing import Drawing
    from planner.outputs.run import Run

__all__ = ["draw_cash"]


def draw_cash(run: Run) -> Drawing:
    """Draw cash out by calendar year, for assets and for running, and its sum. [MUSD]"""
    cash = run.tables["money_years"].set_index("calendar_year")
    years = [int(year) for year in cash.index]
    assets, running = cash["asset_cash_musd"], cash["running_musd"]
    with sheet(run.title, "Cash by calendar year, when it is paid", columns=2) as (drawing, (by_year, so_far)):
        by_year.bar(years, assets, 0.72, color=COLOURS[0], label="assets")
        by_year.bar(years, running, 0.72, bottom=assets, color=COLOURS[1], label="running")
        amounts(by_year, "MUSD a year")
        years_below(by_year, years)
        by_year.set_ylim(top=1.15 * by_year.get_ylim()[1])  # room for the key
        by_year.legend(loc="upper left", ncols=2)
        so_far.plot(years, cash["cash_musd"].cumsum(), color=INK, marker="o", markersize=3.5)
        heading(so_far, "Paid so far")
        amounts(so_far, "MUSD")
        years_below(so_far, years)
    return drawing
