"""Every plot by name. Each is imported when it is drawn, as matplotlib takes a second or two."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.outputs.frontier import Frontier
    from planner.outputs.plots.drawing import Drawing
    from planner.outputs.run import Run
    from planner.outputs.sensitivity import Sensitivity

__all__ = ["PLOTS", "draw", "no_matplotlib"]

PLOTS: Final[Mapping[str, str]] = {
    "map": "sites of a model year: size and share of training",
    "power": "mean power at the meter by workload, zone, site or source",
    "cost": "payments by calendar year and group of cost items",
    "cash": "cash by calendar year and its sum",
    "duration": "power drawn from the grid, hours from the highest to the lowest",
    "latency": "share of service within each round trip",
    "headroom": "grid headroom by zone: promised, new and spare",
    "comparison": "power and payments of a plan beside those of another",
    "fan": "the spread of a figure over the futures of a sweep",
    "frontier": "cost against a measure, and what one less of it costs",
    "sensitivity": "which inputs decide, with the ranks that they may have",
}
"""What each plot shows; its function is `draw_<name>` in the module of that name."""


def no_matplotlib(place: str, what: str) -> Problem | None:
    """Return what keeps plots from being drawn; None where matplotlib is installed."""
    if find_spec("matplotlib") is not None:
        return None
    return Problem(
        place,
        None,
        None,
        f"{what} needs matplotlib, which is not installed",
        "matplotlib 3.9 or newer",
        "install it: pip install 'dcplan[plots]'",
    )


def draw(name: str, of: Run | pd.DataFrame | Frontier | Sensitivity, **wishes: Any) -> Drawing:
    """Draw a plot."""
    problem = no_matplotlib("plots", "drawing")
    if problem is not None:
        raise InputError([problem])
    module = import_module(f"planner.outputs.plots.{name}")
    drawing: Drawing = getattr(module, f"draw_{name}")(of, **wishes)
    return drawing
