"""What tests of several files and workers solve is solved once for all of them.

A pytest run has a folder of its own (`conftest.py` makes and removes it), so that nothing is ever
older than the run, nor another checkout's.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from typing import Any

FOLDER = "DCPLAN_TESTS_SHARED"
"""Environment variable that names the folder of the run, for its workers."""


def shared(make: Callable[..., Any]) -> Callable[..., Any]:
    """Let the first test that asks make something of its arguments, and all others read it.

    Parameters
    ----------
    make : callable
        From arguments that `repr` tells apart, such as paths of the repository and settings, to
        something that can be pickled. Those who get it must not change it.
    """

    @cache
    @wraps(make)
    def once(*given: object) -> Any:
        if FOLDER not in os.environ:  # without pytest
            return make(*given)
        name = f"{make.__module__}.{make.__qualname__}{tuple(map(str, given))}"
        kept = Path(os.environ[FOLDER]) / f"{hashlib.sha256(name.encode()).hexdigest()}.pickle"
        with _alone(kept.with_suffix(".lock")):
            if not kept.exists():
                new = kept.with_suffix(".new")
                new.write_bytes(pickle.dumps(make(*given), protocol=pickle.HIGHEST_PROTOCOL))
                new.rename(kept)
            return pickle.loads(kept.read_bytes())

    return once


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other workers out, where the system can; elsewhere two may make the same."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
