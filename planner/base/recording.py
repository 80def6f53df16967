"""Copies of dataclasses that note which of their fields are read."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["recording_reads"]


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
