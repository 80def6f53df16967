"""Families that are declared in one file each: what may be set, is read, decided, must hold, costs and is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from planner.families import heat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.family.declared import FamilyModule, SharedBy

__all__ = ["FAMILIES", "HEADINGS", "declared", "named"]

FAMILIES: Final[tuple[FamilyModule, ...]] = (heat,)
"""In the order of the paper."""


def named() -> Iterator[tuple[str, FamilyModule]]:
    """Go through the families with the name of each: a block of a scenario, a field of inputs and of the model."""
    return ((family.__name__.rsplit(".", 1)[-1], family) for family in FAMILIES)


def declared(part: str) -> Iterator[tuple[str, Any]]:
    """Go through what families declare of a part that not all have, with the name of each."""
    return ((name, getattr(family, part)) for name, family in named() if hasattr(family, part))


def _with_those_of_families(known: dict[str, SharedBy]) -> dict[str, SharedBy]:
    for _, heading in declared("HEADING"):
        before = list(known)[: list(known).index(heading.after) + 1]
        known = {**{name: known[name] for name in before}, heading.name: heading.shared_by, **known}
    return known


HEADINGS: Final[Mapping[str, SharedBy]] = _with_those_of_families(
    {
        "racks": "nameplate",
        "halls": "nameplate",
        "sites": "nameplate",
        "grid": "nameplate",
        "energy": "it energy",
        "own power": "it energy",
        "contracts": "it energy",
        "water and carbon": "it energy",
        "rent and unmet": "",
        "levers": "",
        "financing": "nameplate",
    }
)
"""Headings of the cost table in the order in which planners read them, and what lines are shared between workloads by;
"" for what own sites do not cause."""
