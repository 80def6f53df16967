"""How near users are served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.outputs.labels import DisplayNames
from planner.outputs.plots.drawing import COLOURS, amounts, model_year, plain, say_instead, sheet

if TYPE_CHECKING:
    from planner.outputs.plots.drawing import Drawing
    from planner.outputs.run import Run

__all__ = ["draw_latency"]

_PERCENT = 100.0


def draw_latency(run: Run, year: int | None = None) -> Drawing:
    """Draw the share of own service within each round trip, by workload. [%, ms]

    Workloads that any site may serve have no round trip and are not shown.
    """
    year = model_year(run, year)
    served = run.tables["assignment"]
    served = served[(served["year"] == year) & served["rtt_ms"].notna()]
    bounds = run.tables["latency"].query("year == @year").set_index("workload")["bound_ms"]
    labels = DisplayNames(run)
    about = f"Service of own sites within a round trip, {year}; dotted: the most allowed"
    with sheet(run.title, about) as (drawing, (axes,)):
        names = list(dict.fromkeys(served["workload"].astype(str)))
        if not names:
            say_instead(axes, "any site may serve every workload")
            return drawing
        for at, workload in enumerate(names):
            rows = served[served["workload"] == workload].sort_values("rtt_ms")
            share = _PERCENT * rows["served_kh100e"].cumsum() / rows["served_kh100e"].sum()
            colour = COLOURS[at % len(COLOURS)]
            axes.step(
                np.concatenate([[0.0], rows["rtt_ms"]]),
                np.concatenate([[0.0], share]),
                where="post",
                color=colour,
                label=plain(labels.workload(workload)),
            )
            axes.axvline(float(bounds[workload]), color=colour, linestyle=":", linewidth=1.0)
        amounts(axes, "% of service")
        amounts(axes, "round trip, ms", axis="x")
        axes.set_ylim(0.0, _PERCENT * 1.04)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing
