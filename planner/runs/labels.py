"""Name and tags that a planner gives a run, a sweep or a study: a small file in its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field

from planner.base.errors import InputError, Problem
from planner.outputs.files import whole_file
from planner.outputs.folder_kinds import LABELS_FILE
from planner.outputs.staging import locked
from planner.runs.json_files import Part, read_json, shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LONGEST: Final = 80  # characters
_MOST_TAGS: Final = 100
_SEPARATOR: Final = ","  # between tags, where they are listed
_TEXT: Final = f"1 to {_LONGEST} printable characters, without spaces at its ends"
_FIX: Final = "put it right, or delete the file: dcplan runs tag and dcplan runs name write it"


def _text(text: str) -> str:
    if not _is_text(text):
        raise ValueError(_TEXT)
    return text


class _Labels(Part):
    """What the file may hold; nothing else."""

    model_config = ConfigDict(extra="forbid")
    name: Literal[""] | Annotated[str, AfterValidator(_text)] = ""
    tags: list[Annotated[str, AfterValidator(_text)]] = Field(default_factory=list, max_length=_MOST_TAGS)


@dataclass(frozen=True)
class RunLabels:
    """What a planner calls a folder."""

    name: str = ""  # empty for none
    tags: tuple[str, ...] = ()  # sorted, each once


def read_labels(folder: Path) -> RunLabels:
    """Read name and tags of a folder; one without the file has none."""
    path = folder / LABELS_FILE
    try:
        raw = read_json(path, _Labels)
    except FileNotFoundError:
        return RunLabels()
    except (OSError, ValueError, RecursionError) as error:
        must_be = f"a name and a list of at most {_MOST_TAGS} tags, each {_TEXT}"
        raise InputError([Problem(str(path), None, None, f"cannot be read: {error}", must_be, _FIX)]) from error
    return RunLabels(raw.get("name", ""), _sorted(raw.get("tags", ())))


def change_tags(folder: Path, add: Iterable[str] = (), remove: Iterable[str] = ()) -> RunLabels:
    """Give a folder tags, or take some away, and return what it has then."""
    add, remove = list(add), list(remove)
    problems = [_not_text(tag, "tag") for tag in add if not _is_text(tag)]
    problems += [_with_comma(tag) for tag in add if _is_text(tag) and _SEPARATOR in tag]
    with locked(folder.parent):  # as writers of runs do, so that none is lost
        labels = read_labels(folder)
        there = f"there are: {', '.join(labels.tags)}" if labels.tags else "it has no tags"
        problems += [
            Problem(str(folder), None, None, f"it has no tag {tag!r}", "one of its tags", there)
            for tag in remove
            if tag not in labels.tags
        ]
        tags = _sorted({*labels.tags, *add} - set(remove))
        if len(tags) > _MOST_TAGS:
            what_is = f"it would have {len(tags)} tags"
            problems += [Problem(str(folder), None, None, what_is, f"at most {_MOST_TAGS}", "")]
        if problems:
            raise InputError(problems)
        return _write(folder, replace(labels, tags=tags))


def give_name(folder: Path, name: str) -> RunLabels:
    """Give a folder a name, or take it away with an empty one, and return what it has then."""
    if name and not _is_text(name):
        raise InputError([_not_text(name, "name")])
    if {"/", "\\"} & set(name):  # where a name is asked for, a path may be given
        what_is = "it looks like a path"
        must_be = "a name without / and \\"
        raise InputError([Problem(f"name {name!r}", None, None, what_is, must_be, "leave them out")])
    with locked(folder.parent):
        return _write(folder, replace(read_labels(folder), name=name))


def _write(folder: Path, labels: RunLabels) -> RunLabels:
    """Write the file, or remove it where nothing is left to say."""
    path = folder / LABELS_FILE
    if labels == RunLabels():
        path.unlink(missing_ok=True)
        return labels
    text = json.dumps({"name": labels.name, "tags": labels.tags}, ensure_ascii=False, indent=2)
    with whole_file(path) as partial:
        partial.write_text(f"{text}\n", encoding="utf-8")
    return labels


def _is_text(value: object) -> bool:
    is_short = isinstance(value, str) and 0 < len(value) <= _LONGEST
    return is_short and str(value).isprintable() and value == str(value).strip()


def _sorted(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(tags)))


def _not_text(text: str, what: str) -> Problem:
    return Problem(f"{what} {shown(text)}", None, None, f"it is not a {what}", _TEXT, "take another one")


def _with_comma(tag: str) -> Problem:
    parts = [part.strip() for part in tag.split(_SEPARATOR) if part.strip()]
    fix = f"for several tags write {' '.join(map(repr, parts))}, with spaces between them"
    what_is, must_be = "it has a comma", "a tag without one, as lists put commas between tags"
    return Problem(f"tag {tag!r}", None, None, what_is, must_be, fix)
