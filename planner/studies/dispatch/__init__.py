"""Operation: a plan run hour by hour with all hours in view, with few, and by rules."""

from planner.studies.dispatch.days_error import DaysError, days_error
from planner.studies.dispatch.dispatch import Dispatch, dispatch, window_problems

__all__ = ["DaysError", "Dispatch", "days_error", "dispatch", "window_problems"]
