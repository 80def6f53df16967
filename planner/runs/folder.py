"""The run folder: the truth about a run, in files that other programs can read."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from pyarrow import ArrowException

from planner.base.errors import InputError
from planner.outputs.estimates import read_estimates, write_estimates
from planner.outputs.folder_kinds import META_FILE
from planner.outputs.parquet import write_inputs, write_parquet, write_proof
from planner.outputs.run import Run
from planner.outputs.staging import staging
from planner.results.schema import RUN_TABLES
from planner.runs.files import changed_files, files_problems, hashes
from planner.runs.meta_read import read_meta
from planner.runs.names import plain_name
from planner.runs.replace import put_run
from planner.runs.run_of_plan import run_of
from planner.runs.stored_tables import StoredTables, read_input, read_result
from planner.runs.written import SEAL, is_sealed, meta_bytes, sealed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from planner.outputs.user_files import Kept
    from planner.runs.plan import Plan

__all__ = [
    "INPUTS_FOLDER",
    "PROOF_FOLDER",
    "REPORT_FILE",
    "TABLES_FOLDER",
    "Stored",
    "changed_since_written",
    "load_run",
    "naming_changed_files",
    "save_run",
    "store_run",
    "write_run",
]

TABLES_FOLDER: Final = "tables"
"""Folder of the result tables in a run folder."""
INPUTS_FOLDER: Final = "inputs"
"""Folder of the tables as they were read."""
PROOF_FOLDER: Final = "proof"
"""Folder of the program with its solution and duals."""
WORKBOOK_FILE: Final = "plan.xlsx"
REPORT_FILE: Final = "report.html"
LOG_FILE: Final = "solve.log"

_OF_TABLES: Final = (TABLES_FOLDER, INPUTS_FOLDER, PROOF_FOLDER)


@dataclass(frozen=True)
class Stored:
    """A run as it was stored."""

    run: Run  # with `Run.folder` set, and `Run.meta` as ``run.json`` says
    kept: tuple[Kept, ...]  # files of the planner's that were in the folder before, and where they are now


def write_run(plan: Plan, runs_dir: Path, *, workbook: bool = True, log: Iterable[str] = ()) -> Path:
    """Store a plan as a run folder."""
    return save_run(run_of(plan), runs_dir, workbook=workbook, log=log)


def save_run(run: Run, runs_dir: Path, *, workbook: bool = True, log: Iterable[str] = ()) -> Path:
    """Store a run; the folder is there whole or not at all."""
    folder = store_run(run, runs_dir, workbook=workbook, log=log).run.folder
    assert folder is not None
    return folder


def store_run(run: Run, runs_dir: Path, *, workbook: bool = True, log: Iterable[str] = ()) -> Stored:
    """Do as `save_run`, and tell what was kept of the folder before.

    Figures that decide, which take a while to find, are those of the folder where the run comes
    without them and has the plan that they are of.
    """
    folder = runs_dir / plain_name(run.meta["run"], META_FILE)
    if run.estimates is None:
        run = replace(run, estimates=_estimates_in(folder, run))
    with staging(runs_dir) as staged:
        write_parquet(run, staged / TABLES_FOLDER)
        write_inputs(run.inputs_tables, staged / INPUTS_FOLDER)
        write_proof(run.proof_tables, staged / PROOF_FOLDER)
        (staged / LOG_FILE).write_text("".join(f"{line}\n" for line in log), encoding="utf-8")
        if run.estimates is not None:
            write_estimates(run.estimates, run, staged)
        if workbook:
            write_workbook(run, staged / WORKBOOK_FILE)
            write_report(run, staged / REPORT_FILE)
        # Every file that is there by now is known by its hash, whoever wrote it.
        meta = sealed({**run.meta, "sha256": hashes(staged)})
        (staged / META_FILE).write_bytes(meta_bytes(meta))
        kept = put_run(staged, folder)
    return Stored(replace(run, meta=meta, folder=folder), tuple(kept))


def _estimates_in(folder: Path, run: Run) -> pd.DataFrame | None:
    """Return the figures that decide in a folder; None where there are none of its plan."""
    try:
        return read_estimates(replace(run, folder=folder))
    except (OSError, ValueError, LookupError, TypeError, ArrowException):
        return None


def write_workbook(run: Run, path: Path) -> None:
    """Write ``plan.xlsx``. Its writer is imported here: who reads a run needs none."""
    from planner.outputs.xlsx import write_workbook as write

    write(run, path)


def write_report(run: Run, path: Path) -> None:
    """Write ``report.html``. Its writer is imported here, as that of the workbook is."""
    from planner.outputs.report import report_html, write_page

    write_page(report_html(run), path)


def load_run(folder: Path) -> Run:
    """Open a run folder; tables are read when they are asked for."""
    meta = read_meta(folder)
    results = StoredTables(folder / TABLES_FOLDER, RUN_TABLES, read_result)
    inputs, proof = (
        StoredTables(folder / name, _written_tables(meta["sha256"], name), read_input)
        for name in (INPUTS_FOLDER, PROOF_FOLDER)
    )
    changed = partial(changed_since_written, folder)
    return Run(meta, results, inputs, folder, proof, changed=changed)


def changed_since_written(folder: Path) -> tuple[str, ...]:
    """Return the files of a run folder that differ, are gone or came later, sorted.

    The workbook, the report and the log are not among them: a planner may change them. An edited
    ``run.json`` is, unless it is of a version that gave it no seal.
    """
    meta = read_meta(folder)
    changed = changed_files(meta["sha256"], folder, _OF_TABLES)
    is_edited = SEAL in meta and not is_sealed(folder / META_FILE)
    return tuple(sorted((*changed, META_FILE))) if is_edited else changed


@contextmanager
def naming_changed_files(folder: Path) -> Iterator[None]:
    """Take an error in reading a run for what it is where files of the run were changed.

    A table may be readable and of the right columns, and yet be one that nobody can use, as one
    without rows. Whatever a reader stumbles over then, the changed files are what is wrong.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        changed = changed_since_written(folder)
        if not changed:
            raise
        raise InputError(files_problems(folder, changed)) from error


def _written_tables(sha256: Mapping[str, str], within: str) -> list[str]:
    """Return the tables that were written into a folder of the run, by name."""
    paths = [PurePosixPath(name) for name in sha256]
    return [path.stem for path in paths if path.parent.as_posix() == within]
