"""The workbook: a plan that a planner can read, print, and recompute when a price changes."""

from planner.outputs.xlsx.workbook import write_workbook

__all__ = ["write_workbook"]
