"""What runs in a process of its own, so that the server goes on whatever becomes of it."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
import traceback
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import DcplanError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from pathlib import Path

    from planner.base.errors import Problem
    from planner.lp import ProgressEvent

ASKED_TO_STOP: Final = threading.Event()
"""Set in a worker that is asked to end its solve with the best plan so far."""
_PAUSE_S: Final = 0.25  # between two reports of the solver


def work(events: Connection, lifeline: Connection, task: Callable[..., dict[str, Any]], given: Any) -> None:
    """Do a task, and send what becomes of it."""
    if sys.platform != "win32":
        os.setsid()  # Ctrl-C is for the server, and what the task starts ends with it
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()

    def tell(**said: Any) -> None:
        events.send(said)

    try:
        last = {"ended": "done", **task(tell, given)}
    except DcplanError as error:
        last = {"ended": "failed", "message": str(error)}
    except OSError as error:
        last = {"ended": "failed", "message": f"The files cannot be written: {error}"}
    except MemoryError:
        last = {"ended": "failed", "message": "There is not enough memory for this."}
    except Exception:
        last = {"ended": "failed", "message": f"A bug:\n{traceback.format_exc()}"}
    tell(**last)


def end_group(process: int, *, at_once: bool = False) -> None:
    """End a worker and what it has started."""
    if sys.platform == "win32":
        os.kill(process, signal.SIGTERM)
        return
    number = signal.SIGKILL if at_once else signal.SIGTERM
    try:
        os.killpg(process, number)
    except ProcessLookupError:  # it has ended, or has not come so far as to lead a group
        try:
            os.kill(process, number)
        except ProcessLookupError:
            return


def solve_task(tell: Callable[..., None], given: tuple[str, Path]) -> dict[str, Any]:
    """Solve a scenario and store its run."""
    from planner.outputs.folder_kinds import RUNS
    from planner.outputs.own_folder import require_own_folder
    from planner.outputs.staging import try_folder
    from planner.runs.folder import SolvedBeforeError, save_or_rescue, stop_if_solved
    from planner.studies.solve import solve
    from planner.studies.solve.asking import STAGES, solver_words

    gc.disable()  # as `dcplan solve` does
    scenario, runs_dir = given
    began, told_at = time.perf_counter(), 0.0
    stage = ""
    log: list[str] = []

    def note(text: str) -> None:
        log.append(f"{time.perf_counter() - began:8.2f} s  {text}")

    def on_stage(name: str) -> None:
        nonlocal stage
        stage = STAGES[name]
        note(stage)
        tell(stage=stage)

    def on_progress(event: ProgressEvent) -> None:
        nonlocal told_at
        text = solver_words(event)
        if log[-1].partition(" s  ")[2] != f"{stage}: {text}":
            note(f"{stage}: {text}")
        if time.perf_counter() - told_at > _PAUSE_S:
            told_at = time.perf_counter()
            tell(text=text)

    def on_warning(warning: Problem | str) -> None:
        note(f"warning: {warning}")
        tell(warning=str(warning))

    try_folder(runs_dir, "DIR")
    require_own_folder(runs_dir, RUNS)
    try:
        plan = solve(
            scenario,
            on_stage=on_stage,
            on_progress=on_progress,
            on_warning=on_warning,
            interrupt=ASKED_TO_STOP,
            on_read=partial(stop_if_solved, runs_dir=runs_dir),
        )
    except SolvedBeforeError as found:
        return {"run": found.folder.name, "message": str(found)}
    on_stage("write")
    return {"run": save_or_rescue(plan.run, runs_dir, log=log).name}


def sweep_task(tell: Callable[..., None], given: tuple[str, Path]) -> dict[str, Any]:
    """Solve the futures of a sweep."""
    from planner.base.words import duration
    from planner.studies.sweep import SweepProgress, run_sweep

    sweep, folder = given

    def on_progress(now: SweepProgress) -> None:
        text = f"{now.done} of {now.total} futures"
        if now.stored and not now.last:
            text += f", {now.stored} of them stored before"
        if now.done < now.total and now.left_s == now.left_s:  # not nan
            text += f", about {duration(now.left_s)} left"
        if now.last:
            text += f": {now.last} {now.status.replace('_', ' ')}"
        tell(text=text, share=now.done / now.total)

    tell(stage="Reading the sweep and solving its futures")
    found = run_sweep(sweep, out=folder, on_progress=on_progress)
    failed = len(found.failed)
    message = f"{failed} of {len(found.futures)} futures have no plan as asked." if failed else ""
    return {"message": message}


def _end_with(lifeline: Connection) -> None:
    """Wait for the server to end, and end too; what it says before asks to stop."""
    try:
        while True:
            lifeline.recv()
            ASKED_TO_STOP.set()
    except (EOFError, OSError):
        end_group(os.getpid())
