"""Plots of a plan for a notebook, `plan.plot`: imported when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs import plots

if TYPE_CHECKING:
    from planner.outputs.plots import Drawing
    from planner.outputs.run import Run
    from planner.runs.plan import PlanViews


class Plots:
    """The plots of a plan; each is an SVG drawing that a notebook shows.

    Parameters
    ----------
    run : Run
        Of the plan.

    Notes
    -----
    ``drawing.write(path)`` saves a plot as svg: the same bytes for the same plan.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def map(self, year: int | None = None) -> Drawing:
        """Draw the sites of a model year, the last by default: size and share of training."""
        return plots.plot_map(self._run, year)

    def power(self, by: plots.By = "workload") -> Drawing:
        """Draw mean power at the meter by ``workload``, ``zone``, ``site`` or ``source``. [MW]"""
        return plots.plot_power(self._run, by)

    def cost(self) -> Drawing:
        """Draw payments by calendar year and group of cost items. [MUSD]"""
        return plots.plot_cost(self._run)

    def cash(self) -> Drawing:
        """Draw cash by calendar year, and its sum. [MUSD]"""
        return plots.plot_cash(self._run)

    def duration(self, zone: str | None = None) -> Drawing:
        """Draw power drawn from the grid, hours from the highest to the lowest. [MW]"""
        return plots.plot_duration(self._run, zone)

    def latency(self, year: int | None = None) -> Drawing:
        """Draw the share of service within each round trip, the last model year by default. [%]"""
        return plots.plot_latency(self._run, year)

    def headroom(self, year: int | None = None) -> Drawing:
        """Draw what the headroom of each grid zone is used for. [MW]"""
        return plots.plot_headroom(self._run, year)

    def comparison(self, other: PlanViews) -> Drawing:
        """Draw power and net present value beside those of another plan."""
        return plots.plot_comparison(self._run, other.run)
