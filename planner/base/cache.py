"""What was computed once, and what was read for it."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

if TYPE_CHECKING:
    from collections.abc import Callable

# --- The user's cache folder: what is in it may be deleted at any time, and nothing is lost -------
#
# `DCPLAN_CACHE` names another folder, or `off`.


def cache_folder(name: str) -> Path | None:
    """Return the folder of one kind of what is cached; None where nothing is to be."""
    asked = os.environ.get("DCPLAN_CACHE", "")
    if asked == "off":
        return None
    try:
        return (Path(asked) if asked else user_cache_path("dcplan", appauthor=False)) / name
    except RuntimeError:  # no home folder
        return None


# --- Copies of dataclasses that note which of their fields are read -------------------------------


def recording_reads(thing: Any, note: Callable[[str], None]) -> Any:
    """Return a thing of a dataclass that notes which of its fields are read.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Site:
    ...     mw: float
    ...     pue: float
    ...     name: str
    ...
    ...     @property
    ...     def meter_mw(self) -> float:
    ...         return self.mw * self.pue
    >>> seen = []
    >>> recording_reads(Site(7.0, 1.2, "north"), seen.append).meter_mw, seen
    (8.4, ['mw', 'pue'])
    """
    cls = type(thing)
    names = frozenset(field.name for field in fields(thing))

    def read(self: object, name: str) -> Any:
        if name in names:
            note(name)
        return object.__getattribute__(self, name)

    copy: Any = object.__new__(type(cls.__name__, (cls,), {"__getattribute__": read}))
    own = object.__getattribute__(copy, "__dict__")
    # What a cached property holds is left behind, so that it reads again.
    own.update({name: value for name, value in vars(thing).items() if name in names})
    return copy
