"""Futures on a Dask cluster that is there already."""

from __future__ import annotations

import hashlib
import io
import platform
import re
import tempfile
import threading
import zipfile
from contextlib import contextmanager
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
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError, MemoryError) as error:  # another program's answer may pass for a size
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise _refused(f"no scheduler answers at {scheduler}: {why}", "that of a Dask cluster", _LOOK) from error
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
# Nothing needs a disk that all see: tables and files of one's own travel by value, tables as a task,
# which Dask does again where the workers that had its result are lost; run folders come back as bytes.

_one_at_a_time = threading.Lock()
"""Of a worker with several threads: the solver's threads are those of the process."""


def in_cluster(queue: Queue, tables: Mapping[str, Tables], runs_dir: Path, client: Any) -> Iterator[SolvedFuture]:
    """Solve futures on a Dask cluster."""
    distributed: Any = import_module("distributed")
    sent = {key: client.submit(tuple, (one, DATA_DIR), pure=False) for key, one in tables.items()}
    asked: dict[Any, FutureTask] = {}

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
        if done.status == "cancelled":
            what_is, fix = "the scheduler was lost", "start it, and the same command goes on from there"
            raise _refused(what_is, "one that stays until all is solved", fix)
        if done.status == "finished":
            answer, ended, run = done.result()
            if run is not None:
                answer = replace(answer, run=_unpack(run, runs_dir))
        else:
            why = done.exception()
            answer = FutureResult(question.name, "killed", f"{type(why).__name__}: {why}")
        done.release()
        queue.done(question, ended)
        waiting.update(ask())  # so that none is idle while its answer is stored
        yield question, answer, ended


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
