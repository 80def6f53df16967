"""How a run differs from the scenario of its name, and from the shipped one it starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from planner.base.words import some

if TYPE_CHECKING:
    from collections.abc import Mapping

START: Final = "Shipped scenario it starts from"
"""In front of what `from_shipped_words` says."""
_UNKNOWN: Final = "unknown, as run.json does not say"
_NAMED: Final = 3  # settings


@dataclass(frozen=True)
class FromShipped:
    """How a run differs from a shipped scenario: by files that extend it, command line or study."""

    scenario: str | None  # the shipped scenario; None for a run that starts from none
    # settings and tables that are not those of that scenario, with their values; without one, what the command line or
    # a study changes
    differs: Mapping[str, str]

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> FromShipped | None:
        """Return what ``run.json`` says; None where it does not, as of an earlier version."""
        said = meta.get("from_shipped")
        return None if said is None else cls(said["scenario"], dict(said["differs"]))


def from_shipped_words(start: FromShipped | None) -> str:
    """Say which shipped scenario a run starts from and what it has otherwise.

    >>> from_shipped_words(FromShipped("tiny", {"rent.allow": "true", "data.sites": "my.csv"}))
    'tiny with rent.allow=true, data.sites=my.csv'
    >>> from_shipped_words(FromShipped("tiny", {}))
    'tiny, unchanged'
    """
    if start is None:
        return _UNKNOWN
    return f"{start.scenario}{with_differences(start.differs) or ', unchanged'}"


def is_said_by_name(scenario: str, differs: Mapping[str, str], start: FromShipped | None) -> bool:
    """Return whether name and `differs` say it all.

    They do for a run of a shipped scenario itself, and for one that starts from none.
    """
    if start is None:
        return False
    if start.scenario is None:
        return True
    if start.scenario != scenario:
        return False
    return start.differs.keys() <= differs.keys()


def with_differences(differs: Mapping[str, str]) -> str:
    """Say what differs from a scenario, to be put behind its name or title.

    >>> with_differences({"years": "[2025, 2027]", "rent.allow": "false"})
    ' with years=[2025, 2027], rent.allow=false'
    """
    return f" with {settings_words(differs)}" if differs else ""


def settings_words(differs: Mapping[str, str]) -> str:
    """List settings with their values, the first few of many."""
    return some([f"{key}={value}" for key, value in differs.items()], _NAMED)
