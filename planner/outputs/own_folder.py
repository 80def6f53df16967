"""Kinds of folders, and whose a folder is: a study goes into a new one or its own, never among files of another."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError, Problem, raise_all
from planner.base.paths import is_file
from planner.base.words import some
from planner.outputs.files import locked, sha256_of, staging, try_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import pandas as pd


LABELS_FILE: Final = "labels.json"  # name and tags that a planner gives a folder
META_FILE: Final = "run.json"  # says in the folder of a run what it is
SWEEP_FILE: Final = "sweep.json"  # says in the folder of a sweep what is swept
FRONTIER_FILE: Final = "frontier.json"
STOCHASTIC_FILE: Final = "stochastic.json"
FUTURES_FOLDER: Final = "futures"  # folder of the files of single futures of a sweep
RUNS_FOLDER: Final = "runs"  # folder of the runs that a study keeps


@dataclass(frozen=True)
class FolderKind:
    """What a folder may be of."""

    name: str  # of the kind
    words: str  # what a planner knows it as
    files: tuple[str, ...] = ()  # files that say so, as patterns; none of what its parts say
    # the one that says which file the study was made from, where it goes on from what its folder holds; others are
    # replaced as a whole
    entry_file: str | None = None
    is_listed: bool = False  # whether ``dcplan runs list --all`` shows it
    part_of: FolderKind | None = None  # what it is a part of, whose folder it is in
    begins_as: FolderKind | None = None  # what it is solved as in the same folder, before there is a file of its own
    option: str = "--output"  # the option that names such a folder

    @property
    def is_whole(self) -> bool:
        """Whether all of the folder is written at once, so that nothing else belongs there."""
        return bool(self.files) and self.entry_file is None and self.option == "--output"


SWEEP: Final = FolderKind("sweep", "sweep", (SWEEP_FILE,), SWEEP_FILE, is_listed=True)
SENSITIVITY: Final = FolderKind("sensitivity", "study of sensitivity", entry_file=SWEEP_FILE, begins_as=SWEEP)
SENSITIVITY_METHODS: Final = ("tornado", "morris", "sobol")
"""Methods of a study of sensitivity; each may be asked of several outputs in one folder."""
STOCHASTIC: Final = FolderKind("stochastic", "stochastic program", (STOCHASTIC_FILE,), STOCHASTIC_FILE, is_listed=True)
FRONTIER: Final = FolderKind("frontier", "frontier", (FRONTIER_FILE,), is_listed=True)
ALTERNATIVES: Final = FolderKind("alternatives", "study of alternatives", ("alternatives.json",), is_listed=True)
STRESS: Final = FolderKind("stress", "stress study", ("stress_year.parquet",))
DISPATCH: Final = FolderKind("dispatch", "study of dispatch", ("dispatch.parquet",))
DAYS_ERROR: Final = FolderKind("days_error", "study of the error of days", ("days_error.parquet",))
ESTIMATES: Final = FolderKind("estimates", "table of estimates", ("estimates.parquet",))
STUDY_KINDS: Final = (
    *(
        FolderKind(*(method, method, (f"{method}.json", f"{method}-*.json")), is_listed=True, part_of=SENSITIVITY)
        for method in SENSITIVITY_METHODS
    ),
    *(SENSITIVITY, STOCHASTIC, FRONTIER, ALTERNATIVES, SWEEP, STRESS, DISPATCH, DAYS_ERROR, ESTIMATES),
)
"""Studies; where a folder has files of several, it is of the first."""
RUNS: Final = FolderKind("runs", "folder of runs", (f"*/{META_FILE}",), option="--runs")
FOLDER_KINDS: Final = (FolderKind("run", "run", (META_FILE,)), RUNS, *STUDY_KINDS)


def files_of(folder: Path, patterns: Iterable[str]) -> list[Path]:
    """Return the files of a folder that match any of some patterns; none of what is no folder."""
    try:
        matching = [path for one in patterns for path in sorted(folder.glob(one))]
        return [path for path in matching if path.is_file()]
    except (OSError, ValueError):  # such as a name that is too long
        return []


# --- Whose a folder is: a study goes into a new one or its own, never among files of another ------

LEDGER_FILE: Final = ".dcplan-written"  # holds the SHA-256 of every file that was written next to it
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
    try:
        return set(_SHA256.findall((folder / LEDGER_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return set()


def put_files(staged: Path, files: Sequence[Path], home: Path) -> list[Path]:
    """Move finished files to where they are to be: all, or none if one is in the way that is not as dcplan wrote it."""
    targets = {home / file.relative_to(staged): file for file in files}
    with locked(home):
        known = digests_in(home)
        new = {path: sha256_of(file) for path, file in targets.items()}
        if problems := [
            Problem.of(
                str(path),
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


def file_entry(file: Path, sha256: str) -> dict[str, Any]:
    """Describe the file that a study was made from, as key ``file`` of the study's own file."""
    return {"file": str(file.resolve()), "sha256": sha256}


def try_own_folder(folder: Path, kind: FolderKind, file: Path | None = None) -> None:
    """Find out whether a study can be written into a folder, before work is done for it."""
    try_folder(folder, kind.option)
    require_own_folder(folder, kind, file)


@contextmanager
def study_folder(folder: Path, kind: FolderKind, file: Path | None = None) -> Iterator[Path]:
    """Give a folder to write a study into; once the block ends its files are put into that of the study."""
    require_own_folder(folder, kind, file)
    with staging(folder) as staged:
        yield staged
        put_files(staged, sorted(staged.iterdir()), folder)


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write tables of a study as CSV and Parquet."""
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
        table.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write what a study found as JSON."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")


def require_own_folder(folder: Path, kind: FolderKind, file: Path | None = None) -> None:
    """Refuse the folder of something else, as every writer of a study does."""
    raise_all(wrong_folder(folder, kind, file))


def wrong_folder(folder: Path, kind: FolderKind, file: Path | None = None) -> list[Problem]:
    """Return why a study may not be written into a folder: it holds what is of something else, and would be mixed."""
    asked = "" if file is None or kind.entry_file is None else f" of {str(file)!r}"
    must_be = f"a new folder, or that of {'the' if asked else 'a'} {kind.words}{asked}"
    if kind is RUNS:
        must_be = "a new folder, or one of runs"
    fix = f"name another folder with {kind.option}, or move what is in this one away"
    for found in FOLDER_KINDS:
        whole = found.part_of or found
        if whole not in {kind, kind.begins_as}:
            for path in files_of(folder, found.files):
                what_is = f"the folder is that of a {whole.words}"
                return [Problem.of(str(path), what_is, must_be, fix)]
    if kind.is_whole:
        known = digests_in(folder)
        # Hidden files are no files of anybody.
        shown = [one for one in files_in(folder) if not f"/{one[0]}".count("/.") and one[0] != LABELS_FILE]
        if others := [name for name, path in shown if not is_one_of(path, known)]:
            what_is = f"the folder holds files that were changed, or that dcplan did not write: {some(others, 3)}"
            return [Problem.of(str(folder), what_is, must_be, fix)]
    if file is None or kind.entry_file is None:
        return []
    path = folder / kind.entry_file
    try:
        entry = _entry_in(path)
    except ValueError as error:
        what_is = f"it does not say what the folder is of: {error}"
        fix = f"put back the file as dcplan wrote it, {fix}"
        return [Problem.of(str(path), what_is, must_be, fix)]
    if entry is None or _is_of(file, *entry, is_named=True):
        return []
    is_like = "" if kind.begins_as is None else f"{kind.begins_as.words} or "
    what_is = f"the folder is that of another {is_like}{kind.words}, of {str(entry[0])!r}"
    return [Problem.of(str(path), what_is, must_be, fix)]


def is_free_for(file: Path, path: Path) -> bool:
    """Return whether a folder is not in use, or used by this file, even if that was moved since."""
    try:
        entry = _entry_in(path)
    except ValueError:
        return False
    return entry is None or _is_of(file, *entry)


def _entry_in(path: Path) -> tuple[Path, str] | None:
    """Read the `file_entry` of a study's file; None where there is no such file, ValueError where it does not say."""
    try:
        entry = json.loads(path.read_bytes())["file"]
        return Path(entry["file"]), str(entry["sha256"])
    except FileNotFoundError:
        return None
    except (LookupError, TypeError, AttributeError) as error:
        message = "it has no key file with keys file and sha256"
        raise ValueError(message) from error
    except (OSError, RecursionError) as error:
        raise ValueError(getattr(error, "strerror", None) or str(error)) from error


def _is_of(file: Path, of: Path, sha256: str, *, is_named: bool = False) -> bool:
    """Whether an entry is of this file, or of a copy: in a folder that was named, or of one that is gone."""
    return of == file.resolve() or ((is_named or not is_file(of)) and is_file(file) and sha256 == sha256_of(file))
