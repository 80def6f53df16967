"""Run a sweep: what is stored already is not solved again, what is solved is stored at once."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InfeasibleError, InputError, LimitReachedError, Problem, raise_all
from planner.base.words import duration
from planner.clock.days import float_year
from planner.outputs.answer import Answer
from planner.outputs.files import try_folder, whole_file, whole_files
from planner.outputs.own_folder import RUNS_FOLDER, SWEEP, SWEEP_FILE, file_entry, write_tables, wrong_folder
from planner.outputs.table_files import records
from planner.results.ended import PLANNED, exit_code
from planner.runs.names import folder_of_file
from planner.runs.settings import in_short
from planner.scenario.tree import plain
from planner.studies.solve.asking import hear_warnings
from planner.studies.sweep import answers as kept
from planner.studies.sweep.answers import FutureResult, no_regret
from planner.studies.sweep.file import find_sweep
from planner.studies.sweep.futures import FORMAT, FutureTask, Queue, Sweep, read_sweep
from planner.studies.sweep.one import SolvedFuture, connected, in_cluster, in_pool, in_turn, wrong_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd

    from planner.outputs.plots import Drawing
    from planner.scenario import Changes

    Report = Callable[[str], None]

_BETWEEN_TABLES_S: Final = 5.0
"""Least time from one writing of the tables to the next while a sweep runs. [s]"""
_TABLES_FRAC: Final = 0.02
"""Most of a sweep's time that this may take; where it costs more, it is done less often."""


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is."""

    total: int  # futures in all
    done: int  # of these, those with an answer, `stored` of them from an earlier run
    failed: int  # of those done, how many have no plan as asked, or one that the check refuses
    stored: int  # answers that an earlier run had stored
    left_s: float  # about how long the rest takes; nan before it is known. [s]
    last: str = ""  # future that was answered last; empty at the beginning
    status: str = ""  # its status

    def __str__(self) -> str:
        """Say how many futures are answered, how long the rest takes, and which one was last."""
        parts = [f"{self.done} of {self.total} futures"]
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.stored} stored before"] if self.stored and not self.last else []
        is_known = self.done < self.total and self.left_s == self.left_s
        parts += [f"about {duration(self.left_s)} left"] if is_known else []
        return ", ".join(parts) + (f": {self.last} {self.status}" if self.last else "")


@dataclass(frozen=True, eq=False, repr=False)
class SweepResult(Answer):
    """What a sweep found, stored as it was solved."""

    kind = SWEEP
    fields = ("folder",)
    saved = kept.TABLES

    folder: Path  # where it is stored
    futures: pd.DataFrame  # a row per future: the values of its axes, status, cost, verdict of the check
    results: pd.DataFrame  # a row per future, key figure and year
    orders: pd.DataFrame  # a row per future, and what it orders for which site and year
    no_regret: pd.DataFrame  # what is ordered by a year in every future that has a plan, at least and at most
    timings: pd.DataFrame  # a row per future: how it was solved, and how long that took

    def fan(self, figure: str = "facility_mean_mw") -> Drawing:
        """Draw the spread of a figure of table `results` by model year."""
        from planner.outputs.plots import plot_fan

        return plot_fan(self.results, figure, title=self.folder.name)

    @property
    def exit_code(self) -> int:
        """1 where a plan breaks a rule or a bug ended a future, 4 where a limit did, 3 without a plan at all."""
        futures = self.futures
        status, broken = set(futures["status"]), futures[futures["broken"] != ""]
        codes = {exit_code(*row) for row in zip(broken["status"], broken["broken"].str.split(", "), strict=True)}
        if 1 in codes or status & {"error", "killed"}:
            return 1
        if status - PLANNED - {"infeasible", "wrong_input"}:
            return LimitReachedError.exit_code
        if "wrong_input" in status:
            return InputError.exit_code
        return 0 if status & PLANNED else InfeasibleError.exit_code

    def to_json(self) -> list[dict[str, Any]]:
        """Return the futures."""
        return records(self.futures)

    def save(self, folder: str | Path) -> Path:
        """Copy its tables into another folder; return where they are."""
        if Path(folder).resolve() != self.folder.resolve():
            Path(folder).mkdir(parents=True, exist_ok=True)
            write_tables(self.tables, Path(folder))
        return Path(folder)

    @property
    def failed(self) -> pd.DataFrame:
        """The rows of `futures` without a plan as asked, or with one that the check refuses."""
        table = self.futures
        return table[~(table["status"].isin(sorted(PLANNED)) & table["checked"])]


@dataclass
class _Tally:
    """Counts what is done, estimates what is left, and writes the tables of a sweep that runs."""

    total: int
    stored: int
    failed: int
    tell: Callable[[SweepProgress], None]
    write: Callable[[], object]
    solved: int = 0
    began: float = field(default_factory=time.perf_counter)
    next_s: float = field(default_factory=lambda: _BETWEEN_TABLES_S)

    @property
    def left(self) -> int:
        """How many futures have no answer yet."""
        return self.total - self.stored - self.solved

    def report(self, *last: str) -> None:
        """Say how far it is, and which future was `last`, with its status."""
        left_s = (time.perf_counter() - self.began) / self.solved * self.left if self.solved else float("nan")
        self.tell(SweepProgress(self.total, self.stored + self.solved, self.failed, self.stored, left_s, *last))

    def write_if_due(self) -> None:
        """Write the tables if that has not been done for long enough, so that it costs little."""
        begun = time.perf_counter()
        if begun - self.began < self.next_s:
            return
        # What cannot be written, as a table that is open on Windows, can be later, or at the end.
        with suppress(OSError):
            self.write()
        ended = time.perf_counter()
        self.next_s = ended - self.began + max(_BETWEEN_TABLES_S, (ended - begun) / _TABLES_FRAC)


def run_sweep(
    path: str | Path,
    overrides: Changes = (),
    *,
    out: str | Path | None = None,
    jobs: int | None = None,
    on_progress: Callable[[SweepProgress], None] | None = None,
    scheduler: str | None = None,
    on_stage: Callable[[str], None] | None = None,
    on_warning: Callable[[Problem], None] | None = None,
    strict: bool = False,
) -> SweepResult:
    """Solve and check every future of a sweep.

    Each answer is stored as soon as it is there, so a sweep that is ended in any way goes on from there when it is
    started again. A future that was changed since, or whose data were, is solved again; so is one that a bug or the
    system ended. While it runs, its tables are written now and then.

    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "land.yaml"
    >>> axis = "{key: new_sites.north.land_limit_mw, values: [20, 30]}"
    >>> _ = file.write_text(f"{{version: 1, base: tiny, axes: {{land: {axis}}}}}")
    >>> run_sweep(file, out=mkdtemp(), jobs=1).futures[["future", "status"]].to_numpy().tolist()
    [['land=20', 'optimal'], ['land=30', 'optimal']]
    """
    folder = folder_of(path, out)
    wrong = [*wrong_address(scheduler), *wrong_folder(folder, SWEEP, find_sweep(path))]
    try:
        sweep = read_sweep(path, overrides)
    except InputError as error:
        raise InputError([*wrong, *error.problems]) from error
    raise_all(wrong)
    hear_warnings(sweep.warnings, on_warning, strict=strict)
    return solve_sweep(sweep, folder, jobs, on_progress, scheduler=scheduler, on_stage=on_stage)


def solve_sweep(
    sweep: Sweep,
    folder: Path,
    jobs: int | None = None,
    on_progress: Callable[[SweepProgress], None] | None = None,
    *,
    scheduler: str | None = None,
    on_stage: Callable[[str], None] | None = None,
) -> SweepResult:
    """Solve and check every future of a sweep that is read; nothing is written before the first answer."""
    try_folder(folder, "--output")
    answers, starts = _stored(sweep, folder)
    waiting = [question for question in sweep.questions if question.name not in answers]
    queue, report = Queue(waiting, starts), on_stage or (lambda _: None)

    def begin() -> None:
        """Say what is swept; once that says so, tables of other futures would pass for its own."""
        for name in kept.TABLES if waiting else ():
            (folder / f"{name}.parquet").unlink(missing_ok=True)
        with whole_file(folder / SWEEP_FILE) as partial:
            partial.write_bytes(_meta(sweep))

    def write() -> SweepResult:
        return _written(sweep.questions, answers, folder)

    # A cluster that is not there leaves nothing behind.
    with _solving(sweep, queue, len(waiting), folder / RUNS_FOLDER, jobs, scheduler, report) as solved:
        if answers:
            begin()
        try:
            failed = sum(_is_failed(answer) for answer in answers.values())
            tally = _Tally(len(sweep.questions), len(answers), failed, on_progress or (lambda _: None), write)
            tally.report()
            for question, answer, ended in solved:
                if not answers:
                    begin()
                if ended is not None:
                    kept.store_start(ended, question, folder)
                kept.store(answer, question, folder)
                answers[answer.name] = answer
                tally.solved += 1
                tally.failed += _is_failed(answer)
                tally.report(answer.name, answer.status)
                if tally.left:
                    tally.write_if_due()
        except BaseException:
            if answers:  # what is done by then can be read
                write()
            raise
        return write()


@contextmanager
def _solving(
    sweep: Sweep, queue: Queue, count: int, runs_dir: Path, jobs: int | None, scheduler: str | None, report: Report
) -> Iterator[Iterator[SolvedFuture]]:
    """Make ready what solves futures, and yield their answers as they come."""
    tables = sweep.tables
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    jobs = min(jobs or processors, count)
    if not count:
        yield iter(())
    elif scheduler is not None:
        with connected(scheduler, report) as client:
            yield in_cluster(queue, tables, runs_dir, client)
    elif jobs == 1:
        yield in_turn(queue, tables, runs_dir)
    else:
        yield in_pool(queue, tables, runs_dir, jobs)


def _stored(sweep: Sweep, folder: Path) -> tuple[dict[str, FutureResult], dict[str, bytes]]:
    """Return stored answers, and where futures ended that others wait for; one whose end is lost is solved again."""
    found = {question.name: kept.answer_in(folder, question) for question in sweep.questions}
    answers = {name: stored for name, stored in found.items() if stored is not None}
    wanted: set[str] = set()
    starts = {}
    for question in reversed(sweep.questions):  # those that begin at it come after it
        if question.name in wanted & answers.keys():
            start = kept.start_in(folder, question)
            if start is not None:
                starts[question.name] = start
            elif answers[question.name].status in PLANNED:
                del answers[question.name]
        if question.name not in answers:
            wanted.add(question.begins_at)
    return answers, starts


def folder_of(path: str | Path, out: str | Path | None = None, home: Path = Path("sweeps")) -> Path:
    """Return the folder of a sweep: the one named, or one of the name of its file."""
    return Path(out) if out is not None else folder_of_file(find_sweep(path), home, SWEEP_FILE)


def _is_failed(answer: FutureResult) -> bool:
    return answer.status not in PLANNED or bool(answer.broken)


def _meta(sweep: Sweep) -> bytes:
    """Return what the folder says of what is swept, before it begins."""
    file, listed = sweep.file, sweep.file.listed.items()
    meta: dict[str, Any] = {
        "format": FORMAT,
        "sweep": file.name,
        "title": file.title,
        "question": file.question,
        "file": file_entry(file.path, file.sha256),
        "base": file.draft.name,
        "axes": {axis.name: [point.label for point in axis.points] for axis in file.axes},
        "futures": {question.name: question.file_name for question in sweep.questions},
        "changes": {name: in_short({key: plain(at) for key, at in of.children.items()}) for name, of in listed},
    }
    text = json.dumps(meta, indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", errors="backslashreplace")


def _written(questions: Sequence[FutureTask], answers: dict[str, FutureResult], folder: Path) -> SweepResult:
    orders = kept.orders(questions, answers)
    planned = [one for one in questions if one.name in answers and answers[one.name].status in PLANNED]
    begins = {one.name: float_year(one.scenario.decisions_start) for one in planned if one.scenario is not None}
    of_futures, figures, timings = (of(questions, answers) for of in (kept.futures, kept.figures, kept.timings))
    result = SweepResult(folder, of_futures, figures, orders, no_regret(orders, begins), timings)
    # Stopped while they are written, all stay as they were. The first one is renamed last: what
    # `futures` calls solved is in the others by then.
    with whole_files([folder / f"{name}.parquet" for name in result.tables]) as partials:
        for table, partial in zip(result.tables.values(), partials, strict=True):
            table.to_parquet(partial, index=False, compression="zstd")
    return result
