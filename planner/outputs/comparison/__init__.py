"""What differs between runs, as tables: settings, cells of input tables, results side by side."""

from planner.outputs.comparison.comparison import InputDifference, setting_differences, table_differences
from planner.outputs.measures import side_by_side

__all__ = ["InputDifference", "setting_differences", "side_by_side", "table_differences"]
