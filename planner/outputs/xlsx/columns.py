"""Columns that only the workbook has."""

from __future__ import annotations

from typing import Final

from planner.tables.descriptor import Field

__all__ = ["SITE_NAME", "number", "text", "whole"]


def text(name: str, about: str) -> Field:
    """Return a column of labels."""
    return Field(name, "string", about, required=True)


def whole(name: str, unit: str, about: str) -> Field:
    """Return a column of integers."""
    return Field(name, "integer", about, unit, required=True)


def number(name: str, unit: str, about: str, *, missing: bool = False) -> Field:
    """Return a column of numbers; `missing` says that a cell may be nan."""
    return Field(name, "number", about, unit, required=not missing)


SITE_NAME: Final = text("site_name", "Name of the site")
