"""From a scenario to a checked plan."""

from planner.studies.solve.checked_plan import solve

__all__ = ["solve"]
