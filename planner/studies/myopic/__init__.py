"""What foresight is worth: a plan that sees the whole horizon, and plans decided year by year."""

from planner.studies.myopic.myopic import Decides, Myopic, myopic

__all__ = ["Decides", "Myopic", "myopic"]
