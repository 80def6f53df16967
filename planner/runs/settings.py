"""What a scenario says as a run stores it: whole, where each setting was written, what differs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planner.base.paths import SCENARIOS_DIR
from planner.scenario import load_scenario
from planner.scenario.chain import shipped_names
from planner.scenario.change import CHANGED
from planner.scenario.schema import OWN_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.scenario import Scenario
    from planner.scenario.tree import Keys, Node

__all__ = ["differences", "in_short", "merged", "own_files", "written"]

_SET: Final = "--set"
_ABOUT: Final = ("version", "title", "question")  # say nothing of what is planned
_LONGEST_VALUE: Final = 40  # characters


def merged(scenario: Scenario) -> dict[str, Any]:
    """Return the scenario with full paths, so that it means the same wherever it is read."""
    settings = scenario.merged()
    settings["data"] = {table: str(path.resolve()) for table, path in scenario.data_files.items()}
    for keys, path in own_files(scenario):
        settings[keys[0]][keys[1]] = str(path)
    return settings


def own_files(scenario: Scenario) -> Iterator[tuple[tuple[str, str], Path]]:
    """Name the files that are no tables of the data, with their full paths."""
    for keys in OWN_FILES:
        path = scenario.file_at(keys)
        if path is not None:
            yield keys, path.resolve()


def written(scenario: Scenario) -> dict[str, str]:
    """Return file and line, or cell, of every setting that is not a default."""
    return {".".join(map(str, keys)): place for keys, place in _places(scenario.tree)}


def differences(scenario: Scenario) -> dict[str, str]:
    """Say which settings of a scenario are not those that its name stands for.

    Parameters
    ----------
    scenario : Scenario
        As loaded.

    Returns
    -------
    dict of str to str
        Value by dotted key, shortened to be read. The name of a shipped scenario stands for that
        scenario as it ships; any other for its file, without what the command line or a study
        sets.
    """
    by_command = [
        keys for keys, place in _places(scenario.tree) if place.startswith((_SET, CHANGED))
    ]
    if scenario.name not in shipped_names():
        here = dict(_leaves(merged(scenario)))
        paths = [_leaf(tuple(map(str, keys)), here) for keys in by_command]
        return {".".join(keys): _short(here[keys]) for keys in paths if keys in here}
    is_shipped = scenario.source_files[:1] == (SCENARIOS_DIR / f"{scenario.name}.yaml",)
    if is_shipped and not by_command:
        return {}
    here, there = (dict(_leaves(merged(one))) for one in (scenario, load_scenario(scenario.name)))
    return {
        ".".join(keys): _short(here.get(keys))
        for keys in {**here, **there}
        if here.get(keys) != there.get(keys)
    }


def in_short(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return value by dotted key of settings within settings, shortened to be read.

    Examples
    --------
    >>> in_short({"demand": {"unmet": "allow"}, "years": [2027, 2029]})
    {'demand.unmet': 'allow', 'years': '[2027, 2029]'}
    """
    return {".".join(keys): _short(value) for keys, value in _leaves(settings)}


def _places(node: Node, keys: Keys = ()) -> Iterator[tuple[Keys, str]]:
    """Yield key path and place of every value that is written."""
    for key, below in node.children.items():
        if below.children:
            yield from _places(below, (*keys, key))
        else:
            file, line, _ = replace(below.place, file=Path(below.place.file).name).spot
            yield (*keys, key), file if line is None else f"{file}:{line}"


def _leaves(settings: Mapping[str, Any], keys: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Yield the key path of every value that is no mapping, and the value."""
    for key, value in settings.items():
        if not keys and key in _ABOUT:
            continue
        if isinstance(value, dict):
            yield from _leaves(value, (*keys, str(key)))
        else:
            yield (*keys, str(key)), value


def _leaf(keys: tuple[str, ...], leaves: Mapping[tuple[str, ...], Any]) -> tuple[str, ...]:
    """Return the key path of the whole list that an entry is in."""
    while keys and keys not in leaves:
        keys = keys[:-1]
    return keys


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
