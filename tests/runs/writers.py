"""Writers of run folders that run at once, and that are killed: run as a program of its own.

``writers.py FOLDER SEED`` prints what was found as JSON. The tables are two small files here; all
else is what `dcplan solve` does.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.outputs.run import Run
from planner.runs import folder as folders
from planner.runs.catalogue import read_runs

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "small-0123456789"
META = {
    "format": 2,
    "run": NAME,
    "scenario": "small",
    "title": "Small",
    "question": "",
    "status": "optimal",
    "objective_musd": 2.0,
    "bound_musd": 2.0,
    "gap_frac": 0.0,
    "check": {"ok": True, "rules": 3, "broken": []},
    "notes": [],
    "seconds": {"solve": 0.2},
    "versions": {"dcplan": "0"},
    "data": {},
    "written": {},
    "merged": {},
}
FILES = ("tables/plan.parquet", "tables/costs.parquet", "inputs/sites.parquet", "solve.log")


def store(home: Path, version: str, size: int = 3_000) -> None:
    """Write the run with every file holding its version."""

    def write(name: str) -> Callable[[Any, Path], None]:
        def files(_: Any, within: Path) -> None:
            within.mkdir()
            for file in FILES:
                if file.startswith(name):
                    (within / Path(file).name).write_text(f"{version}\n" * size)

        return files

    folders.write_parquet = write("tables")  # type: ignore[assignment]
    folders.write_inputs = write("inputs")  # type: ignore[assignment]
    folders.write_workbook = lambda _, path: path.write_text(f"book {version}")  # type: ignore
    folders.write_report = lambda _, path: path.write_text(f"page {version}")  # type: ignore
    meta = {**META, "created": "2026-02-03T04:05:06+00:00", "message": version}
    folders.store_run(Run(meta, {}, {}), home, log=[version])


def version_of(run: Path) -> str:
    """Return the version of a run; every file must be there, whole and of that version."""
    meta = folders.read_meta(run)
    assert folders.changed_since_written(run) == ()
    version = str(meta["message"])
    for file in FILES:
        lines = set((run / file).read_text().splitlines())
        assert lines == {version}, (file, lines, version)
    return version


def at_once(home: Path, writers: int, writes: int) -> dict[str, object]:
    """Let writers store the same run again and again at once."""
    children = []
    for writer in range(writers):
        child = os.fork()
        if child == 0:
            failed = 0
            for number in range(writes):
                try:
                    store(home, f"{writer}.{number}")
                except Exception as error:  # any at all is what is looked for
                    failed += 1
                    sys.stderr.write(f"{error!r}\n")
            os._exit(min(failed, 100))
        children.append(child)
    failed = sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    return {
        "failed": failed,
        "version": version_of(home / NAME),
        "left": sorted(path.name for path in home.iterdir()),
        "files": sorted(path.name for path in (home / NAME).iterdir()),
    }


def killed(home: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill writers at random moments; a planner writes notes and edits the workbook between."""
    choose = random.Random(seed)
    store(home, "first")
    usual_s = max(_stored_by_child(home, f"usual {number}") for number in range(3))
    lost, half, ends = [], [], {"old": 0, "new": 0, "set aside": 0}
    run = home / NAME
    for number in range(kills):
        (run / "plan.xlsx").write_text(f"edit {number}")
        (run / "notes.md").write_text(f"notes {number}")
        (run / "exports").mkdir(exist_ok=True)
        (run / "exports" / f"{number % 7}.csv").write_text(f"export {number}")
        own = {text for text in _texts(run) if text.split()[0] in {"edit", "notes", "export"}}
        _stored_by_child(home, f"v{number}", choose.uniform(0.0, 1.5 * usual_s))
        was_there = run.exists()
        read_runs(home)  # what the next command does first
        try:
            version = version_of(run)
        except Exception as error:
            half.append(repr(error))
            break
        how = "new" if version == f"v{number}" else "old"
        ends[how if was_there else "set aside"] += 1
        lost += sorted(own - _texts(run))
    store(home, "last")
    return {
        "ends": ends,
        "lost": lost,
        "half": half,
        "version": version_of(run),
        "notes": (run / "notes.md").read_text(),
        "left": sorted(path.name for path in home.iterdir()),
    }


def _texts(run: Path) -> set[str]:
    return {path.read_text() for path in run.rglob("*") if path.is_file()}


def _stored_by_child(home: Path, version: str, kill_after_s: float | None = None) -> float:
    """Store a run in a process of its own, which may be killed; return how long it took."""
    begun = time.perf_counter()
    child = os.fork()
    if child == 0:
        store(home, version)
        os._exit(0)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return time.perf_counter() - begun


if __name__ == "__main__":
    where, seed = Path(sys.argv[1]), int(sys.argv[2])
    found = {
        "two": at_once(where / "two", 2, 50),
        "four": at_once(where / "four", 4, 25),
        "killed": killed(where / "killed", 50, seed),
    }
    sys.stdout.write(json.dumps(found))
