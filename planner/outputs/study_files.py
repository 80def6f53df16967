"""What files and folders in the folder of a study are called."""

from __future__ import annotations

from typing import Final

__all__ = ["FRONTIER_FILE", "FUTURES_FOLDER", "RUNS_FOLDER", "STOCHASTIC_FILE", "SWEEP_FILE"]

SWEEP_FILE: Final = "sweep.json"
"""Says in the folder of a sweep what is swept."""
FRONTIER_FILE: Final = "frontier.json"
STOCHASTIC_FILE: Final = "stochastic.json"
FUTURES_FOLDER: Final = "futures"
"""Folder of the files of single futures of a sweep."""
RUNS_FOLDER: Final = "runs"
"""Folder of the runs that a study keeps."""
