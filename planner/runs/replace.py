"""A finished run folder takes its place; what a planner put into the one before goes with it.

1. What dcplan did not write as it stands is linked from the folder before into the new one.
2. The folder before is renamed to ``.replaced-...``, the new one to its name.
3. The folder before becomes ``.leftover-...`` and is emptied: a file that dcplan wrote is
   deleted, any other one only where the new folder holds it as well; else it is moved there.

Killed anywhere, the next writer goes on from what it finds. Two writers at once wait for each
other; on a file system without locks each rename either succeeds or finds the other's folder
and begins again.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from planner.outputs.files import PARTIAL
from planner.outputs.folder_kinds import META_FILE
from planner.outputs.staging import locked, new_token, sweep
from planner.outputs.user_files import Kept, files_in, keep, place_for
from planner.runs.names import PLAIN_NAME, plain_name
from planner.runs.written import names_as_written, planners_files, written_names

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["put_run", "remove_runs", "tidy"]

_REPLACED: Final = ".replaced-"
_LEFTOVER: Final = ".leftover-"
_ASIDE: Final = re.compile(rf"(\.replaced-|\.leftover-)[0-9a-f]{{12}}-({PLAIN_NAME})")
_TRIES: Final = 1_000


def put_run(partial: Path, folder: Path) -> list[Kept]:
    """Give a finished run folder its name."""
    home = folder.parent
    with locked(home):
        _recover(home)
        for _ in range(_TRIES):
            if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
                message = "a file or a link is in the place of the run folder"
                raise FileExistsError(errno.EEXIST, message, str(folder))
            kept = _carry(folder, partial) if folder.exists() else []
            before = _set_aside(folder)
            if _has_taken_its_name(partial, folder, before):
                if before is not None:
                    _settle(before, folder)
                return kept
    message = "other programs keep putting folders there"
    raise FileExistsError(errno.EEXIST, message, str(folder))


def remove_runs(home: Path, names: list[str]) -> dict[str, list[str]]:
    """Delete run folders, unless they hold files of the planner's."""
    refused = {}
    with locked(home):
        for name in names:
            folder = home / plain_name(name, str(home))
            if folder.is_symlink() or not folder.is_dir():
                continue
            files = planners_files(folder)
            if files:
                refused[name] = files
                continue
            leftover = home / f"{_LEFTOVER}{new_token()}-{name}"
            folder.rename(leftover)
            _empty(leftover, folder, with_exports=True)
    return refused


def tidy(home: Path) -> None:
    """Finish what writers that were killed have begun in a folder of run folders."""
    if any(path.name.startswith((PARTIAL, _REPLACED, _LEFTOVER)) for path in home.glob(".*")):
        with locked(home):
            sweep(home)
            _recover(home)


def _set_aside(folder: Path) -> Path | None:
    """Rename a run folder so that its name is free; None where there is none."""
    before = folder.with_name(f"{_REPLACED}{new_token()}-{folder.name}")
    try:
        return folder.rename(before)
    except FileNotFoundError:
        return None


def _has_taken_its_name(partial: Path, folder: Path, before: Path | None) -> bool:
    """Rename; where another writer was quicker, what was set aside goes to its folder."""
    try:
        partial.rename(folder)
    except BaseException as error:
        if before is not None:
            if folder.exists():
                _settle(before, folder)
            else:
                before.rename(folder)
        if isinstance(error, OSError) and folder.exists() and partial.exists():
            return False
        raise
    return True


def _carry(before: Path, new: Path) -> list[Kept]:
    """Let the new folder hold what of the one before is the planner's."""
    as_written = names_as_written(before, with_exports=False)
    own = [(name, path) for name, path in files_in(before) if name not in as_written]
    stays = _stays(before, new)
    kept = []
    # What may stay where it is goes first: a file of kept/ is not moved by one that joins it.
    for name, path in sorted(own, key=lambda item: not stays(item[0])):
        target = place_for(path, name, new, in_place=stays(name))
        keep(path, target)
        kept.append(Kept(name, target.relative_to(new).as_posix()))
    return kept


def _stays(before: Path, new: Path) -> Callable[[str], bool]:
    """Return what says whether a file keeps its name.

    A changed one of dcplan's, or one next to its tables, must not be taken for one of the new run.
    """
    written = written_names(before)
    folders = {name.partition("/")[0] for name in written_names(new)}
    return lambda name: name not in written and name.partition("/")[0] not in folders


def _settle(before: Path, new: Path) -> None:
    """Empty a folder that was replaced."""
    leftover = before.with_name(before.name.replace(_REPLACED, _LEFTOVER, 1))
    with suppress(OSError):  # what cannot be emptied now is left to the next writer
        before.rename(leftover)
        _empty(leftover, new, with_exports=False)


def _empty(leftover: Path, new: Path, *, with_exports: bool) -> None:
    """Delete what dcplan wrote; of all else keep one in the other folder."""
    as_written = names_as_written(leftover, with_exports=with_exports)
    stays = _stays(leftover, new)
    # Last of all goes run.json, which knows what dcplan wrote.
    for name, path in sorted(files_in(leftover), key=lambda item: item[0] == META_FILE):
        with suppress(FileNotFoundError):  # another writer is at it too
            if path.is_dir() and not path.is_symlink():
                continue
            if name not in as_written:
                target = place_for(path, name, new, in_place=stays(name))
                if not os.path.lexists(target):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    path.rename(target)
                    continue
            path.unlink()
    for home, _, _ in os.walk(leftover, topdown=False):
        with suppress(OSError):
            Path(home).rmdir()


def _recover(home: Path) -> None:
    """Put back or empty the folders that a killed writer had set aside."""
    for aside in sorted(home.glob(".*")):
        match = _ASIDE.fullmatch(aside.name)
        if match is None or aside.is_symlink() or not aside.is_dir():
            continue
        folder = home / match[2]
        with suppress(OSError):
            if match[1] == _REPLACED and not os.path.lexists(folder):
                aside.rename(folder)
            elif match[1] == _REPLACED:
                _settle(aside, folder)
            else:
                _empty(aside, folder, with_exports=True)
