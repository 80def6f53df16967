"""The run folder: the truth about a run, in files that other programs can read.

It is written once, whole or not at all: beside its place, then renamed. Nothing that is there is replaced.
"""

from __future__ import annotations

import itertools
import os
import re
import tempfile
from collections import UserDict
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from planner.base.errors import InputError, OutputError, Problem
from planner.outputs.files import sha256_of, staging
from planner.outputs.own_folder import LEDGER_FILE, META_FILE, files_in, is_one_of
from planner.outputs.run import Run
from planner.outputs.table_files import write_inputs, write_parquet, write_proof
from planner.results.schema import RUN_TABLES
from planner.results.store import read_stored
from planner.runs.meta import meta_bytes, read_meta, run_name, run_of, sealed
from planner.runs.names import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from planner.inputs.inputs import Inputs
    from planner.runs.plan import Plan
    from planner.scenario import Scenario

TABLES_FOLDER: Final = "tables"
"""Folder of the result tables in a run folder."""
INPUTS_FOLDER: Final = "inputs"
"""Folder of the tables as they were read."""
PROOF_FOLDER: Final = "proof"
"""Folder of the program with its solution and duals."""
WORKBOOK_FILE: Final = "plan.xlsx"
REPORT_FILE: Final = "report.html"
LOG_FILE: Final = "solve.log"
EDITABLE: Final = frozenset({WORKBOOK_FILE, REPORT_FILE, LOG_FILE})
"""Files that a planner may change: no rule is about them."""
_OF_PLAN: Final = ("status", "objective_musd", "bound_musd", "check", "orders_held_before")
"""Keys of ``run.json`` that differ where two solves of a question ended with other plans."""


# --- writing ------------------------------------------------------------------------------


def write_run(plan: Plan, runs_dir: Path, *, workbook: bool = True, log: Iterable[str] = ()) -> Path:
    """Store a plan as a run folder."""
    return save_run(run_of(plan), runs_dir, workbook=workbook, log=log)


def save_run(run: Run, runs_dir: Path, *, workbook: bool = True, log: Iterable[str] = ()) -> Path:
    """Store a run, and return its folder: the one that has this plan already, or a new one."""
    for before in runs_named(run.meta["run"], runs_dir):
        is_same = all(before.meta.get(key) == run.meta.get(key) for key in _OF_PLAN)
        if is_same and before.folder is not None and not before.changed():
            return before.folder
    run = run.named(free_name(run.meta["run"], runs_dir))
    with staging(runs_dir) as staged:
        write_parquet(run, staged / TABLES_FOLDER)
        write_inputs(run.inputs_tables, staged / INPUTS_FOLDER)
        write_proof(run.proof_tables, staged / PROOF_FOLDER)
        (staged / LOG_FILE).write_text("".join(f"{line}\n" for line in log), encoding="utf-8")
        if workbook:
            write_workbook(run, staged / WORKBOOK_FILE)
            write_report(run, staged / REPORT_FILE)
        # Every file that is there by now is known by its hash, whoever wrote it.
        digests = {name: sha256_of(path) for name, path in sorted(files_in(staged)) if path.is_file()}
        return put_run(staged, runs_dir, {**run.meta, "sha256": digests})


def save_or_rescue(run: Run, runs_dir: Path, *, workbook: bool = True, log: Iterable[str] = ()) -> Path:
    """Store a run; one that cannot be written there is kept in a temporary folder, and that is said."""
    lines = list(log)
    try:
        return save_run(run, runs_dir, workbook=workbook, log=lines)
    except Exception as error:
        failed = f"{runs_dir}: the plan cannot be written there: {reason_of(error)}; {_rescued(run, lines)}"
        if isinstance(error, OSError):
            raise OutputError(failed) from error
        error.add_note(failed)  # its traceback is wanted, the plan too
        raise


def _rescued(run: Run, log: Iterable[str]) -> str:
    """Store a run in a temporary folder, without what takes room or may have a bug, and say where."""
    try:
        home = Path(tempfile.mkdtemp(prefix="dcplan-"))
        try:
            kept = save_run(run, home, workbook=False, log=log)
        finally:
            with suppress(OSError):  # one that holds the plan stays
                home.rmdir()
    except Exception as error:
        why = reason_of(error)
        return f"nor in the temporary folder ({why}), so the plan is lost: make room and solve again"
    return f"it is kept without its workbook in {kept}: move that folder to where you want it"


def reason_of(error: BaseException) -> str:
    """Return why a file could not be written, in a few words."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(reason).splitlines()[0]


def free_name(name: str, runs_dir: Path) -> str:
    """Return a name, or that with the next number, which nothing in a folder has."""
    plain_name(name, META_FILE)
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(name for name in names if not os.path.lexists(runs_dir / name))


def put_run(staged: Path, runs_dir: Path, meta: Mapping[str, Any]) -> Path:
    """Give a finished run folder its name, or the next one where another writer was quicker."""
    while True:
        name = free_name(meta["run"], runs_dir)
        (staged / META_FILE).write_bytes(meta_bytes(sealed({**meta, "run": name})))
        folder = runs_dir / name
        try:
            return staged.rename(folder)
        except OSError:
            if not os.path.lexists(folder):
                raise


def write_workbook(run: Run, path: Path) -> None:
    """Write ``plan.xlsx``. Its writer is imported here: who reads a run needs none."""
    from planner.outputs.xlsx import write_workbook as write

    write(run, path)


def write_report(run: Run, path: Path) -> None:
    """Write ``report.html``. Its writer is imported here, as that of the workbook is."""
    from planner.outputs.report import report_html, write_page

    write_page(report_html(run), path)


# --- reading ------------------------------------------------------------------------------


class StoredTables(UserDict[str, pd.DataFrame]):
    """The tables of a folder by name, each read once, when it is asked for, and checked then."""

    def __init__(self, folder: Path, names: Iterable[str], schema: Mapping[str, Any]) -> None:
        there = [path.stem for path in sorted(folder.glob("*.parquet"))]
        self.data: dict[str, Any] = {name: folder / f"{name}.parquet" for name in (*names, *there)}
        self._schema = schema  # of the tables that have one; others are read as they are

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return a table."""
        if isinstance(path := self.data[name], Path):
            self.data[name] = read_stored(path, self._schema.get(name))
        table: pd.DataFrame = self.data[name]
        return table


def load_run(folder: Path) -> Run:
    """Open a run folder; tables are read when they are asked for."""
    meta = read_meta(folder)
    results = StoredTables(folder / TABLES_FOLDER, RUN_TABLES, RUN_TABLES)
    inputs, proof = (
        StoredTables(folder / name, _written_tables(meta["sha256"], name), {}) for name in (INPUTS_FOLDER, PROOF_FOLDER)
    )
    return Run(meta, results, inputs, folder, proof, changed=partial(changed_since_written, folder))


class SolvedBeforeError(Exception):
    """The question was solved before: its run is there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"Already solved: {folder}")
        self.folder = folder


def stop_if_solved(scenario: Scenario, inputs: Inputs, *, runs_dir: Path) -> None:
    """Raise an error with the latest run of a question with its data, where there is one."""
    for run in runs_named(run_name(scenario, inputs), runs_dir):
        if run.folder is not None:
            raise SolvedBeforeError(run.folder)


def runs_named(name: str, runs_dir: Path) -> list[Run]:
    """Return the runs of a question, latest first: in the folder of its name, or that with a number."""
    runs = []
    for folder in runs_dir.glob("*"):
        if re.fullmatch(rf"{re.escape(name)}(-\d+)*", folder.name):
            with suppress(InputError):  # one that cannot be read is none
                runs.append(load_run(folder))
    return sorted(runs, key=lambda run: (run.meta["created"], str(run.folder)), reverse=True)


def changed_since_written(folder: Path) -> tuple[str, ...]:
    """Return the files of a run folder that differ, are gone or came later, sorted, but for `EDITABLE` ones."""
    meta = read_meta(folder)
    of_tables = (TABLES_FOLDER, INPUTS_FOLDER, PROOF_FOLDER)
    tables = {path.relative_to(folder).as_posix() for of in of_tables for path in (folder / of).glob("*.parquet")}
    changed = {name for name in meta["sha256"].keys() | tables if not _is_as_written(folder / name, name, meta)}
    return tuple(sorted(changed - EDITABLE))


def planners_files(folder: Path) -> list[str]:
    """Return the names of all in a run folder that the solve did not write as it is, sorted."""
    meta = read_meta(folder)
    files = ((name, path) for name, path in files_in(folder) if path.name not in {LEDGER_FILE, META_FILE})
    return sorted(name for name, path in files if not _is_as_written(path, name, meta))


def _is_as_written(path: Path, name: str, meta: Mapping[str, Any]) -> bool:
    return is_one_of(path, {meta["sha256"].get(name)})


def files_problems(folder: Path, changed: tuple[str, ...]) -> list[Problem]:
    """Return one problem for each changed file, for where the rules can not be tried at all."""
    other, gone = "the file is not the one that was written", "the file is gone"
    said = "one with the SHA-256 that run.json holds", "put the file back as it was, or solve the scenario again"
    return [Problem.of(path, other if path.is_file() else gone, *said) for path in (folder / name for name in changed)]


@contextmanager
def naming_changed_files(folder: Path) -> Iterator[None]:
    """Take an error in reading a run whose files were changed, as one of a table without rows, for what it is."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        changed = changed_since_written(folder)
        if not changed:
            raise
        raise InputError(files_problems(folder, changed)) from error


def _written_tables(sha256: Mapping[str, str], within: str) -> list[str]:
    """Return the tables that were written into a folder of the run, by name."""
    return [path.stem for path in [PurePosixPath(name) for name in sha256] if path.parent.as_posix() == within]
