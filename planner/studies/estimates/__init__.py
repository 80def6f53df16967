"""Which estimates decide: what moving a figure within its own low and high does to the cost."""

from planner.studies.estimates.estimates import estimates
from planner.studies.estimates.table import COLUMNS, Estimates

__all__ = ["COLUMNS", "Estimates", "estimates"]
