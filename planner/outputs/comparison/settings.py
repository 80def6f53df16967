"""Settings in which runs differ, key by key, with the file and line of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from planner.scenario.keys import is_by_year

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.outputs.run import Run

__all__ = ["ABSENT", "SettingDifference", "setting_differences", "setting_text"]

ABSENT: Final = object()
"""What a run has at a key that its scenario does not have at all."""

_OF_NO_PLAN: Final = frozenset({"version", "title", "question", "data"})
"""Keys that say nothing of the plan; tables of one's own are compared by what they hold."""


@dataclass(frozen=True, eq=False)
class SettingDifference:
    """A key at which the merged scenarios of runs are not the same."""

    keys: tuple[str, ...]  # path to the key; a path by year and a list are one value
    values: tuple[Any, ...]  # what each run has there; `ABSENT` where it has no such key
    places: tuple[str | None, ...]  # where each was written, as ``file:line``; None for a default

    @property
    def name(self) -> str:
        """The key as in ``--set``."""
        return ".".join(self.keys)


def setting_differences(runs: Sequence[Run]) -> list[SettingDifference]:
    """Find the settings in which runs differ."""
    settings = [{key: value for key, value in run.meta["merged"].items() if key not in _OF_NO_PLAN} for run in runs]
    return [
        SettingDifference(keys, values, tuple(_place(run, keys) for run in runs))
        for keys, values in _walk(settings, ())
    ]


def setting_text(value: Any) -> str:
    """Write the value of a setting for people.

    >>> setting_text({"2027": 30.0}), setting_text("tiny"), setting_text(None)
    ('{"2027": 30.0}', 'tiny', 'default')
    """
    if value is None:
        return "default"
    if value is ABSENT:
        return "not set"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _walk(settings: Sequence[Any], way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[Any, ...]]]:
    """Yield the key paths at which settings differ, and what each has there."""
    if all(of == settings[0] for of in settings[1:]):
        return
    are_blocks = all(isinstance(of, dict) for of in settings)
    if not are_blocks or (way and is_by_year(way)):
        yield way, tuple(settings)
        return
    for key in dict.fromkeys(key for of in settings for key in of):
        yield from _walk([of.get(key, ABSENT) for of in settings], (*way, str(key)))


def _place(run: Run, keys: tuple[str, ...]) -> str | None:
    """Return where a key was written; of a block or a list the first place in it."""
    written, name = run.meta["written"], ".".join(keys)
    if name in written:
        return str(written[name])
    within = (place for key, place in written.items() if key.startswith(f"{name}."))
    found = next(within, None)
    return None if found is None else str(found)
