"""Results: the plan as tidy tables with one documented schema."""

from planner.results.schema import TABLES
from planner.results.store import Results, from_parquet, to_parquet

__all__ = ["TABLES", "Results", "from_parquet", "to_parquet"]
