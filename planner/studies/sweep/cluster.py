"""Futures solved by the workers of a Dask cluster that is there already.

Nothing needs a disk that all see: tables and files of one's own travel by value, once to each
worker under a name made of their hashes; run folders come back as bytes.
"""

from __future__ import annotations

import io
import tempfile
import threading
import time
import zipfile
from asyncio import CancelledError
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planner.base.paths import DATA_DIR
from planner.outputs.staging import staging
from planner.runs.folder import put_run, reason_of
from planner.runs.meta import read_meta
from planner.runs.settings import own_files
from planner.scenario.tree import Node, Place, assign
from planner.studies.cluster.connection import looks_for_workers
from planner.studies.sweep.answers import FutureResult
from planner.studies.sweep.one import answer_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from planner.scenario import Scenario
    from planner.studies.sweep.futures import FutureTask, Tables
    from planner.studies.sweep.order import Queue
    from planner.studies.sweep.pool import SolvedFuture

__all__ = ["SentTables", "answered", "in_cluster", "to_send"]

_POLL_S: Final = 0.5
_MOST_LOST: Final = 3
"""How often a future is asked again because workers were lost that were not at it."""
_one_at_a_time = threading.Lock()
"""Of a worker with several threads: the solver's threads are those of the process."""


@dataclass(frozen=True, eq=False)
class _Sent:
    """A future as it travels."""

    question: FutureTask  # with full paths, so that it means the same where the working folder is another
    files: Mapping[tuple[str, str], bytes]  # content of each setting that names a file which is no table, by key path


@dataclass(frozen=True, eq=False)
class SentTables:
    """Tables as they travel; shipped ones are in another folder there."""

    tables: Tables
    data_dir: Path


def in_cluster(
    queue: Queue, tables: Mapping[str, Tables], runs_dir: Path, client: Any, report: Callable[[str], None]
) -> Iterator[SolvedFuture]:
    """Solve futures on a Dask cluster."""
    distributed: Any = import_module("distributed")
    sent = _sent_tables(client, tables, 0, report)
    asked: dict[Any, FutureTask] = {}
    lost: Counter[str] = Counter()

    def ask() -> list[Any]:
        """Submit all futures that can begin."""
        begun = []
        while (task := queue.next()) is not None:
            question, start = task
            of = sent[question.tables_key]
            begun.append(client.submit(answered, to_send(question), of, start, pure=False))
            asked[begun[-1]] = question
        return begun

    waiting = distributed.as_completed(ask(), loop=client.loop)
    for done in waiting:
        question = asked.pop(done)
        ended = None
        if done.status == "finished":
            answer, ended, run = done.result()
            if run is not None:
                answer = replace(answer, run=_unpack(run, runs_dir))
        else:
            why = _why(done)
            is_killer = isinstance(why, distributed.scheduler.KilledWorker)
            if not is_killer and lost[question.name] < _MOST_LOST:
                # The tables were on no other worker than one that has ended.
                lost[question.name] += 1
                sent = _sent_tables(client, tables, sum(lost.values()), report)
                done.release()
                queue.put_back(question)
                for begun in ask():
                    waiting.add(begun)
                continue
            answer = FutureResult(question.name, "killed", f"{type(why).__name__}: {why}")
        done.release()
        queue.done(question, ended)
        for begun in ask():
            waiting.add(begun)
        yield question, answer, ended


def _sent_tables(
    client: Any, tables: Mapping[str, Tables], number: int, report: Callable[[str], None]
) -> dict[str, Any]:
    """Send tables to all workers there are, and wait for one where there is none."""
    names = {key: f"dcplan-tables-{number}-{key}" for key in tables}
    fix = "start some, and the same command goes on from there"
    looks = looks_for_workers(client.scheduler.address, report, fix)
    while True:
        next(looks)
        with suppress(OSError):  # what is there is just ending
            if client.nthreads():  # without workers it would wait by itself, and say nothing
                return {
                    key: client.scatter({names[key]: SentTables(one, DATA_DIR)}, broadcast=True)[names[key]]
                    for key, one in tables.items()
                }
        time.sleep(_POLL_S)


def _why(done: Any) -> BaseException:
    """Return what ended a task: one whose data are lost is cancelled, and raises that."""
    try:
        why: BaseException = done.exception()
    except (Exception, CancelledError) as error:
        return error
    return why


# --- there and back -------------------------------------------------------------------------


def to_send(question: FutureTask) -> _Sent:
    """Give a future full paths, and the content of files of its own."""
    scenario = question.scenario
    if scenario is None:
        return _Sent(question, {})
    tree = scenario.tree
    for table, path in scenario.data_files.items():
        tree = assign(tree, ("data", table), Node(str(path.resolve()), Place("--scheduler")))
    files = {}
    for keys, path in own_files(scenario):
        tree = assign(tree, keys, Node(str(path), Place("--scheduler")))
        files[keys] = path.read_bytes()
    return _Sent(replace(question, scenario=_with_tree(scenario, tree)), files)


def _with_tree(scenario: Scenario, tree: Node) -> Scenario:
    return scenario.written_in(scenario.name, scenario.source_files, tree, scenario.source_sha256)


def answered(
    sent: _Sent, tables: SentTables, start: bytes | None = None
) -> tuple[FutureResult, bytes | None, bytes | None]:
    """Solve a future on a worker; a run that is kept comes back as a zip of its folder."""
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="dcplan-") as home:
        question = sent.question
        if question.scenario is not None:
            tree = question.scenario.tree
            for number, (keys, content) in enumerate(sent.files.items()):
                suffix = Path(str(question.scenario.file_at(keys))).suffix
                path = Path(home) / f"file-{number}{suffix}"
                path.write_bytes(content)
                tree = assign(tree, keys, Node(str(path), Place("--scheduler")))
            question = replace(question, scenario=_with_tree(question.scenario, tree))
        sha256 = {
            DATA_DIR / path.name if path.parent == tables.data_dir else path: digits
            for path, digits in tables.tables.sha256.items()
        }
        here = replace(tables.tables, sha256=sha256)
        runs_dir = Path(home) / "runs"
        try:
            answer, ended = answer_to(question, here, runs_dir, start)
        except OSError as error:  # of its disk, not of ours
            message = f"files cannot be read or written on its worker: {reason_of(error)}"
            return FutureResult(question.name, "error", message), None, None
        return answer, ended, _packed(runs_dir / answer.run) if answer.run else None


def _packed(folder: Path) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, path.relative_to(folder).as_posix())
    return held.getvalue()


def _unpack(run: bytes, runs_dir: Path) -> str:
    """Store a run folder that came back, and return its name; it is there whole or not at all."""
    with staging(runs_dir) as partial, zipfile.ZipFile(io.BytesIO(run)) as file:
        file.extractall(partial)
        return put_run(partial, runs_dir, read_meta(partial)).name
