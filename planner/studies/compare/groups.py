"""Inputs of two runs in groups, and the scenarios between them with some groups changed."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from planner.base.errors import InputError
from planner.inputs import TABLES, inputs_without_notes
from planner.inputs.prepared import PreparedScenario, refuse_short_view
from planner.outputs.comparison.cells import tables_together
from planner.outputs.comparison.settings import ABSENT, SettingDifference, setting_differences
from planner.outputs.solver_files import scenario_of, scenario_of_merged, unreadable_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from planner.outputs.run import Run

__all__ = ["By", "InputGroup", "Mixture", "groups_of"]

By = Literal["auto", "key", "block"]
"""How settings are put into groups: one by one, by their block, or by what is few enough."""

_MOST_BY_KEY: Final = 8  # groups


@dataclass(frozen=True, eq=False)
class InputGroup:
    """Inputs that are changed together."""

    name: str  # what it is called
    settings: tuple[SettingDifference, ...] = ()  # settings of it
    tables: tuple[str, ...] = ()  # tables of it

    @property
    def inputs(self) -> str:
        """All of its inputs in words."""
        return ", ".join([*(one.name for one in self.settings), *(f"table {name}" for name in self.tables)])


def groups_of(first: Run, other: Run, by: By = "auto") -> list[InputGroup]:
    """Put the inputs in which two runs differ into groups."""
    settings = setting_differences([first, other])
    tables = [InputGroup(f"table {of[0]}", (), of) for of in tables_together(first, other)]
    by_key = [*_by_key(settings), *tables]
    if by == "key" or (by == "auto" and len(by_key) <= _MOST_BY_KEY):
        return by_key
    blocks: dict[str, list[SettingDifference]] = {}
    for one in settings:
        blocks.setdefault(one.keys[0], []).append(one)
    return [*(InputGroup(name, tuple(of)) for name, of in blocks.items()), *tables]


def _by_key(settings: Sequence[SettingDifference]) -> list[InputGroup]:
    follow: dict[str, list[SettingDifference]] = {}
    written: list[SettingDifference] = []
    for one in settings:
        if any(one.places):
            written.append(one)
        else:
            follow.setdefault(one.keys[0], []).append(one)
    groups = []
    for one in written:
        with_it = follow.pop(one.keys[0], [])
        name = f"{one.name} and what follows" if with_it else one.name
        groups.append(InputGroup(name, (one, *with_it)))
    return [*groups, *(InputGroup(block, tuple(of)) for block, of in follow.items())]


class Mixture:
    """Two runs, and the scenarios between them."""

    def __init__(self, first: Run, other: Run, groups: Sequence[InputGroup]) -> None:
        problems = [problem for run in (first, other) for problem in unreadable_tables(run)]
        if problems:
            raise InputError(problems)
        for run in (first, other):
            # Finds out that files it needs are gone or have changed.
            refuse_short_view(scenario_of(run))
        self._first, self._groups = first, tuple(groups)
        self._tables = [{name: run.inputs_tables[name] for name in TABLES} for run in (first, other)]

    def question(self, chosen: Iterable[int]) -> PreparedScenario:
        """Return the first run's question with some groups of inputs as the other run has them."""
        groups = [self._groups[at] for at in sorted(chosen)]
        merged = copy.deepcopy(dict(self._first.meta["merged"]))
        for one in (one for group in groups for one in group.settings):
            _put(merged, one.keys, one.values[1])
        tables: Mapping[str, pd.DataFrame] = {
            **self._tables[0],
            **{name: self._tables[1][name] for group in groups for name in group.tables},
        }
        scenario = scenario_of_merged(self._first, merged)
        return PreparedScenario(scenario, inputs_without_notes(scenario, tables))


def _put(merged: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    """Write a value at a key path; take the key out where there is none."""
    block = merged
    for key in keys[:-1]:
        block = block[key]
    if value is ABSENT:
        block.pop(keys[-1], None)
    else:
        block[keys[-1]] = copy.deepcopy(value)
