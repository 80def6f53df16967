"""Processes of this machine that solve futures side by side, one each.

A process is started afresh (spawned), is given the tables once, and then one question after the
other. It ends when its parent is gone, however that ended. Ctrl-C is for the parent alone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, TypeAlias

from planner.base.children import apart_from_ctrl_c
from planner.studies.sweep.answers import FutureResult
from planner.studies.sweep.one import answer_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from multiprocessing.context import SpawnProcess
    from pathlib import Path

    from planner.studies.sweep.futures import FutureTask, Tables
    from planner.studies.sweep.order import Queue

__all__ = ["SolvedFuture", "in_pool", "in_turn"]

SolvedFuture: TypeAlias = "tuple[FutureTask, FutureResult, bytes | None]"
"""A future, what came of it, and where it ended if others may begin there."""


def in_turn(queue: Queue, tables: Mapping[str, Tables], runs_dir: Path) -> Iterator[SolvedFuture]:
    """Solve futures one after the other in this process; an `OSError` is that of `answer_to`."""
    while (task := queue.next()) is not None:
        question, start = task
        answer, ended = answer_to(question, tables[question.tables_key], runs_dir, start)
        queue.done(question, ended)
        yield question, answer, ended


def in_pool(queue: Queue, tables: Mapping[str, Tables], runs_dir: Path, jobs: int) -> Iterator[SolvedFuture]:
    """Solve futures in processes side by side."""
    ended_before: set[str] = set()
    workers: list[_Worker] = []
    try:
        while queue or any(worker.question for worker in workers):
            idle = [worker for worker in workers if worker.question is None]
            while idle or len(workers) < jobs:
                task = queue.next()
                if task is None:
                    break
                if not idle:
                    idle.append(_Worker.started())
                    workers += idle
                    idle[0].send((tables, runs_dir))
                idle.pop().ask(*task)
            for worker in _ready(workers):
                asked = worker.question
                assert asked is not None
                answered = worker.answer()
                if answered is None:
                    workers.remove(worker)
                    if asked.name not in ended_before:
                        ended_before.add(asked.name)
                        queue.put_back(asked)
                        continue
                    answered = FutureResult(asked.name, "killed", worker.how_it_ended()), None
                queue.done(asked, answered[1])
                yield asked, *answered
    finally:
        for worker in workers:
            worker.end()


@dataclass(eq=False)
class _Worker:
    """A process, and the future that it solves."""

    process: SpawnProcess
    pipe: Connection
    question: FutureTask | None = None

    @classmethod
    def started(cls) -> _Worker:
        """Start a process that waits for its tables, and then for questions.

        Tables are no arguments: multiprocessing reads those before any code of ours runs, and
        prints a traceback if this process is killed while it writes them, which takes a second.
        """
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs,), daemon=True)
        with apart_from_ctrl_c():
            process.start()
        theirs.close()
        return cls(process, ours)

    def ask(self, question: FutureTask, start: bytes | None) -> None:
        self.question = question
        self.send((question, start))

    def send(self, what: object) -> None:
        with suppress(OSError):  # it has ended; its answer says so
            self.pipe.send(what)

    def answer(self) -> tuple[FutureResult, bytes | None] | None:
        """Return the answer, or raise what it raised; None where it ended without either."""
        self.question = None
        try:
            answered = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return None
        if isinstance(answered, OSError):
            raise answered
        answer, ended = answered
        return answer, ended

    def how_it_ended(self) -> str:
        code = self.process.exitcode or 0
        if code >= 0:
            return f"its process ended with exit code {code}, twice"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        return f"its process was ended by signal {name}, twice; where memory ran out, run fewer futures at once"

    def end(self) -> None:
        self.process.terminate()
        self.process.join()
        self.pipe.close()


def _ready(workers: Sequence[_Worker]) -> list[_Worker]:
    """Wait until a process that is at work has an answer, or has ended."""
    busy = [worker for worker in workers if worker.question is not None]
    ready = wait([worker.pipe for worker in busy])
    return [worker for worker in busy if worker.pipe in ready]


def _work(pipe: Connection) -> None:
    """Take tables, and answer questions until there are none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Windows it was not kept away
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):  # the parent has closed its end
        tables, runs_dir = pipe.recv()
        while True:
            question, start = pipe.recv()
            pipe.send(_answer_or_error(question, tables[question.tables_key], runs_dir, start))


def _answer_or_error(
    question: FutureTask, tables: Tables, runs_dir: Path, start: bytes | None
) -> tuple[FutureResult, bytes | None] | OSError:
    try:
        return answer_to(question, tables, runs_dir, start)
    except OSError as error:
        return error


def _end_with_parent() -> None:
    """End this process as soon as its parent has, also in the middle of a solve."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
