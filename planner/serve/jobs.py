"""Work that takes long: one worker process at a time, watched, cancelled, outlived."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Final, Literal

from planner.base.errors import InputError, Problem
from planner.base.paths import apart_from_ctrl_c
from planner.outputs.staging import tidy
from planner.serve.worker import end_group, work
from planner.studies.solve.asking import STAGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path

State = Literal["waiting", "running", "done", "failed", "cancelled"]
MOST_WAITING: Final = 50
"""Jobs that may wait at once."""
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
    task: Callable[..., dict[str, Any]]  # what the worker does, see `planner.serve.worker`
    given: Any  # what with
    expected_s: float | None = None  # how long it took before. [s]
    link: str = ""
    """Path of the page that shows what it finds; empty where that is a run."""
    when_cancelled: str = NOTHING_WRITTEN
    """What becomes of what it has done by then."""
    asked: float = field(default_factory=time.time)
    state: State = "waiting"
    stages: list[Stage] = field(default_factory=list)
    text: str = ""
    """What the solver says now."""
    warnings: list[str] = field(default_factory=list)
    share: float | None = None
    """How much of it is done, where that is known. [-]"""
    result: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    """How it ended, where there is more to say."""
    ended: float | None = None
    process: BaseProcess | None = None
    line: Connection | None = None
    """Through which its worker is asked to stop; None once it has ended."""
    can_stop: bool = False
    """Whether it ends with what it has so far when it is asked to stop."""
    is_stopped: bool = False
    is_cancelled: bool = False

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
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._is_closed = False
        self._lock = threading.RLock()
        self._processes = get_context("spawn")

    def start(
        self,
        label: str,
        task: Callable[..., dict[str, Any]],
        given: Any,
        expected_s: float | None = None,
        *,
        link: str = "",
        when_cancelled: str = NOTHING_WRITTEN,
        can_stop: bool = False,
    ) -> Job:
        """Let a task be done, as soon as none before it is left."""
        with self._lock:
            if self._is_closed or len(self._waiting) >= MOST_WAITING:
                found = f"{len(self._waiting)} solves wait already"
                fix = "wait for one of them, or cancel some"
                raise InputError([Problem("dcplan serve", None, None, found, "fewer", fix)])
            job = Job(secrets.token_hex(8), label, task, given, expected_s, link, when_cancelled)
            job.can_stop = can_stop
            self._jobs[job.id] = job
            self._waiting.append(job)
            self._next()
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
            if job.is_over:
                return
            job.is_cancelled = True
            if job in self._waiting:
                self._waiting.remove(job)
                self._end(job, "cancelled")
                return
            process = job.process
        if process is not None and process.pid is not None:
            end_group(process.pid)
            process.join(_GRACE_S)
            if process.is_alive():
                end_group(process.pid, at_once=True)

    def stop(self, job: Job) -> None:
        """Ask a job that runs to end with what it has so far."""
        with self._lock:
            if not job.can_stop or job.state != "running" or job.line is None:
                return
            job.is_stopped = True
            with suppress(OSError):  # it has just ended
                job.line.send("stop")

    def close(self) -> None:
        """Cancel all jobs and take no more."""
        with self._lock:
            self._is_closed = True
            jobs = [*self._waiting, *([self._running] if self._running else [])]
        for job in jobs:
            self.cancel(job)

    def _next(self) -> None:
        """Start the first that waits and can be started, if none runs."""
        while self._running is None and self._waiting and not self._is_closed:
            job = self._waiting.popleft()
            self._running = job
            job.state = "running"
            job.hear({"stage": "Starting"})
            try:
                self._begin(job)
            except (OSError, RuntimeError) as error:  # no more processes, files or threads
                job.process = None
                job.message = f"Its process cannot be started: {error}"
                self._end(job, "failed")
                self._running = None

    def _begin(self, job: Job) -> None:
        """Start the process of a job, and watch it."""
        with ExitStack() as ours, ExitStack() as theirs:
            hears, tells = self._processes.Pipe(duplex=False)
            ours.callback(hears.close)
            theirs.callback(tells.close)  # its end is then the end of what is heard
            lifeline, held = self._processes.Pipe(duplex=False)
            ours.callback(held.close)
            theirs.callback(lifeline.close)
            job.process = self._processes.Process(
                target=work, args=(tells, lifeline, job.task, job.given), daemon=False
            )
            with apart_from_ctrl_c():
                job.process.start()
            job.line = held
            threading.Thread(target=self._watch, args=(job, job.process, hears, held), daemon=True).start()
            ours.pop_all()  # closed by who watches

    def _watch(self, job: Job, process: BaseProcess, hears: Any, held: Any) -> None:
        """Take in what a worker says until it ends, however that is."""
        while True:
            try:
                said = hears.recv()
            except Exception:  # the end, or half a message of a worker that was killed
                break
            with self._lock:
                job.hear(said)
        process.join()
        hears.close()
        with self._lock:
            job.line = None
            held.close()
        ended = job.result.get("ended")
        left = self._left() if ended is None else ""
        with self._lock:
            job.message = str(job.result.get("message", ""))
            if ended is not None:
                self._end(job, ended)
            elif job.is_cancelled and not left:
                self._end(job, "cancelled")
            elif job.is_cancelled:
                job.message = f"It was cancelled. {left}"
                self._end(job, "failed")
            else:
                job.message = (
                    f"The worker ended without an answer (exit code {process.exitcode}): it was"
                    " killed, or the machine had no more memory."
                )
                if left:
                    job.message += f" {left}"
                self._end(job, "failed")
            self._running = None
            self._next()

    def _left(self) -> str:
        """Remove what a worker has begun to write; say so where that fails."""
        try:
            tidy(self._runs_dir)
        except OSError as error:
            return f"What it had begun to write cannot be removed: {error}"
        return ""

    def _end(self, job: Job, state: State) -> None:
        job.state = state
        job.ended = time.time()
        over = [old.id for old in self._jobs.values() if old.is_over]
        for identifier in over[: max(0, len(over) - _MOST_KEPT)]:
            del self._jobs[identifier]
