"""The duration curve: power drawn from the grid, hours from the highest to the lowest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.outputs.labels import DisplayNames
from planner.outputs.plots.drawing import COLOURS, amounts, plain, say_instead, sheet

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.outputs.plots.drawing import Drawing
    from planner.outputs.run import Run

__all__ = ["draw_duration"]


def draw_duration(run: Run, zone: str | None = None) -> Drawing:
    """Draw how many hours of each model year the grid gives at least so much. [MW, h]"""
    slots = run.tables["power_slot"]
    where = "all sites together"
    if zone is not None:
        inside = run.sites.loc[run.sites["zone"] == zone, "site"]
        if inside.empty:
            zones = ", ".join(sorted(run.sites["zone"].unique()))
            message = f"no site lies in zone {zone!r}; there are {zones}"
            raise ValueError(message)
        slots, where = slots[slots["site"].isin(inside)], DisplayNames(run).zone(zone)
    with sheet(run.title, f"Power drawn from the grid, {plain(where)}") as (drawing, (axes,)):
        years = sorted(int(year) for year in slots["year"].unique())
        if not years:
            say_instead(axes, "no site draws power in any year")
            return drawing
        for at, year in enumerate(years):
            of_year = slots[slots["year"] == year].groupby("slot", observed=True)
            sums = of_year.agg(mw=("grid_mw", "sum"), hours=("hours", "first"))
            hours, mw = _curve(sums["mw"].to_numpy(), sums["hours"].to_numpy())
            axes.step(hours, mw, where="pre", label=str(year), color=COLOURS[at % len(COLOURS)])
        amounts(axes, "MW")
        amounts(axes, "hours of the year with at least as much", axis="x")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing


def _curve(mw: Floats, hours: Floats) -> tuple[Floats, Floats]:
    """Return hours from 0 and the power of each step up to them, the highest first."""
    order = np.argsort(-mw, kind="stable")
    high = mw[order]
    return np.concatenate([[0.0], np.cumsum(hours[order])]), np.concatenate([high[:1], high])
