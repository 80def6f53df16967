"""From what a user types to a run folder."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError, Problem
from planner.base.paths import is_file
from planner.base.words import some
from planner.outputs.differences import with_differences
from planner.outputs.folder_kinds import META_FILE
from planner.runs.catalogue import read_runs
from planner.scenario.chain import shipped_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.runs.catalogue import Entry

_NAMED: Final = 3  # runs


def find_run(text: str, runs_dir: Path) -> Path:
    """Find a run.

    `text`: Path of a run folder; or, in `runs_dir`, its name, the name that a planner gave it, the beginning of
    its name that no other has, or the name of a scenario, whose latest run without changed settings is meant.
    """
    path = Path(text)
    if _is_run(path):
        return path
    entries = read_runs(runs_dir).entries
    named = [entry for entry in entries if text and text == entry.name]
    if len(named) > 1 and all(text != entry.run for entry in entries):
        raise InputError([_of_one_name(text, runs_dir, named)])
    of_scenario = [entry for entry in entries if text == entry.scenario]
    unchanged = [entry for entry in of_scenario if not entry.differs]
    meant = [entry for entry in entries if text == entry.run] or named or unchanged
    if meant:
        return runs_dir / max(meant, key=lambda entry: entry.created).run
    if of_scenario:
        raise InputError([_only_changed(text, runs_dir, of_scenario)])
    beginning = [entry.run for entry in entries if text and entry.run.startswith(text)]
    if len(beginning) == 1:
        return runs_dir / beginning[0]
    if text and _is_run(runs_dir / text):  # one that cannot be read: opening it says why
        return runs_dir / text
    raise InputError([_not_one(text, runs_dir, beginning, [entry.run for entry in entries])])


def is_unsolved(text: str, runs_dir: Path) -> bool:
    """Return whether a text names a scenario, and no run: there is none of it yet."""
    if _is_run(Path(text)) or not _is_scenario(text):
        return False
    return not any(
        text in {entry.scenario, entry.name} or entry.run.startswith(text) for entry in read_runs(runs_dir).entries
    )


def try_name(name: str, folder: Path, runs_dir: Path) -> None:
    """Find out whether a folder can be given a name that means it and nothing else."""
    what_is = ""
    entries = read_runs(runs_dir).entries
    others = [entry for entry in entries if not _is_same(runs_dir / entry.run, folder)]
    if _is_scenario(name) or any(name == entry.scenario for entry in entries):
        what_is = "a scenario has this name"
    elif any(name in {entry.run, entry.name} for entry in others) or _is_run(Path(name)):
        what_is = "another run has this name"
    if what_is:
        fix = "take another one"
        raise InputError([Problem(f"name {name!r}", None, None, what_is, "one of its own", fix)])


def _of_one_name(name: str, runs_dir: Path, entries: Sequence[Entry]) -> Problem:
    """Say that two folders have one name, as where one was copied."""
    there_are = some([entry.run for entry in entries], _NAMED)
    what_is = f"{len(entries)} runs have the name {name!r}"
    fix = f"give the folder ({there_are}), or another name: dcplan runs name"
    return Problem(str(runs_dir), None, None, what_is, "one run", fix)


def _only_changed(scenario: str, runs_dir: Path, entries: Sequence[Entry]) -> Problem:
    """Say that a scenario was only solved with changed settings."""
    there_are = some([f"{e.run}{with_differences(e.differs)}" for e in entries], _NAMED, between="; ")
    return Problem(
        str(runs_dir),
        None,
        None,
        f"{scenario} was solved with changed settings only",
        "a run of it as it is",
        f"name the run you mean ({there_are}), or solve it: dcplan solve {shlex.quote(scenario)}",
    )


def _not_one(text: str, runs_dir: Path, beginning: list[str], runs: list[str]) -> Problem:
    """Say why a text names no run, and what would."""
    there_are = f"there are: {', '.join(beginning or runs)}"
    if beginning:
        what_is = f"{len(beginning)} runs begin with {text!r}"
        return Problem(str(runs_dir), None, None, what_is, "one run", there_are)
    fix = there_are if runs else "solve a scenario first"
    if text and _is_folder(Path(text)):
        what_is, must_be = f"the folder has no {META_FILE}", "a run folder"
        fix = f"give a folder that dcplan solve has written; {fix}"
        return Problem(text, None, None, what_is, must_be, fix)
    if _is_scenario(text):
        what_is = f"no run of scenario {text!r}: it was not solved yet, or not by this version"
        fix = f"solve it first: dcplan solve {shlex.quote(text)}"
        return Problem(str(runs_dir), None, None, what_is, "one run", fix)
    return Problem(str(runs_dir), None, None, f"no run {text!r}", "one run", fix)


def _is_run(path: Path) -> bool:
    """Whether it is a run folder, readable or not; a name that no file can have is none."""
    return is_file(path / META_FILE)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _is_scenario(text: str) -> bool:
    """Whether it is the name of a scenario that dcplan ships, or a scenario file."""
    path = Path(text)
    if path.suffix in {".yaml", ".yml"}:
        return is_file(path)
    return text in shipped_names()


def _is_same(path: Path, other: Path) -> bool:
    return path.resolve() == other.resolve()
