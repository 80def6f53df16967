"""The run folder: the truth about a run, in files that other programs can read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from planner.errors import InputError, Problem
from planner.outputs.files import whole_folder
from planner.outputs.parquet import write_inputs, write_parquet, write_proof
from planner.outputs.xlsx import write_workbook
from planner.run import Run
from planner.runs.files import changed_files, hashes
from planner.runs.meta import READABLE_FORMATS
from planner.runs.of_plan import run_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from planner.plan import Plan

__all__ = [
    "INPUTS_FOLDER",
    "META_FILE",
    "PROOF_FOLDER",
    "TABLES_FOLDER",
    "changed_since_written",
    "load_run",
    "read_meta",
    "save_run",
    "write_run",
]

META_FILE: Final = "run.json"
TABLES_FOLDER: Final = "tables"
"""Folder of the result tables in a run folder."""
INPUTS_FOLDER: Final = "inputs"
"""Folder of the tables as they were read."""
PROOF_FOLDER: Final = "proof"
"""Folder of the program with its solution and duals."""

_HASHED: Final = (TABLES_FOLDER, INPUTS_FOLDER, PROOF_FOLDER)


def write_run(
    plan: Plan, runs_dir: Path, *, workbook: bool = True, log: Iterable[str] = ()
) -> Path:
    """Store a plan as a run folder.

    Parameters
    ----------
    plan : Plan
        As solved.
    runs_dir : Path
        Folder of run folders; made where it is missing.
    workbook : bool
        Whether to write ``plan.xlsx`` too.
    log : iterable of str
        Lines of ``solve.log``.

    Returns
    -------
    Path
        ``runs_dir/<scenario>-<hash>``. The same question with the same data replaces its run.
    """
    return save_run(run_of(plan), runs_dir, workbook=workbook, log=log)


def save_run(run: Run, runs_dir: Path, *, workbook: bool = True, log: Iterable[str] = ()) -> Path:
    """Store a run; the folder is there whole or not at all.

    Parameters
    ----------
    run : Run
        In memory or loaded.
    runs_dir, workbook, log
        As for `write_run`.

    Returns
    -------
    Path
        The folder.
    """
    folder = runs_dir / str(run.meta["run"])
    with whole_folder(folder) as partial:
        write_parquet(run, partial / TABLES_FOLDER)
        write_inputs(run.inputs_tables, partial / INPUTS_FOLDER)
        write_proof(run.proof_tables, partial / PROOF_FOLDER)
        meta = {**run.meta, "sha256": hashes(partial, _HASHED)}
        text = json.dumps(meta, indent=2, ensure_ascii=False, allow_nan=False)
        (partial / META_FILE).write_text(text + "\n", encoding="utf-8")
        (partial / "solve.log").write_text("".join(f"{line}\n" for line in log), encoding="utf-8")
        if workbook:
            write_workbook(run, partial / "plan.xlsx")
    return folder


def load_run(folder: Path) -> Run:
    """Open a run folder; tables are read when they are asked for.

    Parameters
    ----------
    folder : Path
        A run folder.

    Returns
    -------
    Run
        With `Run.folder` set.

    Raises
    ------
    InputError
        If it is not a run folder, or one of another version.
    """
    meta = read_meta(folder)
    tables, inputs, proof = (_StoredTables(folder / name) for name in _HASHED)
    return Run(meta, tables, inputs, folder, proof)


def changed_since_written(folder: Path) -> tuple[str, ...]:
    """Return the table files of a run folder that differ, are gone or came later, sorted.

    Parameters
    ----------
    folder : Path
        A run folder.

    Raises
    ------
    InputError
        If it is not a run folder, or one of another version.
    """
    found = hashes(folder, _HASHED)
    return changed_files(read_meta(folder)["sha256"], found)


def read_meta(folder: Path) -> dict[str, Any]:
    """Read ``run.json`` of a run folder.

    Parameters
    ----------
    folder : Path
        A run folder.

    Returns
    -------
    dict
        Its content.

    Raises
    ------
    InputError
        If it is not a run folder, or one of another version.
    """
    path = folder / META_FILE
    mend = "give a folder that dcplan solve has written; dcplan runs list names them"
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem = Problem(
            str(folder), None, None, "not a run folder", f"one with {META_FILE}", mend
        )
        raise InputError([problem]) from error
    except ValueError as error:
        problem = Problem(str(path), None, None, f"cannot be read: {error}", "JSON", mend)
        raise InputError([problem]) from error
    known = meta.get("format") if isinstance(meta, dict) else None
    again = "solve the scenario again with this version"
    if known not in READABLE_FORMATS:
        what_is = f"format is {known!r}: the run is of another version of dcplan"
        formats = " or ".join(map(str, READABLE_FORMATS))
        raise InputError([Problem(str(path), None, None, what_is, formats, again)])
    if not isinstance(meta.get("sha256"), dict):
        must_be = "the SHA-256 of every table file under sha256"
        raise InputError([Problem(str(path), None, None, "sha256 is missing", must_be, again)])
    return dict(meta)


class _StoredTables(Mapping[str, "pd.DataFrame"]):
    """The Parquet files of a folder, each read once, when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._paths = {path.stem: path for path in sorted(folder.glob("*.parquet"))}
        self._read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        import pandas as pd

        if name not in self._read:
            self._read[name] = pd.read_parquet(self._paths[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
