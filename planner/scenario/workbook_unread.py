"""Sheets of a plan workbook that are not read, and look as if they were meant to be.

They are known by names like that of a sheet that is read, or like those of copies of it; by a name
that contains it, above half of its heads; or by all of its heads.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from planner.base.words import closest
from planner.scenario.tree import Place
from planner.scenario.workbook_cells import name_and_unit
from planner.scenario.workbook_layout import SETTING_HEADS, SETTINGS, own_sheets
from planner.tables import load_package
from planner.tables.workbook import WorkbookError, read_workbook

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from planner.base.errors import Problem

__all__ = ["unread_sheets"]

_SLIP: Final = 0.87
"""How alike two names are of which one is the other with a letter lost, doubled or swapped."""
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[^\W\d_a-zA-Z]+")
_ROWS_OF_HEADS: Final = 20
"""So many filled rows are searched for heads: notes may stand above them."""
_HEADS_FRAC: Final = 0.5
"""Share of its heads that a sheet needs if its name contains that of a table, an everyday word."""
_COPY: Final = re.compile(r"(?:copy\sof\s)?(?P<of>.+?)[\s_-]*(?:copy[\s_-]*\d*|(?:copy\s*)?\(\d+\))?", re.IGNORECASE)
"""What programs call a copy of a sheet."""


def unread_sheets(raw: bytes, path: Path, names: Collection[str], tables: Collection[str]) -> Iterator[Problem]:
    """Find sheets that are not read, and are called or headed like one that is."""
    known = [SETTINGS, *(own.name for own in own_sheets()), *tables]
    heads = _heads(tables)
    for name in [name for name in names if name not in known]:
        found = f"sheet {name!r} is not read"
        of_own = "give it another name"
        rows_of_heads = _first_rows(raw, name)
        meant = _meant(name, known) or _contained(name, rows_of_heads, heads)
        if meant is None:
            meant = _headed_like(rows_of_heads, heads)
            if meant is None:
                continue
            found += f", and has the heads of sheet {meant!r}"
            of_own = "give it other heads"
        if meant in names:
            fix = f"{meant!r} is there and is read: move rows over, and delete this one"
        else:
            fix = f"call it {meant!r}"
        fix += f", or {of_own} if it is a sheet of your own"
        place = Place(str(path), 1, 1, name)
        yield place.problem(found, "the name of a sheet that is", fix)


def _first_rows(raw: bytes, name: str) -> list[set[str]]:
    """Return what could be heads in the first filled rows of a sheet; none if it cannot be read."""
    try:
        rows = read_workbook(raw, name).rows
    except WorkbookError:  # of no matter: it is not read
        return []
    filled = [row for row in rows if any(cell != "" for cell in row)]
    return [
        {name_and_unit(cell.strip())[0] for cell in row if isinstance(cell, str)} for row in filled[:_ROWS_OF_HEADS]
    ]


def _meant(name: str, known: list[str]) -> str | None:
    """Return the sheet that is meant by a name alone, None if it is like none."""
    by_letters = {_letters(word): word for word in known}
    copied = _COPY.fullmatch(name.strip())
    if copied is not None and _letters(copied["of"]) in by_letters:
        return by_letters[_letters(copied["of"])]
    near = get_close_matches(_letters(name), by_letters, n=1, cutoff=_SLIP)
    if near:
        return by_letters[near[0]]
    if name.lower().startswith(SETTINGS.lower() + " "):
        return closest(name, known)
    return None


def _contained(name: str, rows: list[set[str]], heads: dict[str, frozenset[str]]) -> str | None:
    """Return the sheet whose name is in this one, above half of its heads; the longest of them."""
    words = f" {_words(name)} "
    found = (
        sheet
        for sheet, wanted in heads.items()
        if f" {_words(sheet)} " in words and any(len(wanted & row) >= _HEADS_FRAC * len(wanted) for row in rows)
    )
    return max(found, key=len, default=None)


def _letters(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().lower())


def _words(name: str) -> str:
    """Return the words of a name, with a space between two of them.

    >>> _words("racks (2)"), _words("oldRacks_2027"), _words("site-limits")
    ('racks 2', 'old racks 2027', 'site limits')
    """
    return " ".join(_WORD.findall(name)).lower()


def _heads(tables: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the heads without which a sheet cannot be read, by its name."""
    schemas = load_package().tables
    return {
        SETTINGS: frozenset(SETTING_HEADS),
        **{own.name: frozenset(column.name for column in own.columns) for own in own_sheets()},
        **{table: frozenset(one.name for one in schemas[table].fields if not one.may_be_absent) for table in tables},
    }


def _headed_like(rows: list[set[str]], heads: dict[str, frozenset[str]]) -> str | None:
    """Return the sheet of which this one has the heads; of several, the one with the most."""
    found = (sheet for sheet, wanted in heads.items() if any(wanted <= row for row in rows))
    return max(found, key=lambda sheet: len(heads[sheet]), default=None)
