"""Which estimates decide: what moving a figure within its own low and high does to the cost."""

from planner.studies.estimates.estimates import COLUMNS, Estimates, estimates

__all__ = ["COLUMNS", "Estimates", "estimates"]
