"""What files and folders in the folder of a study are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "FRONTIER_FILE",
    "FUTURES_FOLDER",
    "OF_WHAT",
    "RUNS_FOLDER",
    "STOCHASTIC_FILE",
    "STUDY_FILES",
    "SWEEP_FILE",
]

SWEEP_FILE: Final = "sweep.json"
"""Says in the folder of a sweep what is swept."""
FRONTIER_FILE: Final = "frontier.json"
STOCHASTIC_FILE: Final = "stochastic.json"
FUTURES_FOLDER: Final = "futures"
"""Folder of the files of single futures of a sweep."""
RUNS_FOLDER: Final = "runs"
"""Folder of the runs that a study keeps."""
OF_WHAT: Final = ("tornado", "morris", "sobol")
"""Which inputs decide, each asked of an output."""
STUDY_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    **{kind: (f"{kind}.json", f"{kind}-*.json") for kind in OF_WHAT},
    "stochastic": (STOCHASTIC_FILE,),
    "frontier": (FRONTIER_FILE,),
    "alternatives": ("alternatives.json",),
    "sweep": (SWEEP_FILE,),
    "stress": ("stress_year.parquet",),
    "dispatch": ("dispatch.parquet",),
    "days_error": ("days_error.parquet",),
}
"""Files that say what is in a folder, as patterns, by kind of study.

What decides is solved as a sweep in the same folder, and may be asked of several outputs there.
"""
