"""Futures on a Dask cluster that is there already."""

from __future__ import annotations

import hashlib
import io
import platform
import re
import socket
import tempfile
import threading
import time
import zipfile
from asyncio import CancelledError
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from shutil import make_archive
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError, Problem, raise_all
from planner.base.paths import DATA_DIR
from planner.outputs.files import staging
from planner.runs.folder import put_run, reason_of
from planner.runs.meta import read_meta
from planner.runs.settings import own_files
from planner.scenario.tree import Node, Place, assign
from planner.studies.sweep.answers import FutureResult
from planner.studies.sweep.futures import FutureTask, Queue, Tables, versions_of
from planner.studies.sweep.one import SolvedFuture, answer_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from planner.scenario import Scenario

    _Sent = tuple[FutureTask, Mapping[tuple[str, str], bytes]]
    """A future as it travels, and the content of each setting that names a file which is no table, by key path."""

# --- A Dask cluster that is there already: reached, and its versions compared before work is sent ---
#
# Before anything is sent, Python, dcplan and the libraries that make an answer are compared with
# those of every worker.

_PACKAGES: Final = ("dcplan", "highspy", "numpy", "scipy", "pandas", "pyarrow", "distributed")
CONNECT_TIMEOUT_S: Final = 10.0
"""For a scheduler to answer at all."""
_MORE_S: Final = 2.0
"""For Dask to end by itself once that time is over."""
WORKERS_TIMEOUT_S: Final = 120.0
"""For a worker in the place of one that was lost: it imports all of dcplan first."""
_OPTION: Final = "--scheduler"
_ADDRESS: Final = re.compile(r"((tcp|tls|wss?)://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/:@\[\]]+):(?P<port>[0-9]{1,5})")
_MOST_PORT: Final = 65_535
_LOOK: Final = "check the address, which the scheduler prints when it starts"


@contextmanager
def connected(scheduler: str, report: Callable[[str], None]) -> Iterator[Any]:
    """Connect to a cluster whose workers give the answers that would be found here."""
    raise_all(wrong_address(scheduler))
    distributed: Any = import_module("distributed")
    report(f"Connecting to scheduler {scheduler}")
    _try_host(scheduler)
    try:
        client = _client(distributed, scheduler)
    except (OSError, ValueError) as error:
        what_is = f"no scheduler answers at {scheduler}: {str(error).splitlines()[0]}"
        raise _refused(what_is, "that of a Dask cluster", _LOOK) from error
    with client:
        compare_versions(client, scheduler)
        yield client


def wrong_address(scheduler: str | None) -> list[Problem]:
    """Return why no scheduler can be reached, as far as can be said without the network.

    Dask itself takes a minute to give up what it cannot read.
    """
    if scheduler is None:
        return []
    try:
        import_module("distributed")
    except ModuleNotFoundError:
        fix = "install it with: pip install 'dcplan[dask]'"
        return [Problem.of(_OPTION, "needs the library distributed, which is missing", "installed", fix)]
    address = _ADDRESS.fullmatch(scheduler)
    if address is not None and 1 <= int(address["port"]) <= _MOST_PORT:
        return []
    what_is = f"{scheduler!r} is not the address of a scheduler"
    return [Problem.of(_OPTION, what_is, "host and port, such as tcp://10.0.0.5:8786", _LOOK)]


def _try_host(scheduler: str) -> None:
    """Refuse a host that no network knows: Dask asks again until time is over, and says that.

    How long the system looks for a host is up to its resolver.
    """
    host, _, port = scheduler.rpartition("/")[2].rpartition(":")
    host = host.strip("[]")
    try:
        socket.getaddrinfo(host, int(port))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refused(f"host {host!r} is unknown: {reason}", "that of a Dask cluster", _LOOK) from error


def _client(distributed: Any, scheduler: str) -> Any:
    """Return a client in time, or raise why there is none.

    Dask waits without end for another program that listens there, such as its own dashboard, and
    takes what that says for the size of a message.
    """
    made: list[Any] = []
    is_late = threading.Event()

    def make() -> None:
        try:
            made.append(distributed.Client(scheduler, timeout=CONNECT_TIMEOUT_S, set_as_default=False))
        except Exception as error:
            made.append(error)
        if is_late.is_set() and not isinstance(made[0], Exception):  # nobody waits for it any more
            made[0].close()

    thread = threading.Thread(target=make, name="connect", daemon=True)
    thread.start()
    thread.join(CONNECT_TIMEOUT_S + _MORE_S)
    if not made or isinstance(made[0], MemoryError):
        is_late.set()
        raise ConnectionError("what listens there does not answer as one")
    if isinstance(made[0], Exception):
        raise made[0]
    return made[0]


def _refused(what_is: str, must_be: str, fix: str) -> InputError:
    return InputError.at(_OPTION, what_is, must_be, fix)


def compare_versions(client: Any, scheduler: str) -> None:
    """Refuse a cluster whose workers, or some of them, would give other answers, or none."""
    try:
        there = client.run(versions)
    except ModuleNotFoundError as error:
        what_is = f"the workers at {scheduler} have no {error.name}"
        raise _refused(what_is, "workers with dcplan", "install the same version of dcplan there") from error
    if not there:
        what_is = f"the cluster at {scheduler} has no workers"
        raise _refused(what_is, "one with workers", "start some: dask worker")
    here, fix, problems = versions(), "install the same version on both", []
    for worker, of in sorted(there.items()):
        for name, own in here.items():
            if of.get(name) != own:
                what_is = f"worker {worker} has {name} {of.get(name, 'none')}"
                problems.append(Problem.of(_OPTION, what_is, f"{own}, as here", fix))
    raise_all(problems)


def versions() -> dict[str, str]:
    """Return what must be the same here and on every worker."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python, **versions_of(_PACKAGES), "code of dcplan": _hash_of_code()}


def _hash_of_code() -> str:
    """Return the start of a hash of dcplan's own code: two checkouts may have one version."""
    package = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


# --- Futures solved by the workers of a Dask cluster that is there already ------------------------
#
# Nothing needs a disk that all see: tables and files of one's own travel by value, once to each
# worker under a name made of their hashes; run folders come back as bytes.

_MOST_LOST: Final = 3
"""How often a future is asked again because workers were lost that were not at it."""
_one_at_a_time = threading.Lock()
"""Of a worker with several threads: the solver's threads are those of the process."""


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
            begun.append(client.submit(answered, to_send(question), sent[question.tables_key], start, pure=False))
            asked[begun[-1]] = question
        return begun

    waiting = distributed.as_completed(ask(), loop=client.loop)
    for done in waiting:
        question, ended = asked.pop(done), None
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
                waiting.update(ask())
                continue
            answer = FutureResult(question.name, "killed", f"{type(why).__name__}: {why}")
        done.release()
        queue.done(question, ended)
        waiting.update(ask())  # so that none is idle while its answer is stored
        yield question, answer, ended


def _sent_tables(
    client: Any, tables: Mapping[str, Tables], number: int, report: Callable[[str], None]
) -> dict[str, Any]:
    """Send tables to all workers there are, and wait for one where there is none."""
    sent = {key: {f"dcplan-tables-{number}-{key}": (one, DATA_DIR)} for key, one in tables.items()}
    scheduler, end, is_told = client.scheduler.address, time.monotonic() + WORKERS_TIMEOUT_S, False
    while not is_told or time.monotonic() <= end:
        with suppress(OSError):  # what is there is just ending
            if client.nthreads():  # without workers it would wait by itself, and say nothing
                return {key: next(iter(client.scatter(one, broadcast=True).values())) for key, one in sent.items()}
        if not is_told:
            until = time.strftime("%H:%M:%S", time.localtime(time.time() + WORKERS_TIMEOUT_S))
            report(f"The cluster at {scheduler} has no workers; waiting for one until {until}")
        is_told = True
        time.sleep(0.5)
    fix = "start some, and the same command goes on from there"
    raise _refused(f"the cluster at {scheduler} has lost all its workers", "one with workers", fix)


def _why(done: Any) -> BaseException:
    """Return what ended a task: one whose data are lost is cancelled, and raises that."""
    try:
        why: BaseException = done.exception()
    except (Exception, CancelledError) as error:
        return error
    return why


# --- there and back -------------------------------------------------------------------------
def to_send(question: FutureTask) -> _Sent:
    """Give a future full paths, so that it means the same elsewhere, and the content of files of its own."""
    scenario = question.scenario
    if scenario is None:
        return question, {}
    tree = scenario.tree
    for table, path in scenario.data_files.items():
        tree = assign(tree, ("data", table), Node(str(path.resolve()), Place("--scheduler")))
    files = {}
    for keys, path in own_files(scenario):
        tree = assign(tree, keys, Node(str(path), Place("--scheduler")))
        files[keys] = path.read_bytes()
    return replace(question, scenario=_with_tree(scenario, tree)), files


def _with_tree(scenario: Scenario, tree: Node) -> Scenario:
    return scenario.written_in(scenario.name, scenario.source_files, tree, scenario.source_sha256)


def answered(
    sent: _Sent, tables: tuple[Tables, Path], start: bytes | None = None
) -> tuple[FutureResult, bytes | None, bytes | None]:
    """Solve a future on a worker; a run that is kept comes back as a zip of its folder.

    Tables come with the folder of the shipped ones where they were read; here it is another.
    """
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="dcplan-") as home:
        question, files = sent
        if question.scenario is not None:
            tree = question.scenario.tree
            for number, (keys, content) in enumerate(files.items()):
                suffix = Path(str(question.scenario.file_at(keys))).suffix
                path = Path(home) / f"file-{number}{suffix}"
                path.write_bytes(content)
                tree = assign(tree, keys, Node(str(path), Place("--scheduler")))
            question = replace(question, scenario=_with_tree(question.scenario, tree))
        read, data_dir = tables
        paths = {DATA_DIR / at.name if at.parent == data_dir else at: digits for at, digits in read.sha256.items()}
        here = replace(read, sha256=paths)
        runs_dir = Path(home) / "runs"
        try:
            answer, ended = answer_to(question, here, runs_dir, start)
        except OSError as error:  # of its disk, not of ours
            message = f"files cannot be read or written on its worker: {reason_of(error)}"
            return FutureResult(question.name, "error", message), None, None
        kept = runs_dir / answer.run
        return answer, ended, Path(make_archive(str(kept), "zip", kept)).read_bytes() if answer.run else None


def _unpack(run: bytes, runs_dir: Path) -> str:
    """Store a run folder that came back, and return its name; it is there whole or not at all."""
    with staging(runs_dir) as partial, zipfile.ZipFile(io.BytesIO(run)) as file:
        file.extractall(partial)
        return put_run(partial, runs_dir, read_meta(partial)).name
