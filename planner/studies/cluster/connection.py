"""A Dask cluster that is there already: reached, and its versions compared before work is sent.

Before anything is sent, Python, dcplan and the libraries that make an answer are compared with
those of every worker.
"""

from __future__ import annotations

import hashlib
import platform
import re
import socket
import threading
import time
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from planner.base.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "CONNECT_TIMEOUT_S",
    "TIMEOUT_S",
    "WORKERS_TIMEOUT_S",
    "compare_versions",
    "connected",
    "looks_for_workers",
    "scheduler_problem",
    "versions",
    "wrong_address",
]

_PACKAGES: Final = ("dcplan", "highspy", "numpy", "scipy", "pandas", "pyarrow", "distributed")
CONNECT_TIMEOUT_S: Final = 10.0
"""For a scheduler to answer at all."""
_MORE_S: Final = 2.0
"""For Dask to end by itself once that time is over."""
TIMEOUT_S: Final = 30.0
WORKERS_TIMEOUT_S: Final = 120.0
"""For a worker in the place of one that was lost: it imports all of dcplan first."""
_OPTION: Final = "--scheduler"
_ADDRESS: Final = re.compile(r"((tcp|tls|wss?)://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/:@\[\]]+):(?P<port>[0-9]{1,5})")
_MOST_PORT: Final = 65_535
_LOOK: Final = "check the address, which the scheduler prints when it starts"
_INSTALL: Final = "install it with: pip install 'dcplan[dask]'"


@contextmanager
def connected(scheduler: str, report: Callable[[str], None]) -> Iterator[tuple[Any, frozenset[str]]]:
    """Connect to a cluster whose workers give the answers that would be found here."""
    if problems := wrong_address(scheduler):
        raise InputError(problems)
    distributed: Any = import_module("distributed")
    report(f"Connecting to scheduler {scheduler}")
    _try_host(scheduler)
    try:
        client = _client(distributed, scheduler)
    except (OSError, ValueError) as error:
        what_is = f"no scheduler answers at {scheduler}: {str(error).splitlines()[0]}"
        raise InputError([scheduler_problem(what_is, "that of a Dask cluster", _LOOK)]) from error
    with client:
        yield client, compare_versions(client, scheduler)


def wrong_address(scheduler: str | None) -> list[Problem]:
    """Return why no scheduler can be reached, as far as can be said without the network.

    Dask itself takes a minute to give up what it cannot read.
    """
    if scheduler is None:
        return []
    try:
        import_module("distributed")
    except ModuleNotFoundError:
        what_is = "needs the library distributed, which is missing"
        return [scheduler_problem(what_is, "installed", _INSTALL)]
    address = _ADDRESS.fullmatch(scheduler)
    if address is not None and 1 <= int(address["port"]) <= _MOST_PORT:
        return []
    what_is = f"{scheduler!r} is not the address of a scheduler"
    return [scheduler_problem(what_is, "host and port, such as tcp://10.0.0.5:8786", _LOOK)]


def _try_host(scheduler: str) -> None:
    """Refuse a host that no network knows: Dask asks again until time is over, and says that.

    How long the system looks for a host is up to its resolver.
    """
    address = _ADDRESS.fullmatch(scheduler)
    assert address is not None
    host = address["host"].strip("[]")
    try:
        socket.getaddrinfo(host, int(address["port"]))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        what_is = f"host {host!r} is unknown: {reason}"
        raise InputError([scheduler_problem(what_is, "that of a Dask cluster", _LOOK)]) from error


def _client(distributed: Any, scheduler: str) -> Any:
    """Return a client in time, or raise why there is none.

    Dask waits without end for another program that listens there, such as its own dashboard, and
    takes what that says for the size of a message.
    """
    made: list[Any] = []
    is_late = threading.Event()

    def make() -> None:
        try:
            client = distributed.Client(scheduler, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
        except Exception as error:
            made.append(error)
            return
        made.append(client)
        if is_late.is_set():  # nobody waits for it any more
            client.close()

    thread = threading.Thread(target=make, name="connect", daemon=True)
    thread.start()
    thread.join(CONNECT_TIMEOUT_S + _MORE_S)
    if not made or isinstance(made[0], MemoryError):
        is_late.set()
        message = "what listens there does not answer as one"
        raise ConnectionError(message)
    if isinstance(made[0], Exception):
        raise made[0]
    return made[0]


def looks_for_workers(scheduler: str, report: Callable[[str], None], fix: str) -> Iterator[None]:
    """Yield for each look for workers, as long as they are waited for."""
    end = time.monotonic() + WORKERS_TIMEOUT_S
    yield
    until = time.strftime("%H:%M:%S", time.localtime(time.time() + WORKERS_TIMEOUT_S))
    report(f"The cluster at {scheduler} has no workers; waiting for one until {until}")
    while time.monotonic() <= end:
        yield
    what_is = f"the cluster at {scheduler} has lost all its workers"
    raise InputError([scheduler_problem(what_is, "one with workers", fix)])


def scheduler_problem(what_is: str, must_be: str, fix: str) -> Problem:
    """Return a problem of the cluster that was asked for."""
    return Problem(_OPTION, None, None, what_is, must_be, fix)


def compare_versions(client: Any, scheduler: str) -> frozenset[str]:
    """Refuse a cluster whose workers, or some of them, would give other answers, or none."""
    try:
        there = client.run(versions)
    except ModuleNotFoundError as error:
        what_is = f"the workers at {scheduler} have no {error.name}"
        fix = "install the same version of dcplan there"
        raise InputError([scheduler_problem(what_is, "workers with dcplan", fix)]) from error
    if not there:
        what_is = f"the cluster at {scheduler} has no workers"
        raise InputError([scheduler_problem(what_is, "one with workers", "start some: dask worker")])
    here = versions()
    problems = [
        scheduler_problem(
            f"worker {worker} has {name} {others.get(name, 'none')}",
            f"{here[name]}, as here",
            "install the same version on both",
        )
        for worker, others in sorted(there.items())
        for name in here
        if others.get(name) != here[name]
    ]
    if problems:
        raise InputError(problems)
    return frozenset(there)


def versions() -> dict[str, str]:
    """Return what must be the same here and on every worker."""
    known = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for package in _PACKAGES:
        try:
            known[package] = version(package)
        except PackageNotFoundError:
            known[package] = "not installed"
    known["code of dcplan"] = _hash_of_code()
    return known


def _hash_of_code() -> str:
    """Return the start of a hash of dcplan's own code: two checkouts may have one version."""
    package = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
