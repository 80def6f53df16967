"""What differs between runs and why: the difference in cost split by cause."""

from planner.studies.compare.compare import compare, split_by_cause, with_splits

__all__ = ["compare", "split_by_cause", "with_splits"]
