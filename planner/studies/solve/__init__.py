"""From a scenario to a checked plan."""

from planner.studies.solve.run import solve

__all__ = ["solve"]
