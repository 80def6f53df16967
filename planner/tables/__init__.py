"""Tables on disk: what ships, what each column means, and strict reading."""

from planner.tables.descriptor import Package, TableSchema, load_package
from planner.tables.read import read_table, read_tables, read_with_hashes, right_tables

__all__ = ["Package", "TableSchema", "load_package", "read_table", "read_tables", "read_with_hashes", "right_tables"]
