"""A scenario with some settings changed, by keys and values instead of the text of `--set`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from pydantic import ValidationError

from planner.base.errors import InputError
from planner.scenario.contradictions import contradictions
from planner.scenario.messages import problems_of
from planner.scenario.schema import Scenario
from planner.scenario.tree import Node, Place, assign, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CHANGED", "Setting", "with_settings"]

Value: TypeAlias = str | int | float | bool | tuple[str, ...] | Mapping[int, float] | None

CHANGED: Final = "changed setting"
"""Where a setting is written that a study has changed, in place of a file."""
_PLACE: Final = Place(CHANGED)


@dataclass(frozen=True)
class Setting:
    """A key of a scenario and a value for it.

    >>> str(Setting(("carbon", "cap_kt"), {2027: 40.5, 2028: 38.0}))
    'carbon.cap_kt={2027: 40.5, 2028: 38}'
    """

    keys: tuple[str, ...]  # way to the key, such as ``("sites", "us-va-ashburn", "land_limit_mw")``
    value: Value  # what it is to be

    def __str__(self) -> str:
        """Return it as after ``--set``; an id with a dot can only be written into a file."""
        return f"{'.'.join(self.keys)}={_as_yaml(self.value)}"


def with_settings(scenario: Scenario, settings: Sequence[Setting]) -> Scenario:
    """Return a scenario in which some settings have other values."""
    tree = scenario.tree
    for setting in settings:
        tree = assign(tree, setting.keys, _node(setting.value))
    try:
        bare = Scenario.model_validate(plain(tree))
    except ValidationError as error:
        raise InputError(problems_of(error, tree)) from error
    made = bare.written_in(scenario.name, scenario.source_files, tree, scenario.source_sha256)
    problems = contradictions(made)
    if problems:
        raise InputError(problems)
    return made


def _node(value: Value) -> Node:
    if isinstance(value, Mapping):
        return Node({str(key): _node(below) for key, below in value.items()}, _PLACE, _PLACE)
    if isinstance(value, tuple):
        return Node(tuple(_node(below) for below in value), _PLACE, _PLACE)
    return Node(value, _PLACE, _PLACE)


def _as_yaml(value: Value) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_as_yaml(below)}" for key, below in value.items()) + "}"
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    if isinstance(value, float):
        return f"{value:.10g}"
    return value if isinstance(value, str) else json.dumps(value)
