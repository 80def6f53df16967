"""Rules that exclude each other, in a planner's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.model import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["in_words"]


def in_words(names: Sequence[str]) -> list[str]:
    """Say what each clashing row or bound asks for.

    Parameters
    ----------
    names : sequence of str
        Rows and bounds as the program names them, ``block(label,label)``.

    Returns
    -------
    list of str
        The name, and the rule it stands for.
    """
    rules = {
        block.name: block.doc.strip().splitlines()[0]
        for family in FAMILIES
        for block in family.CONSTRAINTS
    }
    return [_with_rule(name, rules) for name in names]


def _with_rule(name: str, rules: dict[str, str]) -> str:
    rule = rules.get(name.partition("(")[0])
    return f"{name}: {rule}" if rule else name
