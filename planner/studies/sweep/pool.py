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
from typing import TYPE_CHECKING, Final

from planner.studies.sweep.answers import Answer
from planner.studies.sweep.one import answer_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from multiprocessing.context import SpawnProcess
    from pathlib import Path

    from planner.studies.sweep.futures import Question, Tables

__all__ = ["in_pool", "in_turn"]

_TRIES: Final = 2
"""Times that a future is tried whose process is ended from outside."""


def in_turn(
    questions: Sequence[Question], tables: Mapping[str, Tables], runs_dir: Path
) -> Iterator[tuple[Question, Answer]]:
    """Solve futures one after the other in this process."""
    for question in questions:
        yield question, answer_to(question, tables[question.tables_key], runs_dir)


def in_pool(
    questions: Sequence[Question],
    tables: Mapping[str, Tables],
    runs_dir: Path,
    jobs: int,
    on_begin: Callable[[Question], None] = lambda question: None,
) -> Iterator[tuple[Question, Answer]]:
    """Solve futures in processes side by side.

    Parameters
    ----------
    questions : sequence of Question
        In the order in which they are begun.
    tables : mapping of str to Tables
        All tables that they read, by key.
    runs_dir : Path
        Where run folders are stored.
    jobs : int
        Most processes at once.
    on_begin : callable
        Is told of each future that begins.

    Yields
    ------
    Question, Answer
        As they are done. One whose process is ended from outside, as by a system that is out of
        memory, is tried once more in a new process, and then has the status ``killed``.
    """
    waiting = list(reversed(questions))
    tries = dict.fromkeys((question.name for question in questions), 0)
    workers: list[_Worker] = []
    try:
        while waiting or any(worker.question for worker in workers):
            while waiting and len(workers) < jobs:
                workers.append(_Worker.started(tables, runs_dir))
            for worker in workers:
                if worker.question is None and waiting:
                    worker.ask(waiting.pop(), on_begin)
            for worker in _ready(workers):
                asked = worker.question
                assert asked is not None
                answer = worker.answer()
                if answer is None:
                    workers.remove(worker)
                    tries[asked.name] += 1
                    if tries[asked.name] < _TRIES:
                        waiting.append(asked)
                        continue
                    answer = Answer(asked.name, "killed", worker.how_it_ended())
                yield asked, answer
    finally:
        for worker in workers:
            worker.end()


@dataclass(eq=False)
class _Worker:
    """A process, and the future that it solves."""

    process: SpawnProcess
    pipe: Connection
    question: Question | None = None

    @classmethod
    def started(cls, tables: Mapping[str, Tables], runs_dir: Path) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, tables, runs_dir), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)

    def ask(self, question: Question, on_begin: Callable[[Question], None]) -> None:
        self.question = question
        on_begin(question)
        with suppress(OSError):  # it has ended; its answer says so
            self.pipe.send(question)

    def answer(self) -> Answer | None:
        """Return the answer; None where the process ended without one."""
        self.question = None
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return None
        assert isinstance(answer, Answer)
        return answer

    def how_it_ended(self) -> str:
        code = self.process.exitcode or 0
        if code >= 0:
            return f"its process ended with exit code {code}, twice"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        return (
            f"its process was ended by signal {name}, twice; where memory ran out, run fewer"
            " futures at once"
        )

    def end(self) -> None:
        self.process.terminate()
        self.process.join()
        self.pipe.close()


def _ready(workers: Sequence[_Worker]) -> list[_Worker]:
    """Wait until a process that is at work has an answer, or has ended."""
    busy = [worker for worker in workers if worker.question is not None]
    ready = wait([worker.pipe for worker in busy])
    return [worker for worker in busy if worker.pipe in ready]


def _work(pipe: Connection, tables: Mapping[str, Tables], runs_dir: Path) -> None:
    """Answer questions until there are none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):  # the parent has closed its end
        while True:
            question = pipe.recv()
            pipe.send(answer_to(question, tables[question.tables_key], runs_dir))


def _end_with_parent() -> None:
    """End this process as soon as its parent has, also in the middle of a solve."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
