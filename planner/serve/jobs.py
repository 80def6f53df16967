"""Solves that the server has asked for, each in a process of its own."""

from __future__ import annotations

import gc
import os
import secrets
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Literal

from planner.base.errors import DcplanError, InputError, Problem
from planner.base.paths import apart_from_ctrl_c
from planner.outputs.files import tidy
from planner.serve.project import JOBS, path_of
from planner.studies.solve.asking import STAGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from planner.lp import ProgressEvent


ASKED_TO_STOP: Final = threading.Event()  # set in a worker that is asked to end its solve with the best plan so far
_PAUSE_S: Final = 0.25  # between two reports of the solver


def work(line: Connection, task: Callable[..., dict[str, Any]], given: Any) -> None:
    """Do a task, and send what becomes of it."""
    if sys.platform != "win32":
        os.setsid()  # Ctrl-C is for the server, and what the task starts ends with it
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()

    def tell(**said: Any) -> None:
        line.send(said)

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
    for end in (os.killpg, os.kill):  # one that has just been started does not lead a group yet
        with suppress(ProcessLookupError):
            end(process, number)
            break


def solve_task(tell: Callable[..., None], given: tuple[str, Path]) -> dict[str, Any]:
    """Solve a scenario and store its run."""
    from planner.outputs.files import try_folder
    from planner.outputs.own_folder import RUNS, require_own_folder
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
    from planner.studies.sweep import run_sweep

    sweep, folder = given

    tell(stage="Reading the sweep and solving its futures")
    found = run_sweep(sweep, out=folder, on_progress=lambda now: tell(text=str(now), share=now.done / now.total))
    failed = len(found.failed)
    message = f"{failed} of {len(found.futures)} futures have no plan as asked." if failed else ""
    return {"message": message}


def _end_with(line: Connection) -> None:
    """Wait for the server to end, and end too; what it says before asks to stop."""
    try:
        while True:
            line.recv()
            ASKED_TO_STOP.set()
    except (EOFError, OSError):
        end_group(os.getpid())


# --- Work that takes long: one worker process at a time, watched, cancelled, outlived -------------

State = Literal["waiting", "running", "done", "failed", "cancelled"]
MOST_WAITING: Final = 50  # jobs that may wait at once
NOTHING_WRITTEN: Final = "Nothing of it was written."
_MOST_KEPT: Final = 100  # jobs that have ended
_GRACE_S: Final = 3.0
_MOST_WARNINGS: Final = 50


@dataclass(frozen=True)
class Stage:
    """A part of a job."""

    name: str  # what is done
    began: float  # when, as `time.time`. [s]


@dataclass
class Job:
    """A task that was asked for."""

    id: str  # by which its page is found
    label: str  # what it is about
    task: Callable[..., dict[str, Any]]  # what the worker does, see `planner.serve.jobs`
    given: Any  # what with
    expected_s: float | None = None  # how long it took before. [s]
    link: str = ""  # path of the page that shows what it finds; empty where that is a run
    when_cancelled: str = NOTHING_WRITTEN  # what becomes of what it has done by then
    state: State = "waiting"
    stages: list[Stage] = field(default_factory=list)
    text: str = ""  # what the solver says now
    warnings: list[str] = field(default_factory=list)
    share: float | None = None  # how much of it is done, where that is known [-]
    result: dict[str, Any] = field(default_factory=dict)
    message: str = ""  # how it ended, where there is more to say
    ended: float | None = None
    process: BaseProcess | None = None
    line: Connection | None = None  # through which its worker is heard, and asked to stop
    can_stop: bool = False  # whether it ends with what it has so far when it is asked to stop
    is_stopped: bool = False
    is_cancelled: bool = False

    @property
    def page(self) -> str:
        """Path of the page that shows how far it is."""
        return path_of(JOBS, self.id)

    @property
    def elapsed_s(self) -> float:
        """How long it has run, or ran; 0 while it waits. [s]"""
        if not self.stages:
            return 0.0
        return (self.ended or time.time()) - self.stages[0].began

    @property
    def is_over(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state in {"done", "failed", "cancelled"}

    @property
    def run(self) -> str | None:
        """Name of the run that it has stored."""
        run = self.result.get("run")
        return run if isinstance(run, str) else None

    @property
    def is_solving(self) -> bool:
        """Whether the solver is at work, and may be asked to stop with the best plan so far."""
        is_at_work = self.state == "running" and self.stages[-1].name == STAGES["solve"]
        return self.can_stop and is_at_work

    def hear(self, said: dict[str, Any]) -> None:
        """Take in what its worker says."""
        if "stage" in said:
            self.stages.append(Stage(said["stage"], time.time()))
            self.text = ""
        self.text = said.get("text", self.text)
        self.share = said.get("share", self.share)
        if "warning" in said and len(self.warnings) < _MOST_WARNINGS:
            self.warnings.append(said["warning"])
        if "ended" in said:
            self.result = said


class Jobs:
    """The jobs of a server: one runs, others wait, and those that ended are remembered."""

    def __init__(self, runs_dir: Path) -> None:
        self._runs_dir = runs_dir
        self._jobs: dict[str, Job] = {}
        self._is_closed = False
        self._lock = threading.RLock()
        self._asked: SimpleQueue[Job] = SimpleQueue()
        self._processes = get_context("spawn")
        threading.Thread(target=self._work, daemon=True).start()

    def start(
        self, label: str, task: Callable[..., dict[str, Any]], given: Any, expected_s: float | None = None, **how: Any
    ) -> Job:
        """Let a task be done, as soon as none before it is left; `how` are further fields of the job."""
        with self._lock:
            waiting = sum(not job.is_over for job in self._jobs.values()) - 1  # one runs
            if self._is_closed or waiting >= MOST_WAITING:
                found, fix = f"{max(0, waiting)} solves wait already", "wait for one of them, or cancel some"
                raise InputError.at("dcplan serve", found, "fewer", fix)
            job = Job(secrets.token_hex(8), label, task, given, expected_s, **how)
            self._jobs[job.id] = job
            self._asked.put(job)
            return job

    def job(self, identifier: str) -> Job | None:
        """Return a job; None where there is none."""
        return self._jobs.get(identifier)

    def latest(self) -> list[Job]:
        """List the jobs, latest first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def cancel(self, job: Job) -> None:
        """End a job that waits or runs; what it has not finished is removed."""
        with self._lock:
            if job.state == "waiting":
                self._end(job, "cancelled")
            if job.is_over:
                return
            job.is_cancelled = True
            process = job.process
        if process is not None and process.pid is not None:
            end_group(process.pid)
            process.join(_GRACE_S)
            if process.is_alive():
                end_group(process.pid, at_once=True)

    def stop(self, job: Job) -> None:
        """Ask a job whose solver is at work to end with what it has so far; others go on."""
        with self._lock:
            if job.is_solving and job.line is not None:
                job.is_stopped = True
                with suppress(OSError):  # it has just ended
                    job.line.send("stop")

    def close(self) -> None:
        """Cancel all jobs and take no more."""
        with self._lock:
            self._is_closed = True
            jobs = list(self._jobs.values())
        for job in reversed(jobs):  # those that wait before the one that runs
            self.cancel(job)

    def _work(self) -> None:
        """Do one job after the other."""
        while True:
            job = self._asked.get()
            try:
                with self._lock:
                    if job.is_over:
                        continue
                    self._begin(job)
            except (OSError, RuntimeError) as error:  # no more processes or files
                job.process = None
                job.message = f"Its process cannot be started: {error}"
                self._end(job, "failed")
                continue
            self._watch(job)

    def _begin(self, job: Job) -> None:
        """Start the process of a job."""
        job.hear({"stage": "Starting"})
        job.state = "running"
        job.line, theirs = self._processes.Pipe()
        with theirs, apart_from_ctrl_c():  # once the worker alone has its end, that is the end of what is heard
            job.process = self._processes.Process(target=work, args=(theirs, job.task, job.given), daemon=False)
            job.process.start()

    def _watch(self, job: Job) -> None:
        """Take in what a worker says until it ends, however that is."""
        assert job.process is not None
        assert job.line is not None
        with job.line:
            while True:
                try:
                    said = job.line.recv()
                except Exception:  # the end, or half a message of a worker that was killed
                    break
                with self._lock:
                    job.hear(said)
        job.process.join()
        ended = job.result.get("ended")
        left = ""
        try:
            if ended is None:
                tidy(self._runs_dir)
        except OSError as error:
            left = f"What it had begun to write cannot be removed: {error}"
        with self._lock:
            if ended is not None:
                job.message = str(job.result.get("message", ""))
            elif job.is_cancelled:
                job.message = f"It was cancelled. {left}" if left else ""
            else:
                job.message = (
                    f"The worker ended without an answer (exit code {job.process.exitcode}): it was"
                    f" killed, or the machine had no more memory. {left}"
                ).rstrip()
            self._end(job, ended or ("cancelled" if job.is_cancelled and not left else "failed"))

    def _end(self, job: Job, state: State) -> None:
        with self._lock:
            job.state, job.ended = state, time.time()
            over = [old.id for old in self._jobs.values() if old.is_over]
            for identifier in over[: max(0, len(over) - _MOST_KEPT)]:
                del self._jobs[identifier]
