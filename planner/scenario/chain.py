"""Find a scenario file, and read it with those it extends."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError, Problem
from planner.base.paths import SCENARIOS_DIR, is_file
from planner.base.words import did_you_mean
from planner.scenario.tree import Node, Place, show
from planner.scenario.workbook import read_plan_workbook
from planner.scenario.yaml12 import parse_with_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION: Final = 1
MOST_BYTES: Final = 2_000_000
"""Of a scenario file; a thousand sites of one's own take a tenth of it."""
MOST_WORKBOOK_BYTES: Final = 100_000_000
"""Of a plan workbook, which holds tables too."""
WORKBOOK: Final = ".xlsx"
ENDINGS: Final = (".yaml", ".yml", WORKBOOK)
"""Of files that are scenarios."""


@dataclass(frozen=True)
class SourceFile:
    """A scenario file as read."""

    path: Path  # the file
    tree: Node  # what is written in it
    sha256: str  # SHA-256 of the bytes that were parsed


def shipped_names() -> list[str]:
    """Return the names of the shipped scenarios in order."""
    return sorted(path.stem for path in SCENARIOS_DIR.glob("*.yaml"))


def find(path_or_name: str | Path) -> Path:
    """Return the file of a scenario."""
    if isinstance(path_or_name, Path) or is_path(path_or_name):
        return Path(path_or_name)
    shipped = _shipped(path_or_name)
    if not is_file(shipped):
        found = f"no shipped scenario is called {path_or_name!r}"
        raise InputError.at(path_or_name, found, "a name or a file", _name_fix(path_or_name, Path()))
    return shipped


def read_chain(path: Path) -> tuple[list[SourceFile], list[Problem]]:
    """Read a file, then the one it extends, and so on."""
    files: list[SourceFile] = []
    problems: list[Problem] = []
    next_file: Path | None = path
    place = Place(str(path))
    while next_file is not None:
        try:
            source, found = read_source(next_file, place)
        except InputError as error:
            problems.extend(error.problems)
            break
        files.append(source)
        tree = source.tree
        problems.extend(found)
        problems.extend(_version_problems(tree))
        next_file = None
        asked = tree.children.get("extends")
        if asked is not None:
            place = asked.place
            try:
                next_file = _parent(asked, [file.path for file in files])
            except InputError as error:
                problems.extend(error.problems)
    return files, problems


def read_source(path: Path, asked_at: Place, what: str = "scenario") -> tuple[SourceFile, list[Problem]]:
    """Read one file, and no other."""
    is_workbook = path.suffix.lower() == WORKBOOK
    most = MOST_WORKBOOK_BYTES if is_workbook else MOST_BYTES
    try:
        with path.open("rb") as file:  # no more of it than a scenario may have: it may never end
            raw = file.read(most + 1)
        text = "" if is_workbook else raw.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            found = f"byte {error.start + 1} of the file is not UTF-8"
            raise Place(str(path)).error(found, "text in UTF-8", "save the file as UTF-8") from error
        reason = getattr(error, "strerror", None) or str(error)
        found = f"the {what} {str(path)!r} cannot be read: {reason}"
        raise asked_at.error(found, "a file", "check the path") from error
    if len(raw) > most:
        found = f"the file has more than {most:,} bytes"
        raise Place(str(path)).error(found, f"a {what}", "put tables into data:")
    if is_workbook:
        tree, problems = read_plan_workbook(raw, path)
        return SourceFile(path, tree, hashlib.sha256(raw).hexdigest()), problems
    tree, wrong = parse_with_problems(text, str(path))
    if not isinstance(tree.value, dict):
        found = f"the file is {show(tree.value)}"
        raise InputError([*wrong, tree.place.problem(found, "a mapping of keys", "begin with 'version: 1'")])
    return SourceFile(path, tree, hashlib.sha256(raw).hexdigest()), [*wrong]


def _version_problems(tree: Node) -> list[Problem]:
    node = tree.children.get("version")
    if node is None:
        fix = f"begin with 'version: {VERSION}'"
        return [replace(tree.place, line=1, column=1).problem("version is missing", "given", fix)]
    if isinstance(node.value, bool) or node.value != VERSION:
        fix = "this program reads no other version of the format"
        return [node.place.problem(f"version is {show(node.value)}", str(VERSION), fix)]
    return []


def _parent(asked: Node, files: Sequence[Path]) -> Path:
    name = asked.value
    if not isinstance(name, str) or not name:
        found = f"extends is {show(name)}"
        raise asked.place.error(found, "one name or one path", "a scenario extends a single other one")
    if is_path(name):
        parent = Path(os.path.normpath(files[-1].parent / name))
    else:
        parent = _shipped(name)
        if not is_file(parent):
            found = f"extends is {name!r}, and no shipped scenario is called so"
            raise asked.place.error(found, "a shipped name or a path", _name_fix(name, files[-1].parent))
    if any(_is_same(parent, file) for file in files):
        found = f"extends goes in a circle: {' -> '.join(map(str, (*files, parent)))}"
        raise asked.place.error(
            found, "a scenario that does not extend this one in turn", "remove one of these extends"
        )
    return parent


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.resolve() == other.resolve()
    except (OSError, ValueError, RuntimeError):  # no path can be called so, or links in a circle
        return one == other


def is_path(text: str) -> bool:
    """Return whether a text names a file, not a shipped scenario."""
    return text.endswith(ENDINGS) or "/" in text or os.sep in text


def _shipped(name: str) -> Path:
    path = SCENARIOS_DIR / f"{name}.yaml"
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _name_fix(name: str, folder: Path) -> str:
    for ending in ENDINGS:
        if is_file(folder / f"{name}{ending}"):
            return f"for the file write '{name}{ending}'"
    return did_you_mean(name, shipped_names(), f"shipped are {', '.join(shipped_names())}")
