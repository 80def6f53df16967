"""Names of run folders, names and tags that a planner gives them, and JSON files that somebody may have edited."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from planner.base.errors import InputError, Problem
from planner.base.paths import device_problem, is_device_name
from planner.outputs.files import locked, whole_file
from planner.outputs.own_folder import LABELS_FILE, is_free_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


_NOT_PLAIN: Final = re.compile(r"[^a-z0-9._]+")
_DOTS: Final = re.compile(r"\.{2,}")

PLAIN_NAME: Final = r"[^\x00-\x1f\x7f-\x9f/\\:.][^\x00-\x1f\x7f-\x9f/\\:]*"
"""A single step of a path that is not hidden, as a regular expression."""


def plain_name(name: object, file: str) -> str:
    """Return the name of a run folder if it is one: a single step of a path, and not hidden.

    >>> plain_name("us-base-0123456789", "run.json")
    'us-base-0123456789'
    """
    if isinstance(name, str) and re.fullmatch(PLAIN_NAME, name):
        if is_device_name(name):
            raise InputError([device_problem(name, at=file)])
        return name
    problem = Problem.of(
        file,
        f"run is {name!r}",
        "the plain name of a folder, without separators, colons or a dot at its beginning",
        "put the name back as it was, or solve the scenario again",
    )
    raise InputError([problem])


def slug(name: str) -> str:
    """Return a name in lower-case letters, digits, single dots, underscores and hyphens.

    >>> slug("US base, Évry"), slug("../../etc/passwd"), slug("=1+1"), slug(".."), slug("Con!")
    ('us-base-evry', 'etc-passwd', '1-1', 'scenario', 'scenario')
    """
    return _plain_part(name) or "scenario"


def has_slug(name: str) -> bool:
    """Tell whether anything of a name is left in its slug.

    >>> [has_slug(name) for name in ("less land", "Évry", "???", "東京", "", "con")]
    [True, True, False, False, False, False]
    """
    return _plain_part(name) != ""


def _plain_part(name: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    part = _DOTS.sub(".", _NOT_PLAIN.sub("-", ascii_only.lower())).strip("-._")[:48].strip("-._")
    return "" if is_device_name(part) else part


def fingerprint(content: Mapping[str, object]) -> str:
    """Return ten digits that tell contents apart.

    >>> fingerprint({"a": 2, "b": 3}) == fingerprint({"b": 3, "a": 2})
    True
    """
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:10]


def folder_name(name: str, content: Mapping[str, object]) -> str:
    """Return the name of a run's folder: the same question gives the same name."""
    return f"{slug(name)}-{fingerprint({'name': name, **content})}"


def folder_of_file(file: Path, home: Path, entry_file: str) -> Path:
    """Return the folder of a study of a file, named as that, which no study of another file has."""
    named = slug(file.stem)
    folders = (home / (named if n == 1 else f"{named}-{n}") for n in itertools.count(1))
    return next(folder for folder in folders if is_free_for(file, folder / entry_file))


_LONGEST_SHOWN: Final = 60  # of a value that is shown


class Part(BaseModel):
    """A mapping of a file; keys that it does not name are left alone."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


Content = TypeVar("Content", bound=Part)


def _encodable(text: str) -> str:
    text.encode()  # what a terminal and a file can hold; an error of it is one of the value
    return text


Text = Annotated[str, AfterValidator(_encodable)]


def read_json(path: Path, model: type[Content]) -> Content:
    """Return what a file holds; an error of its values says all that is not as a model says."""
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict):
        raise ValueError(f"{shown(content)} has no keys")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        wrong = {}
        for one in error.errors(include_url=False, include_context=False):
            key = str(one["loc"][0])
            what_is = f"{key} is {shown(content[key])}" if key in content else f"{key} is missing"
            said = one["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            wrong[key] = f"{what_is}, must be {said if one['type'] != 'missing' else 'as dcplan writes it'}"
        raise ValueError("; ".join(wrong.values())) from error


def shown(value: object) -> str:
    """Return a value in ASCII, its beginning where it is long."""
    text = ascii(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


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
        raise InputError.at(path, f"cannot be read: {error}", must_be, _FIX) from error
    return RunLabels(raw.name, _sorted(raw.tags))


def change_tags(folder: Path, add: Iterable[str] = (), remove: Iterable[str] = ()) -> RunLabels:
    """Give a folder tags, or take some away, and return what it has then."""
    add, remove = list(add), list(remove)
    problems = [_not_text(tag, "tag") for tag in add if not _is_text(tag)]
    problems += [_with_comma(tag) for tag in add if _is_text(tag) and _SEPARATOR in tag]
    with locked(folder.parent):  # as writers of runs do, so that none is lost
        labels = read_labels(folder)
        there = f"there are: {', '.join(labels.tags)}" if labels.tags else "it has no tags"
        unknown = (tag for tag in remove if tag not in labels.tags)
        problems += [Problem.of(folder, f"it has no tag {tag!r}", "one of its tags", there) for tag in unknown]
        tags = _sorted({*labels.tags, *add} - set(remove))
        if len(tags) > _MOST_TAGS:
            problems += [Problem.of(folder, f"it would have {len(tags)} tags", f"at most {_MOST_TAGS}")]
        if problems:
            raise InputError(problems)
        return _write(folder, replace(labels, tags=tags))


def give_name(folder: Path, name: str) -> RunLabels:
    """Give a folder a name, or take it away with an empty one, and return what it has then."""
    if name and not _is_text(name):
        raise InputError([_not_text(name, "name")])
    if {"/", "\\"} & set(name):  # where a name is asked for, a path may be given
        what_is = "it looks like a path"
        raise InputError([Problem.of(f"name {name!r}", what_is, "a name without / and \\", "leave them out")])
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
    return Problem.of(f"{what} {shown(text)}", f"it is not a {what}", _TEXT, "take another one")


def _with_comma(tag: str) -> Problem:
    parts = [part.strip() for part in tag.split(_SEPARATOR) if part.strip()]
    fix = f"for several tags write {' '.join(map(repr, parts))}, with spaces between them"
    what_is, must_be = "it has a comma", "a tag without one, as lists put commas between tags"
    return Problem.of(f"tag {tag!r}", what_is, must_be, fix)
