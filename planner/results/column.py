"""What a documented result table is made of: columns with a type, a unit and a meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DUST", "Column", "Dtype", "Table", "flag", "number", "text", "whole"]

Dtype = Literal["str", "int64", "float64", "bool"]

DUST = 1e-7
"""Decisions smaller than this, in the unit of their column, are numerical dust of the solver:
they are written as 0, and rows of nothing but dust are left out where the table says so."""


@dataclass(frozen=True)
class Column:
    """One column of a result table.

    Parameters
    ----------
    name : str
        Its name, which ends in its unit.
    dtype : {"str", "int64", "float64", "bool"}
        Type of every cell.
    unit : str
        Unit, ``"-"`` for a pure number or share, empty for labels.
    about : str
        What it means.
    may_be_missing : bool
        Whether a cell may be nan; never said of labels.
    """

    name: str
    dtype: Dtype
    unit: str
    about: str
    may_be_missing: bool = False


@dataclass(frozen=True)
class Table:
    """One result table: what a row is, which columns name it, and all columns in order.

    Parameters
    ----------
    name : str
        Name of the table and of its file.
    about : str
        What a row is, and which rows are left out.
    key : tuple of str
        Columns that together name a row; no two rows share them.
    columns : tuple of Column
        All columns, keys first.
    """

    name: str
    about: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def values(self) -> tuple[Column, ...]:
        """The columns that do not name the row."""
        return tuple(column for column in self.columns if column.name not in self.key)

    def column(self, name: str) -> Column:
        """Return one column by its name.

        Raises
        ------
        KeyError
            If the table has no such column.
        """
        return {column.name: column for column in self.columns}[name]


def text(name: str, about: str) -> Column:
    """Return a column of labels."""
    return Column(name, "str", "", about)


def whole(name: str, unit: str, about: str) -> Column:
    """Return a column of whole numbers."""
    return Column(name, "int64", unit, about)


def number(name: str, unit: str, about: str, *, missing: bool = False) -> Column:
    """Return a column of numbers; `missing` says that a cell may be nan."""
    return Column(name, "float64", unit, about, missing)


def flag(name: str, about: str) -> Column:
    """Return a column of truth values."""
    return Column(name, "bool", "", about)
