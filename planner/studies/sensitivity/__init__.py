"""Which inputs decide: figures of the data moved between their low and high, one or all at once."""

from planner.studies.sensitivity.study import sensitivity

__all__ = ["sensitivity"]
