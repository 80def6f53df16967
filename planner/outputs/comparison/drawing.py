"""A comparison as one SVG picture: maps of where the plans differ, and the difference by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.comparison.measures import common_years
from planner.outputs.drawing import Drawing
from planner.outputs.report.charts import waterfall
from planner.outputs.report.figures import Figures, ReportFigure
from planner.outputs.report.map import difference_picture

if TYPE_CHECKING:
    from planner.outputs.comparison.comparison import RunComparison
    from planner.outputs.report.charts import Picture
    from planner.outputs.report.markup import Html

__all__ = ["comparison_svg"]


def comparison_svg(comparison: RunComparison) -> str:
    """Draw where each further plan has more racks than the first, and the causes if there are any."""
    first, *others = (Figures(run) for run in comparison.runs)
    letter, letters = comparison.letters[0], comparison.letters[1:]
    years = common_years(comparison.runs)
    panels: list[Picture | Html] = [
        difference_picture((first, other), (letter, one), years[-1])
        for one, other in zip(letters, others, strict=True)
        if years
    ]
    for split in comparison.splits:
        if split.method is not None:
            parts = [*zip(split.causes["cause"].astype(str), split.causes["musd"], strict=True)]
            rows = [
                (cause, ReportFigure.plain(float(musd), is_difference=True))
                for cause, musd in [*parts, ("together", split.musd)]
            ]
            panels.append(waterfall(f"{split.difference} by cause", "MUSD", rows))
    title = f"Comparison of {', '.join(run.label for run in comparison.runs)}"
    named = "; ".join(f"{one}: {run.label}" for one, run in zip(comparison.letters, comparison.runs, strict=True))
    return Drawing(title, named, panels, "no difference").svg()
