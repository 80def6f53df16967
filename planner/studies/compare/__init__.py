"""What differs between runs and why: the difference in cost split by cause."""

from planner.studies.compare.compared_runs import compare, with_splits
from planner.studies.compare.split import split_by_cause

__all__ = ["compare", "split_by_cause", "with_splits"]
