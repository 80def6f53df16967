"""Near-optimal plans: how far they differ, and plans that differ most."""

from planner.studies.alternatives.alternatives import alternatives

__all__ = ["alternatives"]
