"""Plots of a plan for papers and slides, each drawn by a function in a file of its own.

Matplotlib is an optional dependency and is imported when a plot is drawn.
"""

from __future__ import annotations

from planner.outputs.plots.catalogue import PLOTS, draw, no_matplotlib
from planner.outputs.plots.files import write_plots

__all__ = ["PLOTS", "draw", "no_matplotlib", "write_plots"]
