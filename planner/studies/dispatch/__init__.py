"""Operation: a plan run hour by hour with all hours in view, with few, and by rules."""

from planner.studies.dispatch.dispatch import Dispatch, dispatch, window_problems

__all__ = ["Dispatch", "dispatch", "window_problems"]
