"""One cell of a plan workbook to a value of a scenario, by what the schema admits there."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, get_origin

from planner.base.errors import InputError
from planner.scenario.keys import choices, kinds
from planner.scenario.tree import Node, Place
from planner.scenario.values import Block
from planner.scenario.yaml12 import parse, scalar

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

__all__ = ["admits_list", "admits_mapping", "value_of"]

_EXACT: Final = 2.0**53
"""Up to it a number of a spreadsheet is a whole one."""


def admits_list(field: FieldInfo) -> bool:
    """Return whether a list may be written there."""
    return any(get_origin(kind) is tuple for kind in kinds(field.annotation))


def admits_mapping(field: FieldInfo) -> bool:
    """Return whether a mapping or block may be written there."""
    return any(
        get_origin(kind) is Mapping or (get_origin(kind) is None and issubclass(kind, Block))
        for kind in kinds(field.annotation)
    )


def value_of(cell: Any, field: FieldInfo | None, place: Place) -> Node:
    """Return what a cell says."""
    if isinstance(cell, str):
        return _of_text(cell, field, place)
    value = _plain(cell)
    if field is None or isinstance(value, bool):
        return Node(value, place)
    every = _kinds(field)
    if isinstance(cell, datetime.date | datetime.time) and {int, float} & set(every):
        fix = "write the number, and format the cell as one"
        raise InputError([place.problem(f"a date, {value}", "a number", fix)])
    if isinstance(value, str):
        return Node(value, place)
    if every and all(kind is str for kind in every):  # a title or an id that is a number
        return Node(str(value), place)
    is_alone = not choices(field.annotation) and all(get_origin(kind) is tuple for kind in every)
    return Node((Node(value, place, place),), place) if every and is_alone else Node(value, place)


def _kinds(field: FieldInfo) -> list[Any]:
    """Return the kinds of value a setting admits, that it may be null apart."""
    return [kind for kind in kinds(field.annotation) if kind is not NoneType]


def _plain(cell: Any) -> bool | int | float | str:
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, int | float):
        is_whole = abs(cell) < _EXACT and float(cell).is_integer()
        return int(cell) if is_whole else float(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat()
    return str(cell)


def _of_text(text: str, field: FieldInfo | None, place: Place) -> Node:
    shown = text.strip()
    words = choices(field.annotation) if field else ()
    if field is None or shown in words:
        return Node(shown, place)
    is_list, is_mapping = admits_list(field), admits_mapping(field)
    if shown == "null" and NoneType in kinds(field.annotation):
        return Node(None, place)
    if is_mapping and (shown.startswith("{") or ":" in shown or not is_list):
        return _yaml(shown if shown.startswith("{") else f"{{{shown}}}", place)
    if is_list:
        if ";" in shown and not set(shown) & set("[\"'"):
            what_is, must_be = f"{shown!r} has semicolons", "words separated by commas"
            raise InputError([place.problem(what_is, must_be, "write commas in their place")])
        return _yaml(shown if shown.startswith("[") else f"[{shown}]", place)
    if bool in _kinds(field) and isinstance(scalar(shown), bool):
        return Node(scalar(shown), place)
    return Node(text, place)


def _yaml(text: str, place: Place) -> Node:
    try:
        return _placed(parse(text, place.file), place)
    except InputError as error:
        found = error.problems[0].what_is.removeprefix("this is not YAML: ")
        fix = "put quotes around a word with special signs; see 'Read me'"
        what_is = f"the list cannot be read: {found}"
        must_be = "words or numbers with commas between them, key: value where there are keys"
        raise InputError([place.problem(what_is, must_be, fix)]) from error


def _placed(node: Node, place: Place) -> Node:
    if isinstance(node.value, Mapping):
        entries = {key: _placed(below, place) for key, below in node.value.items()}
        return Node(entries, place, place)
    if isinstance(node.value, tuple):
        return Node(tuple(_placed(below, place) for below in node.value), place, place)
    return replace(node, place=place, key_place=place)
