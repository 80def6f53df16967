"""Reading ``run.json``: whatever it holds, it is either whole or refused with every problem."""

from __future__ import annotations

import json
import math
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError, Problem
from planner.outputs.folder_kinds import META_FILE
from planner.runs.meta import READABLE_FORMATS
from planner.runs.names import plain_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = ["read_meta"]

_MOST_BYTES: Final = 1 << 26  # us-base has 60 thousand


def read_meta(folder: Path) -> dict[str, Any]:
    """Read ``run.json`` of a run folder."""
    path = folder / META_FILE
    fix = "give a folder that dcplan solve has written; dcplan runs list names them"
    try:
        if not path.is_file():
            found = "not a run folder"
            raise InputError([Problem(str(folder), None, None, found, f"one with {META_FILE}", fix)])
        if path.stat().st_size > _MOST_BYTES:
            found = f"the file has {path.stat().st_size:,} bytes"
            raise InputError([Problem(str(path), None, None, found, "as dcplan writes it", fix)])
        meta = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        found = f"cannot be read: {error}"
        raise InputError([Problem(str(path), None, None, found, "JSON", fix)]) from error
    again = "solve the scenario again with this version"
    known = meta.get("format") if isinstance(meta, dict) else None
    if known not in READABLE_FORMATS:
        found = f"format is {known!r}: the run is of another version of dcplan"
        raise InputError([Problem(str(path), None, None, found, " or ".join(map(str, READABLE_FORMATS)), again)])
    problems = [
        Problem(str(path), None, None, found, expected, "put it back as it was, or solve again")
        for found, expected in _problems(meta)
    ]
    if problems:
        raise InputError(problems)
    plain_name(meta["run"], str(path))
    return dict(meta)


def _problems(meta: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, (is_right, expected) in _KEYS.items():
        if key not in meta and key in _LATER:
            continue
        if key not in meta:
            yield f"{key} is missing", expected
        elif not is_right(meta[key]):
            yield f"{key} is {_short(meta[key])}", expected


def _short(value: object) -> str:
    shown = ascii(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _is_text(value: object) -> bool:
    """Whether it is text that a terminal and a file can hold."""
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _is_text_or_none(value: object) -> bool:
    return value is None or _is_text(value)


def _is_time(value: object) -> bool:
    try:
        return _is_text(value) and datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _is_number_or_none(value: object) -> bool:
    return value is None or _is_number(value)


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_mapping_of(is_right: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, dict) and all(map(_is_text, value)) and all(map(is_right, value.values()))


def _is_check(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("ok"), bool)
        and isinstance(value.get("rules"), int)
        and _is_list_of_text(value.get("broken"))
    )


def _is_data_file(value: object) -> bool:
    return (
        isinstance(value, dict)
        and _is_text(value.get("file"))
        and isinstance(value.get("shipped"), bool)
        and _is_text(value.get("sha256"))
    )


def _are_versions(value: object) -> bool:
    return isinstance(value, dict) and "dcplan" in value and _is_mapping_of(_is_text)(value)


def _is_from_shipped(value: object) -> bool:
    return value is None or (
        isinstance(value, dict)
        and _is_text_or_none(value.get("scenario", False))
        and _is_mapping_of(_is_text)(value.get("differs"))
    )


def _are_files(value: object) -> bool:
    """Whether it names files inside the folder, each with its hash."""
    return isinstance(value, dict) and _is_mapping_of(_is_text)(value) and all(_is_inside(name) for name in value)


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    is_plain = "\0" not in name and "\\" not in name
    return is_plain and not path.is_absolute() and ".." not in path.parts


def _is_year_or_none(value: object) -> bool:
    return value is None or type(value) is int


_KEYS: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    "sha256": (_are_files, "the SHA-256 of every file of the folder, by its name"),
    "run": (_is_text, "the name of the run folder"),
    "scenario": (_is_text, "the name of the scenario"),
    "title": (_is_text_or_none, "text or null"),
    "question": (_is_text_or_none, "text or null"),
    "created": (_is_time, "a time with its zone, such as 2026-01-31T12:00:00+00:00"),
    "status": (_is_text, "text"),
    "objective_musd": (_is_number_or_none, "a number or null"),
    "bound_musd": (_is_number_or_none, "a number or null"),
    "gap_frac": (_is_number_or_none, "a number or null"),
    "orders_held_before": (_is_year_or_none, "a year or null"),
    "check": (_is_check, "ok, rules and broken of the check"),
    "notes": (_is_list_of_text, "a list of texts"),
    "seconds": (_is_mapping_of(_is_number), "seconds by stage"),
    "versions": (_are_versions, "versions by package, dcplan among them"),
    "data": (_is_mapping_of(_is_data_file), "file, shipped and sha256 of every table"),
    "differs": (_is_mapping_of(_is_text), "value by setting that differs from the scenario"),
    "from_shipped": (_is_from_shipped, "null, or scenario and differs: a shipped one or null, and value by setting"),
    "written": (_is_mapping_of(_is_text), "file and line by setting"),
    "merged": (lambda value: isinstance(value, dict), "the merged scenario"),
}
"""What readers of a run count on, in words of a message."""

_LATER: Final = frozenset({"differs", "from_shipped", "orders_held_before"})
"""Keys that runs of an earlier version do not have."""
