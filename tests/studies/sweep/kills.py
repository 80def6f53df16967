"""Sweeps that are killed at random moments and begun again: run as a program of its own.

``python kills.py [KILLS [SEED [FILE]]]`` kills the sweep FILE, `tiny` if left out, so many times
with ``kill -9``, the parent alone or with its processes, and begins it again each time. Once it
gets to its end it is begun in a new folder. All tables must be those of a sweep that nobody killed,
and what was written stays as it was written.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from planner.outputs.own_folder import FUTURES_FOLDER
from planner.studies.sweep.answers import TABLES

MOST_S = 900
LOOK_S = 0.02
IN_PROCESSES = ("--jobs", "2")


def begun(file: str, out: Path, how: Sequence[str] = IN_PROCESSES) -> subprocess.Popen[bytes]:
    """Begin a sweep in a process group of its own."""
    command = [sys.executable, "-m", "planner", "sweep", file, "-o", str(out), *how]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def whole(out: Path) -> dict[str, tuple[int, int]]:
    """Return when each answer was written, and its size."""
    paths = [path for path in (out / FUTURES_FOLDER).glob("*.json") if path.name[0] != "."]
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in paths}


def tables(out: Path) -> dict[str, pd.DataFrame]:
    """Return all tables but how long it took."""
    return {name: anywhere(pd.read_parquet(out / f"{name}.parquet")) for name in TABLES if name != "timings"}


def anywhere(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose messages name the file of the sweep without its folder."""
    if "message" not in table:
        return table
    message = table["message"].str.replace(r"\S*/(?=ways\.yaml)", "", regex=True)
    return table.assign(message=message)


def undisturbed(file: str, out: Path) -> tuple[dict[str, pd.DataFrame], float]:
    """Return the tables of a sweep that nobody kills, and how long it takes. [s]"""
    began = time.perf_counter()
    with begun(file, out) as process:
        process.communicate(timeout=MOST_S)
    return tables(out), time.perf_counter() - began


def killed(
    file: str,
    home: Path,
    kills: int,
    seed: int,
    expected: dict[str, pd.DataFrame],
    usual_s: float,
    how: Sequence[str] = IN_PROCESSES,
) -> dict[str, Any]:
    """Kill a sweep so many times, each in the time that it usually takes; return what was found.

    The last time counts from a first answer on if no sweep had one when it was killed.
    """
    choose = random.Random(seed)
    at, repeated, differ, number, done = [], [], [], 0, 0
    while done < kills:
        number += 1
        out = home / f"killed-{number}"
        is_at_end = False
        while not is_at_end:
            stored = whole(out)
            waits = done == kills - 1 and not any(at)
            after_s = choose.uniform(0.0, usual_s)
            is_killed = done < kills and _is_killed(file, out, how, after_s, choose, waits=waits)
            if is_killed:
                done += 1
                at.append(len(whole(out)))
            else:
                with begun(file, out, how) as process:  # what was written by then stays
                    process.communicate(timeout=MOST_S)
                is_at_end = True
            now = whole(out)
            repeated += [name for name, stamp in stored.items() if now.get(name) != stamp]
        for name, table in expected.items():
            try:
                pd.testing.assert_frame_equal(tables(out)[name], table, check_exact=True)
            except AssertionError as error:
                differ.append(f"{name}: {error}")
    return {
        "kills": done,
        "sweeps": number,
        "answers_at_each_kill": at,
        "repeated": repeated,
        "differ": differ,
        "usual_s": round(usual_s, 1),
    }


def _is_killed(file: str, out: Path, how: Sequence[str], after_s: float, choose: random.Random, *, waits: bool) -> bool:
    """Begin a sweep and kill it after some seconds; False where it had ended by itself.

    Where it waits, these seconds begin with the first answer.
    """
    with begun(file, out, how) as process:
        while waits and not whole(out) and process.poll() is None:
            time.sleep(LOOK_S)
        try:
            process.communicate(timeout=after_s)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                if choose.random() < 0.5:
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()  # its processes end by themselves
            process.communicate(timeout=MOST_S)
            return process.returncode == -signal.SIGKILL
        return False


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    with tempfile.TemporaryDirectory() as folder:
        file, kills, seed = given.get(2, "tiny"), int(given.get(0, 10)), int(given.get(1, 20261128))
        usual = undisturbed(file, Path(folder) / "usual")
        found = killed(file, Path(folder), kills, seed, *usual)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    sys.exit(bool(found["repeated"] or found["differ"]))
