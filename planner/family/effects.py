"""When a setting has an effect: what a key says of itself by marks on its type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from planner.family.values import Flag


@dataclass(frozen=True)
class SwitchesBlock:
    """Marks the key without which the others of its block have no effect."""


@dataclass(frozen=True)
class ByYear:
    """Marks a path by year that is not read as straight lines in the model years alone."""

    held: bool = False  # whether each figure holds until the next, instead of straight lines between them
    paid_at_start: bool = False  # whether it is read where service begins, which may be after the last model year


@dataclass(frozen=True)
class OnlyWith:
    """Marks a key that has no effect without another one of its block."""

    key: str  # the other key
    value: str | bool | None = None  # what it must be; None: it must be given
    why: str = ""  # why there is no effect; empty: that the other key is what it is
    fix: str = ""  # what to do about it, other than to remove the key; empty: nothing else


SWITCH: Final = SwitchesBlock()
HELD: Final = ByYear(held=True)
PAID_AT_START: Final = ByYear(paid_at_start=True)
Switch: TypeAlias = Annotated[Flag, SWITCH]
"""Whether there is what its block is about at all."""
