"""Plots of a run as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.plots.catalogue import PLOTS, draw

if TYPE_CHECKING:
    from pathlib import Path

    from planner.outputs.run import Run

__all__ = ["write_plots"]

_OF_MANY: Final = ("comparison", "fan", "frontier", "sensitivity")


def write_plots(run: Run, folder: Path, ending: str) -> list[Path]:
    """Write every plot of one run as a file: map-<year> for each model year, the others once."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in PLOTS:
        if name == "map":
            drawings = {f"map-{year}": draw("map", run, year=year) for year in run.years}
        elif name in _OF_MANY:
            continue
        else:
            drawings = {name: draw(name, run)}
        written += [drawing.write(folder / f"{file}.{ending}") for file, drawing in drawings.items()]
    return written
