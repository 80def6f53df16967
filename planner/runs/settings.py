"""What a scenario says as a run stores it: whole, where each setting was written, and what differs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planner.base.paths import DATA_DIR, SCENARIOS_DIR, is_file
from planner.outputs.files import sha256_of
from planner.scenario import load_scenario
from planner.scenario.chain import shipped_names
from planner.scenario.load import CHANGED
from planner.scenario.schema import OWN_FILES
from planner.scenario.tree import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from planner.scenario import Scenario
    from planner.scenario.tree import Keys, Node

LEFT_OUT: Final = "left out"
"""In place of the value of a setting or table that another scenario has and this one has not."""

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
    """Say which settings of a scenario are not those that its name stands for."""
    if scenario.name not in shipped_names():
        return set_over_files(scenario)
    is_shipped = scenario.source_files[:1] == (SCENARIOS_DIR / f"{scenario.name}.yaml",)
    if is_shipped and not _set_paths(scenario):
        return {}
    shipped = load_scenario(scenario.name)
    return only_written(changed_settings(merged(scenario), merged(shipped)), scenario, shipped)


def set_over_files(scenario: Scenario) -> dict[str, str]:
    """Return what the command line or a study sets in a scenario, shortened to be read."""
    here = dict(_leaves(merged(scenario)))
    paths = [_leaf(tuple(map(str, keys)), here) for keys in _set_paths(scenario)]
    return {".".join(keys): shortened(here[keys]) for keys in paths if keys in here}


def _set_paths(scenario: Scenario) -> list[Keys]:
    return [keys for keys, place in _places(scenario.tree) if place.startswith(("--set", CHANGED))]


def changed_settings(here: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings of a scenario that are not those of another, shortened to be read.

    >>> changed_settings({"cap": {"2027": 40.5}, "allow": True}, {"cap": 38.0, "allow": True})
    {'cap.2027': '40.5'}
    >>> changed_settings({"cap": None}, {"cap": {"2027": 40.5}, "tax": 12.5})
    {'cap': 'null', 'tax': 'left out'}
    """
    ours, theirs = dict(_leaves(here)), dict(_leaves(there))
    our_blocks, their_blocks = _blocks(ours), _blocks(theirs)
    other = {keys: one for keys, one in ours.items() if one != theirs.get(keys) or keys in their_blocks}
    changed = {".".join(keys): shortened(one) for keys, one in other.items()}
    for keys, value in theirs.items():
        # What is a value in one and a block in the other is listed as it is in the first.
        is_other = keys in our_blocks or any(keys[:n] in ours for n in range(1, len(keys) + 1))
        if value is not None and not is_other:
            changed[".".join(keys)] = LEFT_OUT
    return changed


def only_written(changed: Mapping[str, str], *scenarios: Scenario) -> dict[str, str]:
    """Leave out what no file and no option says: defaults that follow from a changed setting."""
    said = [f"{key}." for scenario in scenarios for key in written(scenario)]

    def is_written(key: str) -> bool:
        return any(f"{key}.".startswith(of) or of.startswith(f"{key}.") for of in said)

    return {key: value for key, value in changed.items() if is_written(key)}


def in_short(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return value by dotted key of settings within settings, shortened to be read.

    >>> in_short({"demand": {"unmet": "allow"}, "years": [2027, 2029]})
    {'demand.unmet': 'allow', 'years': '[2027, 2029]'}
    """
    return {".".join(keys): shortened(value) for keys, value in _leaves(settings)}


def _places(node: Node) -> Iterator[tuple[Keys, str]]:
    """Yield key path and place of every value that is written."""
    for keys, below in walk(node):
        if keys and not below.children and not any(isinstance(key, int) for key in keys):
            file, line, _ = replace(below.place, file=Path(below.place.file).name).spot
            yield keys, file if line is None else f"{file}:{line}"


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


def _blocks(leaves: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Return the key paths that lead to more keys."""
    return {keys[:length] for keys in leaves for length in range(1, len(keys))}


def shortened(value: object) -> str:
    """Return a value as text, its beginning where it is long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


# --- from a shipped scenario -------------------------------------------------------------------

_DATA: Final = "data"


def from_shipped(scenario: Scenario, sha256: Mapping[Path, str], moved: Mapping[str, str]) -> dict[str, Any] | None:
    """Say how a scenario differs from the shipped one that it starts from."""
    if not scenario.source_sha256:
        return None
    name = _start(scenario)
    of_data = {f"{_DATA}.{figure}": shortened(value) for figure, value in moved.items()}
    if name is None:
        return {"scenario": None, "differs": {**set_over_files(scenario), **of_data}}
    shipped = load_scenario(name)
    here, there = (_without_files(one) for one in (scenario, shipped))
    settings = only_written(changed_settings(here, there), scenario, shipped)
    return {"scenario": name, "differs": {**settings, **dict(_files_that_differ(scenario, shipped, sha256)), **of_data}}


def _start(scenario: Scenario) -> str | None:
    """Return the nearest scenario of a chain of files that ships; a name alone makes no start."""
    names = shipped_names()
    for path, sha256 in zip(scenario.source_files, scenario.source_sha256, strict=True):
        shipped = SCENARIOS_DIR / f"{path.stem}.yaml"
        if path.stem not in names or path.name != shipped.name:
            continue
        # On the worker of a cluster the path is that of another machine; a copy may be read too.
        if path.resolve() == shipped or sha256_of(shipped) == sha256:
            return path.stem
    return None


def _without_files(scenario: Scenario) -> dict[str, Any]:
    settings = scenario.merged()
    del settings[_DATA]
    for block, key in _files(scenario):
        if block != _DATA:
            del settings[block][key]
    return settings


def _files(scenario: Scenario) -> dict[tuple[str, str], Path]:
    """Return tables of one's own and other files, with their full paths."""
    tables = {(_DATA, table): path.resolve() for table, path in scenario.data_files.items()}
    return {**tables, **dict(own_files(scenario))}


def _files_that_differ(scenario: Scenario, shipped: Scenario, sha256: Mapping[Path, str]) -> Iterator[tuple[str, str]]:
    here, there = _files(scenario), _files(shipped)
    for keys in {**here, **there}:
        block, name = keys
        of_data = DATA_DIR / f"{name}.csv" if block == _DATA else None
        own, usual = here.get(keys), there.get(keys, of_data)
        if own == usual:
            continue
        if own is None:
            yield f"{block}.{name}", LEFT_OUT
        elif usual is None or not is_file(usual) or sha256.get(own) != sha256_of(usual):
            yield f"{block}.{name}", shortened(own.name)
