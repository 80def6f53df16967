"""Whether the files of a run folder are still those that were written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.errors import Problem
from planner.check import CheckResult
from planner.outputs.files import sha256_of
from planner.outputs.folder_kinds import META_FILE
from planner.outputs.user_files import files_in, is_as_written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["EDITABLE", "FILES_HEADING", "FILES_RULE", "changed_files", "files_check", "files_problems", "hashes"]

FILES_HEADING: Final = "Files"
"""What the rule is shown under."""
FILES_RULE: Final = "files_as_written"
"""Name of the rule."""


EDITABLE: Final = frozenset({"plan.xlsx", "report.html", "solve.log"})
"""Files that a planner may change: no rule is about them."""


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a run folder but ``run.json``, which holds them."""
    named = {name: path for name, path in files_in(folder) if path.is_file()}
    files = {name: path for name, path in named.items() if name != META_FILE}
    return {name: sha256_of(path) for name, path in sorted(files.items())}


def changed_files(written: Mapping[str, str], folder: Path, within: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files that differ, are gone or came later, sorted."""
    judged = {name: digits for name, digits in written.items() if name not in EDITABLE}
    differ = {name for name, it in judged.items() if not is_as_written(folder / name, it)}
    there = {path for name in within for path in (folder / name).glob("*.parquet")}
    came = {path.relative_to(folder).as_posix() for path in there} - written.keys()
    return tuple(sorted(differ | came))


def files_check(written: Mapping[str, str], changed: tuple[str, ...]) -> CheckResult:
    """Return the rule that no table file was changed since it was written."""
    return CheckResult(
        name=FILES_RULE,
        verified="Every file has the SHA-256 that run.json states, and run.json its own.",
        ok=not changed,
        tested=len({*written, META_FILE, *changed} - EDITABLE),
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
            "the file is not the one that was written" if (folder / name).is_file() else "the file is gone",
            "one with the SHA-256 that run.json holds",
            "put the file back as it was, or solve the scenario again",
        )
        for name in changed
    ]
