"""Which shipped scenario a run starts from, and what of it is not as shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from planner.base.paths import DATA_DIR, SCENARIOS_DIR, is_file
from planner.outputs.files import sha256_of
from planner.runs.settings import LEFT_OUT, changed_settings, only_written, own_files, set_over_files, shortened
from planner.scenario import load_scenario
from planner.scenario.chain import shipped_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from planner.scenario import Scenario

__all__ = ["from_shipped"]

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
    differs = {
        **only_written(changed_settings(here, there), scenario, shipped),
        **dict(_files_that_differ(scenario, shipped, sha256)),
        **of_data,
    }
    return {"scenario": name, "differs": differs}


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
