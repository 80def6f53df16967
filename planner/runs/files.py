"""Whether the tables of a run folder are still the files that were written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.check import Check
from planner.errors import Problem
from planner.outputs.files import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "FILES_HEADING",
    "FILES_RULE",
    "changed_files",
    "files_check",
    "files_problems",
    "hashes",
]

FILES_HEADING: Final = "Files"
"""What the rule is shown under."""
FILES_RULE: Final = "files_as_written"
"""Name of the rule."""


def hashes(folder: Path, within: tuple[str, ...]) -> dict[str, str]:
    """Return the SHA-256 of every table file of a run folder.

    Parameters
    ----------
    folder : Path
        The run folder.
    within : tuple of str
        Its folders of tables.

    Returns
    -------
    dict of str to str
        By path in the folder with ``/``, sorted.
    """
    paths = sorted(path for name in within for path in (folder / name).glob("*.parquet"))
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in paths}


def changed_files(written: Mapping[str, str], found: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files that differ, are gone or came later, sorted.

    Parameters
    ----------
    written, found : mapping of str to str
        SHA-256 by file, as ``run.json`` holds them and as the folder is now.
    """
    return tuple(sorted({name for name, _ in set(written.items()) ^ set(found.items())}))


def files_check(written: Mapping[str, str], changed: tuple[str, ...]) -> Check:
    """Return the rule that no table file was changed since it was written.

    Parameters
    ----------
    written : mapping of str to str
        As for `changed_files`.
    changed : tuple of str
        What it returns; `Check.place` names them all.
    """
    return Check(
        name=FILES_RULE,
        verified="Every table file has the SHA-256 that run.json holds since it was written.",
        ok=not changed,
        tested=len({*written, *changed}),
        broken=len(changed),
        worst=float(bool(changed)),
        unit="file",
        place=", ".join(changed),
        tolerance=0.0,
    )


def files_problems(folder: Path, changed: tuple[str, ...]) -> list[Problem]:
    """Return one problem for each changed file, for where the rules can not be tried at all."""
    return [
        Problem(
            str(folder / name),
            None,
            None,
            "the file is not the one that was written"
            if (folder / name).is_file()
            else "the file is gone",
            "one with the SHA-256 that run.json holds",
            "put the file back as it was, or solve the scenario again",
        )
        for name in changed
    ]
