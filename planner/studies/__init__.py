"""What is done with the model: solve a scenario and check the plan."""

from planner.studies.run import solve

__all__ = ["solve"]
