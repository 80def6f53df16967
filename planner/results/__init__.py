"""Results: the plan as tidy tables with one documented schema."""

from planner.results.schema import TABLES
from planner.results.store import from_parquet, to_parquet
from planner.results.types import Results

__all__ = ["TABLES", "Results", "from_parquet", "to_parquet"]
