"""Where the right side of a limit is set: a key of the scenario or a data table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from planner.limits.increments import site_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.inputs.prepared import PreparedScenario

__all__ = ["Place", "SetBy"]

Place: TypeAlias = Mapping[str, str]
"""Labels of a row, by axis."""


@dataclass(frozen=True)
class SetBy:
    """A setting or a data table that the right side of a limit comes from."""

    key: str  # key path with axes for labels, such as ``"sites.{site}.land_limit_mw"``, or ``"table NAME"``
    # what it is: words, or from question and place to words; None where it has no part
    now: str | Callable[[PreparedScenario, Place], str | None]

    def line(self, question: PreparedScenario, place: Place) -> str | None:
        """Say what it is and in which line it is written; None where it has no part in a row."""
        now = self.now if isinstance(self.now, str) else self.now(question, place)
        if now is None or self.key.startswith("table "):
            return now and f"{self.key}: {now}"
        keys = tuple(part.format(**place) for part in self.key.split("."))
        if keys[0] == "sites":
            keys = site_key(question.scenario, keys[1], keys[2])
        return f"{'.'.join(keys)}: {now} ({_written(question, keys)})"


def _written(question: PreparedScenario, keys: tuple[str, ...]) -> str:
    """Return file and line of a key, or that it is not written."""
    tree = question.scenario.tree
    for key in keys:
        if key not in tree.children:
            return "not written: a default, or from a table"
        tree = tree.children[key]
    file, line, _ = question.scenario.place_of(keys)
    return f"{file}:{line}" if line is not None else file
