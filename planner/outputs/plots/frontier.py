"""What less of something costs: a point for each level, the knee marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.words import within_sentence
from planner.outputs.plots.drawing import COLOURS, amounts, plain, sheet

if TYPE_CHECKING:
    from planner.outputs.frontier import Frontier
    from planner.outputs.plots.drawing import Drawing

__all__ = ["draw_frontier"]


def draw_frontier(found: Frontier) -> Drawing:
    """Draw cost over the measure, the knee marked, and below it what one unit less costs."""
    table = found.table
    title = f"Cost against {within_sentence(found.label)}"
    with sheet(title, plain(found.scenario, longest=50), columns=2) as (drawing, (cost, price)):
        x = table["measure"].to_numpy()
        for axes, column, text in (
            (cost, "cost_musd", "net present value, MUSD"),
            (price, "price", f"one unit less costs, {found.price_unit}"),
        ):
            axes.plot(x, table[column], marker="o", markersize=4, color=COLOURS[0], label="points")
            knee = table[table["is_knee"].astype(bool)]
            axes.plot(knee["measure"], knee[column], "o", markersize=8, color=COLOURS[1], label="knee")
            amounts(axes, text, from_zero=axes is price)
            amounts(axes, found.unit, axis="x", from_zero=False)
        cost.legend(loc="upper right")
    return drawing
