"""Names of run folders: a name is a user's text and must never become a path."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError, Problem
from planner.base.paths import device_problem, is_device_name
from planner.outputs.own_folder import is_free_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LONGEST_SLUG: Final = 48
_HASH_DIGITS: Final = 10
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
    problem = Problem(
        file,
        None,
        None,
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
    plain = _DOTS.sub(".", _NOT_PLAIN.sub("-", ascii_only.lower()))
    part = plain.strip("-._")[:_LONGEST_SLUG].strip("-._")
    return "" if is_device_name(part) else part


def fingerprint(content: Mapping[str, object]) -> str:
    """Return ten digits that tell contents apart.

    >>> fingerprint({"a": 2, "b": 3}) == fingerprint({"b": 3, "a": 2})
    True
    """
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_HASH_DIGITS]


def folder_name(name: str, content: Mapping[str, object]) -> str:
    """Return the name of a run's folder: the same question gives the same name."""
    return f"{slug(name)}-{fingerprint({'name': name, **content})}"


def folder_of_file(file: Path, home: Path, entry_file: str) -> Path:
    """Return the folder of a study of a file, named as that, which no study of another file has."""
    named = slug(file.stem)
    folders = (home / (named if n == 1 else f"{named}-{n}") for n in itertools.count(1))
    return next(folder for folder in folders if is_free_for(file, folder / entry_file))
