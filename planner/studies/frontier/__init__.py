"""Trade-offs: the least cost for each level of something else."""

from planner.studies.frontier.frontier import frontier

__all__ = ["frontier"]
