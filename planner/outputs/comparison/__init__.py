"""What differs between runs, as tables: settings, cells of input tables, results side by side."""

from planner.outputs.comparison.cells import CellDifference, TableDifference, table_differences
from planner.outputs.comparison.measures import side_by_side
from planner.outputs.comparison.settings import SettingDifference, setting_differences

__all__ = [
    "CellDifference",
    "SettingDifference",
    "TableDifference",
    "setting_differences",
    "side_by_side",
    "table_differences",
]
