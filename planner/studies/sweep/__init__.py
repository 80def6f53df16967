"""Many futures of one scenario: axes, samples and lists, solved side by side and kept."""

from planner.studies.sweep.futures import read_sweep
from planner.studies.sweep.solve_sweep import SweepProgress, SweepResult, run_sweep

__all__ = ["SweepProgress", "SweepResult", "read_sweep", "run_sweep", "sweep"]

sweep = run_sweep
"""`planner.sweep`."""
