"""Changes given on the command line as `--set key=value`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from planner.base.errors import InputError
from planner.scenario.tree import Node, Place, assign
from planner.scenario.yaml12 import parse

__all__ = ["with_override"]

_EXAMPLE = "for example operator.demand_share_frac=0.2"


def with_override(tree: Node, override: str) -> Node:
    """Return a scenario tree with one change."""
    place = Place(f"--set {override}")
    key_path, equals, text = override.partition("=")
    keys = tuple(part.strip() for part in key_path.split("."))
    if not equals or not all(keys):
        raise InputError([place.problem("no key and value are there", "key=value", _EXAMPLE)])
    if keys[0] in ("extends", "version"):
        fix = "write it into a file"
        raise InputError([place.problem(f"{keys[0]} is set", "a setting", fix)])
    value = _placed(_value(text, place), place)
    try:
        return assign(tree, keys, replace(value, key_place=place))
    except LookupError as error:
        problem = place.problem(f"the key leads nowhere: {error.args[0]}", "a key", _EXAMPLE)
        raise InputError([problem]) from error


def _value(text: str, place: Place) -> Node:
    if not text.strip():
        return Node(None, place)
    try:
        return parse(text, place.file)
    except InputError as error:
        # Lines and columns of a value on the command line help nobody.
        problems = [replace(problem, line=None, column=None) for problem in error.problems]
        raise InputError(problems) from error


def _placed(node: Node, place: Place) -> Node:
    if isinstance(node.value, Mapping):
        entries = {key: _placed(below, place) for key, below in node.value.items()}
        return Node(entries, place, place)
    if isinstance(node.value, tuple):
        return Node(tuple(_placed(below, place) for below in node.value), place, place)
    return Node(node.value, place, place)
