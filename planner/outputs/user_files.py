"""Which files of a folder dcplan wrote, and how finished ones get there without loss of any other.

Digests of what was written into a folder are in a hidden file there. All else is the planner's: a
command that would replace it is refused.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError, Problem
from planner.outputs.files import sha256_of
from planner.outputs.staging import locked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

LEDGER_FILE: Final = ".dcplan-written"
"""Holds the SHA-256 of every file that was written next to it."""
_SHA256: Final = re.compile("[0-9a-f]{64}")


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """List all that is in a folder, at any depth, with its name: a path with ``/``."""
    for home, folders, files in os.walk(folder):
        here = Path(home)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(links))
        empty = [] if folders or files or links or here == folder else [here]
        for path in (*empty, *(here / name for name in sorted([*files, *links]))):
            yield path.relative_to(folder).as_posix(), path


def is_one_of(path: Path, digests: Collection[str]) -> bool:
    """Whether a file has one of these SHA-256; a link or what cannot be read has none."""
    try:
        return not path.is_symlink() and path.is_file() and sha256_of(path) in digests
    except OSError:
        return False


def digests_in(folder: Path) -> set[str]:
    """Return the SHA-256 of all that dcplan wrote into a folder; none where it does not say."""
    try:  # earlier versions had a name with an ending
        texts = [path.read_text(encoding="utf-8") for path in folder.glob(f"{LEDGER_FILE}*")]
    except (OSError, ValueError):
        return set()
    return set(_SHA256.findall("\n".join(texts)))


def put_files(staged: Path, files: Sequence[Path], home: Path) -> list[Path]:
    """Move finished files to where they are to be, each whole: all, or none if one is in the way.

    A file that is there is replaced if dcplan wrote it and nobody has changed it since.
    """
    targets = {home / file.relative_to(staged): file for file in files}
    with locked(home):
        known = digests_in(home)
        new = {path: sha256_of(file) for path, file in targets.items()}
        if problems := [
            Problem(
                str(path),
                None,
                None,
                "the file was changed, or is not one that dcplan wrote: it is not replaced",
                "a new file, or one as dcplan wrote it",
                "move it away, or name another place with --output",
            )
            for path, digest in new.items()
            if os.path.lexists(path) and not is_one_of(path, known | {digest})
        ]:
            raise InputError(problems)
        with (home / LEDGER_FILE).open("a", encoding="utf-8") as ledger:  # first: killed meanwhile, both are known
            ledger.writelines(f"\n{digest}" for digest in sorted({*new.values()} - known))
        for path, file in targets.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            file.replace(path)
    return list(targets)
