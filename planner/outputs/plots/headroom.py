"""What the grid can still take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.outputs.labels import DisplayNames
from planner.outputs.plots.drawing import COLOURS, REST, amounts, model_year, plain, say_instead, sheet

if TYPE_CHECKING:
    from planner.outputs.plots.drawing import Drawing
    from planner.outputs.run import Run

__all__ = ["draw_headroom"]

_ROW: Final = 0.3  # inch
_PARTS: Final = (
    ("committed_mw", "promised before", COLOURS[3]),
    ("new_firm_mw", "new, firm", COLOURS[0]),
    ("new_non_firm_mw", "new, non-firm", COLOURS[5]),
    ("spare_mw", "spare", REST),
)


def draw_headroom(run: Run, year: int | None = None) -> Drawing:
    """Draw what each zone's headroom is used for, at the rate that leaves least spare. [MW]"""
    year = model_year(run, year)
    table = run.tables["headroom"]
    of_year = table[table["year"] == year].sort_values("spare_mw").drop_duplicates("zone")
    of_year = of_year.sort_values("limit_mw")
    rows = np.arange(len(of_year))
    size = (8.4, max(2.4, 1.5 + _ROW * len(rows)))
    about = f"Headroom of grid zones for new connections, {year}; in bold: nothing is spare"
    with sheet(run.title, about, size=size) as (drawing, (axes,)):
        if not len(rows):
            say_instead(axes, "no zone has a limit")
            return drawing
        left = np.zeros(len(rows))
        for column, label, colour in _PARTS:
            wide = of_year[column].to_numpy(dtype=float)
            if wide.any():
                axes.barh(rows, wide, 0.7, left=left, color=colour, label=label)
            left = left + wide
        labels = DisplayNames(run)
        axes.set_yticks(rows, [plain(labels.zone(str(zone))) for zone in of_year["zone"]])
        for text, binds in zip(axes.get_yticklabels(), of_year["binds"], strict=True):
            text.set_fontweight("bold" if binds else "normal")
        axes.grid(visible=False, axis="y")
        amounts(axes, "MW", axis="x")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))  # beside: a bar may be anywhere
    return drawing
