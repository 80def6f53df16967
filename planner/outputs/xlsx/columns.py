"""Columns that only the workbook has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.tables.descriptor import Field

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.xlsx.book import Book

__all__ = ["SITE_NAME", "number", "text", "whole", "with_site_names"]


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


def with_site_names(book: Book, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with column `site` and the name of each site next to it."""
    names = book.run.sites.set_index("site")["name"]
    return frame.assign(site_name=frame["site"].map(names).astype("str"))
