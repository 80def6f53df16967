"""A scenario and tables as one workbook to edit, which every command reads as a scenario."""

from planner.outputs.plan_workbook.write import FIRST_TABLES, write_plan_workbook

__all__ = ["FIRST_TABLES", "write_plan_workbook"]
