"""Which estimates decide: what moving a figure within its own low and high does to the cost."""

from planner.studies.estimates.estimates import estimates
from planner.studies.estimates.table import COLUMNS, Estimates
from planner.studies.estimates.with_estimates import has_estimates, try_estimates

__all__ = [
    "COLUMNS",
    "Estimates",
    "estimates",
    "has_estimates",
    "try_estimates",
]
