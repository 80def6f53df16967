"""Runs: a solved scenario as a folder of plain files, and the catalogue of many folders."""

from planner.outputs.run import Run
from planner.runs.catalogue import find_run
from planner.runs.folder import load_run, save_run, write_run
from planner.runs.meta import run_of

__all__ = ["Run", "find_run", "load_run", "run_of", "save_run", "write_run"]
