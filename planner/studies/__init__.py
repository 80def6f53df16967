"""What is done with the model: solve a scenario and check the plan."""

from planner.studies.run import Plan, solve

__all__ = ["Plan", "solve"]
