"""Writers of run folders that write at once, and that are killed: run as a program of its own.

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
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.outputs.run import Run
from planner.runs import folder as folders
from planner.runs.catalogue import list_runs

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "small-0123456789"
META = {
    "format": 3,
    "run": NAME,
    "scenario": "small",
    "title": "Small",
    "question": "",
    "differs": {},
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
    """Write the run with every file holding its version; every version is another plan."""

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
    meta = {**META, "created": "2026-02-03T04:05:06+00:00", "status": version}
    folders.save_run(Run(meta, {}, {}), home, log=[version])


def versions(home: Path) -> list[str]:
    """Return the version of each run; every file of a run must be there, whole and of its version."""
    found = []
    for run in home.iterdir():
        assert folders.changed_since_written(run) == ()
        meta = folders.read_meta(run)
        assert meta["run"] == run.name
        for file in FILES:
            assert set((run / file).read_text().splitlines()) == {meta["status"]}, (run, file)
        found.append(str(meta["status"]))
    return found


def at_once(home: Path, writers: int, writes: int) -> dict[str, object]:
    """Let writers store runs of one name at once."""
    wanted = [[f"{writer}.{number}" for number in range(writes)] for writer in range(writers)]
    children = [_child(home, mine) for mine in wanted]
    failed = sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    return {"failed": failed, "lost": sorted(set(chain.from_iterable(wanted)) - set(versions(home)))}


def killed(home: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill writers at random moments."""
    choose = random.Random(seed)
    begun = time.perf_counter()
    os.waitpid(_child(home, ["first"]), 0)
    usual_s = time.perf_counter() - begun
    for number in range(kills):
        child = _child(home, [f"v{number}"])
        time.sleep(choose.uniform(0.0, 1.5 * usual_s))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    list_runs(home)  # which removes what is left
    return {"written": len(versions(home)), "kills": kills}


def _child(home: Path, wanted: list[str]) -> int:
    """Store runs in a process of its own."""
    child = os.fork()
    if child == 0:
        failed = 0
        for version in wanted:
            try:
                store(home, version)
            except Exception as error:  # any at all is what is looked for
                failed += 1
                sys.stderr.write(f"{error!r}\n")
        os._exit(min(failed, 100))
    return child


if __name__ == "__main__":
    where, seed = Path(sys.argv[1]), int(sys.argv[2])
    found = {"at_once": at_once(where / "at_once", 4, 10), "killed": killed(where / "killed", 50, seed)}
    sys.stdout.write(json.dumps(found))
