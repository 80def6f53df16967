"""Rules that exclude each other, in a planner's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.model import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["in_words"]

_SHOWN_PLACES: Final = 8


def in_words(names: Sequence[str]) -> list[str]:
    """Say which rules clash, and where.

    Parameters
    ----------
    names : sequence of str
        Rows and bounds as the program names them, ``block(label,label)``.

    Returns
    -------
    list of str
        One line for each rule: its name, what it asks for, and the places where it clashes,
        such as site and year.
    """
    rules = {
        block.name: block.doc.strip().splitlines()[0]
        for family in FAMILIES
        for block in family.CONSTRAINTS
    }
    places: dict[str, list[str]] = {}
    for name in names:
        block, opens, labels = name.partition("(")
        places.setdefault(block, []).append(opens + labels)
    lines = [_line(block, where, rules.get(block)) for block, where in places.items()]
    if len(names) == 1:
        lines.append(
            "It clashes with no other rule: the scenario leaves no decision that could meet it, "
            "as where users have no site within reach and may neither rent nor go unmet."
        )
    return lines


def _line(block: str, where: Sequence[str], rule: str | None) -> str:
    shown = " ".join(where[:_SHOWN_PLACES])
    more = f" and {len(where) - _SHOWN_PLACES} more" if len(where) > _SHOWN_PLACES else ""
    said = f"{block}: {rule}" if rule else block
    return f"{said} {shown}{more}".rstrip()
