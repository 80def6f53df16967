"""One future solved, here, in a pool of processes that solve many, or on a Dask cluster."""

from __future__ import annotations

import gc
import hashlib
import io
import math
import multiprocessing
import os
import platform
import re
import signal
import tempfile
import threading
import time
import traceback
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from multiprocessing.connection import wait
from pathlib import Path
from shutil import make_archive
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from planner.base.errors import DcplanError, InfeasibleError, InputError, LimitReachedError, Problem, raise_all
from planner.base.pandas_texts import with_texts_as_objects
from planner.base.paths import DATA_DIR, apart_from_ctrl_c
from planner.lp.start import Start
from planner.outputs.files import staging
from planner.outputs.own_folder import FUTURES_FOLDER
from planner.results.ended import PLANNED
from planner.results.ended import ended as ended_as
from planner.results.schema import TABLES
from planner.runs.folder import put_run, reason_of, write_run
from planner.runs.meta import read_meta
from planner.runs.settings import own_files
from planner.scenario.tree import Node, Place, assign
from planner.studies.solve.checked_plan import StageTimes, plan_of
from planner.studies.sweep.answers import FutureResult, Order
from planner.studies.sweep.futures import FutureTask, Queue, Tables, inputs_of, versions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from multiprocessing.connection import Connection

    import pandas as pd

    from planner.inputs.inputs import Inputs
    from planner.runs.plan import Plan
    from planner.scenario import Scenario

    _Sent = tuple[FutureTask, Mapping[tuple[str, str], bytes]]
    """A future as it travels, and the content of each setting that names a file which is no table, by key path."""

# --- One future from question to answer; whatever goes wrong with it is its own answer ------------

_UNIT: Final = {column.name: column.unit for column in TABLES["summary"].fields}
_ORDERED: Final = {
    "halls": ("builds", "hall", "built_mw"),
    "connection": ("connections", "zone", "added_mw"),
    "racks": ("installs", "rack", "installed_mw"),
    "on-site power": ("source_builds", "source", "built_mw"),
}
"""What a plan orders: its table, the column that says which, and the amount. [MW]"""
_STATUS: Final = ((InputError, "wrong_input"), (InfeasibleError, "infeasible"), (LimitReachedError, "stopped"))
"""Status of a future that ends with an error; any other one is an ``error``."""
_NOTHING_MW: Final = 1e-6


@with_texts_as_objects
def answer_to(
    question: FutureTask, tables: Tables, runs_dir: Path, start: bytes | None = None
) -> tuple[FutureResult, bytes | None]:
    """Solve a future and check its plan; return where it ended too, if others may begin there."""
    began, cpu_began, ended = time.perf_counter(), time.process_time(), list[bytes]()
    # As in `dcplan solve`: hardly a cycle among many objects, so they are looked for once.
    gc.disable()
    try:
        answer = _answer(question, tables, runs_dir, start, ended.append)
    finally:
        gc.enable()
        gc.collect()
    answer = replace(answer, seconds=time.perf_counter() - began, cpu_s=time.process_time() - cpu_began)
    return answer, ended[0] if ended else None


def _answer(
    question: FutureTask, tables: Tables, runs_dir: Path, start: bytes | None, keep: Callable[[bytes], None]
) -> FutureResult:
    try:
        if question.scenario is None:
            raise InputError(question.problems)
        begins = None if start is None else Start.from_bytes(start)
        keep_start = (lambda where: keep(where.to_bytes())) if question.leads else None
        inputs = inputs_of(question, tables)
        plan = plan_of(question.scenario, inputs, StageTimes(), start=begins, keep_start=keep_start)
        run = write_run(plan, runs_dir).name if question.keeps_run else ""
    except DcplanError as error:
        status = next((word for kind, word in _STATUS if isinstance(error, kind)), "error")
        return FutureResult(question.name, status, str(error))
    except OSError:
        raise
    except MemoryError:
        return FutureResult(question.name, "error", "there is not enough memory for it; run fewer futures at once")
    except Exception as error:  # a bug in one future must not end the others
        where = f"this is a bug in dcplan; traceback in {FUTURES_FOLDER}/{question.file_name}.json"
        message = f"{type(error).__name__}: {error}; {where}"
        return FutureResult(question.name, "error", message, trace=traceback.format_exc())
    answer, said = answer_of(question.name, plan), []
    if plan.outcome.status not in PLANNED:
        said.append(str(ended_as(plan.run.meta, plan.tables["solution"])))
    if answer.broken:
        said.append(f"the check failed: {', '.join(answer.broken)}")
    return replace(answer, message="; ".join(said), run=run)


def answer_of(name: str, plan: Plan) -> FutureResult:
    """Return what is kept of the plan of a future."""
    outcome = plan.outcome
    return FutureResult(
        name,
        outcome.status,
        broken=tuple(check.name for check in plan.verdict.broken),
        rules=len(plan.verdict.checks),
        objective_musd=_finite(outcome.objective),
        bound_musd=_finite(outcome.dual_bound),
        gap_frac=_finite(outcome.gap),
        figures=tuple(figures_of(plan)),
        orders=tuple(orders_in(plan.tables, lead_months(plan.inputs))),
        method=outcome.method_used,
    )


def figures_of(plan: Plan) -> Iterator[tuple[str, int | None, str, float | None]]:
    """Yield key figures: cost of the plan in all and by item, and its summary by year."""
    yield "objective_musd", None, "MUSD", _finite(plan.outcome.objective)
    for item, musd in plan.costs.groupby("item", sort=True)["npv_musd"].sum().items():
        yield f"npv_of_{item}_musd", None, "MUSD", _finite(musd)
    summary = plan.summary
    for column in summary.columns.drop("year"):
        for year, value in zip(summary["year"], summary[column], strict=True):
            yield str(column), int(year), _UNIT[str(column)], _finite(value)


def lead_months(inputs: Inputs) -> dict[tuple[str, str], float]:
    """Return how long orders take by kind and what they wait for: a connection its site, a source itself. [month]"""
    months = inputs.order_months
    of = {
        "connection": (inputs.sets.site.labels, months.connection),
        "on-site power": (inputs.supply.build.axis("source").labels, months.source),
    }
    return {(kind, at): lead for kind, (ids, leads) in of.items() for at, lead in zip(ids, leads.tolist(), strict=True)}


def orders_in(tables: Mapping[str, pd.DataFrame], months: Mapping[tuple[str, str], float]) -> Iterator[Order]:
    """Yield what the plan orders by kind, site and item, and the year it serves; committed halls wait for nothing."""
    of_halls = tables["leads"].set_index(["site", "hall"])["months"].astype(float).to_dict()
    for kind, (name, item, amount) in _ORDERED.items():
        frame = tables[name]
        by = ["site", item, "year"]
        frame = frame.assign(is_committed=frame["stage"] == "committed" if kind == "halls" else False)
        total = frame.groupby([*by, "is_committed"], sort=True, as_index=False)[amount].sum()
        columns = (total[name].tolist() for name in (*by, "is_committed", amount))
        for site, which, year, is_committed, mw in zip(*columns, strict=True):
            if mw > _NOTHING_MW:
                lead = months.get((kind, which if kind == "on-site power" else site))
                if kind == "halls" and not is_committed:
                    lead = of_halls.get((site, which))
                yield kind, str(site), str(which), int(year), float(mw), lead, is_committed


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


# --- Processes of this machine that solve futures side by side, one each --------------------------
#
# A process is started afresh (spawned), is given the tables once, and then one question after the
# other. It ends when its parent is gone, however that ended. Ctrl-C is for the parent alone.

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
                    idle.append(_Worker())
                    workers += idle
                    idle[0].send((tables, runs_dir))
                idle.pop().ask(*task)
            busy = [(worker, worker.question) for worker in workers if worker.question is not None]
            ready = wait([worker.pipe for worker, _ in busy])
            for worker, asked in [of for of in busy if of[0].pipe in ready]:
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


class _Worker:
    """A process, and the future that it solves."""

    question: FutureTask | None = None

    def __init__(self) -> None:
        """Start a process that waits for its tables, and then for questions.

        Tables are no arguments: multiprocessing reads those before any code of ours runs, and prints a traceback if
        this process is killed meanwhile.
        """
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs,), daemon=True)
        with apart_from_ctrl_c():
            self._process.start()
        theirs.close()

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
            answered: tuple[FutureResult, bytes | None] | OSError = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            return None
        if isinstance(answered, OSError):
            raise answered
        return answered

    def how_it_ended(self) -> str:
        code = self._process.exitcode
        return f"its process ended with exit code {code}, twice; where memory ran out, run fewer futures at once"

    def end(self) -> None:
        self._process.terminate()
        self._process.join()
        self.pipe.close()


def _work(pipe: Connection) -> None:
    """Take tables, and answer questions until there are none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Windows it was not kept away
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):  # the parent has closed its end
        tables, runs_dir = pipe.recv()
        while True:
            question, start = pipe.recv()
            try:
                answer: object = answer_to(question, tables[question.tables_key], runs_dir, start)
            except OSError as error:
                answer = error
            pipe.send(answer)


def _end_with_parent() -> None:
    """End this process as soon as its parent has, also in the middle of a solve."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


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
    """Return why no scheduler can be reached, without the network: Dask takes a minute to give up a wrong address."""
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
    """Solve a future on a worker; a run that is kept comes back as a zip.

    Tables are sent with the data folder that they were read from.
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
