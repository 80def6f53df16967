"""The plots of a plan, as methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.plots.catalogue import draw

if TYPE_CHECKING:
    from planner.outputs.plots.drawing import Drawing
    from planner.outputs.plots.power import By
    from planner.outputs.run import Run
    from planner.runs.views import PlanViews

__all__ = ["Plots"]


class Plots:
    """The plots of a plan; each is a figure of matplotlib that a notebook shows.

    Parameters
    ----------
    run : Run
        Of the plan.

    Notes
    -----
    ``drawing.write(path)`` saves a plot as svg, png or pdf: the same bytes for the same plan.
    They raise `InputError` where matplotlib is not installed.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def map(self, year: int | None = None) -> Drawing:
        """Draw the sites of a model year, the last by default: size and share of training."""
        return draw("map", self._run, year=year)

    def power(self, by: By = "workload") -> Drawing:
        """Draw mean power at the meter by ``workload``, ``zone``, ``site`` or ``source``. [MW]"""
        return draw("power", self._run, by=by)

    def cost(self) -> Drawing:
        """Draw payments by calendar year and group of cost items. [MUSD]"""
        return draw("cost", self._run)

    def cash(self) -> Drawing:
        """Draw cash by calendar year, and its sum. [MUSD]"""
        return draw("cash", self._run)

    def duration(self, zone: str | None = None) -> Drawing:
        """Draw power drawn from the grid, hours from the highest to the lowest. [MW]"""
        return draw("duration", self._run, zone=zone)

    def latency(self, year: int | None = None) -> Drawing:
        """Draw the share of service within each round trip, the last model year by default. [%]"""
        return draw("latency", self._run, year=year)

    def headroom(self, year: int | None = None) -> Drawing:
        """Draw what the headroom of each grid zone is used for. [MW]"""
        return draw("headroom", self._run, year=year)

    def comparison(self, other: PlanViews) -> Drawing:
        """Draw power and net present value beside those of another plan."""
        return draw("comparison", self._run, other=other.run)
