"""What tests of one run share: a folder of solved worlds, compiled modules, an option of pandas."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Generator, Iterator
from importlib.util import cache_from_source
from pathlib import Path
from types import ModuleType
from typing import TypeVar
from zlib import crc32

import hypothesis
import pandas
import pytest
from shared import FOLDER

import planner
from planner.base.pandas_texts import hold_texts_as_objects
from planner.cli import progress as pauses

# As commands do, and before conftest.py of a folder makes tables; `test_texts.py` tries otherwise.
hold_texts_as_objects()
# What is shown must not depend on how busy the machine is; `cli/test_progress.py` tries otherwise.
pauses.PATIENCE_S = pauses.BETWEEN_LINES_S = 3600.0
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")

SLOW = Path(__file__).parent / "slow.txt"
Report = TypeVar("Report", pytest.CollectReport, pytest.TestReport)
COMMIT = "DCPLAN_TESTS_COMMIT"
"""Environment variable with the commit that draws which tenth of a long list `make test` runs."""
NO_SKIPS = "DCPLAN_TESTS_NO_SKIPS"
"""Environment variable that, if set, fails a test that is skipped, unless for want of published cases."""


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # workers take all this with the environment
        return
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="dcplan-tests-")
    git = ["git", "-C", str(config.rootpath), "rev-parse", "HEAD"]
    os.environ.setdefault(COMMIT, subprocess.run(git, check=False, capture_output=True, text=True).stdout.strip())
    if sys.dont_write_bytecode and not _are_compiled(planner, pandas):
        # Workers and commands would compile every module again.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or it was told by -B
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(os.environ[FOLDER]) / "bytecode")


def _are_compiled(*packages: ModuleType) -> bool:
    """Say whether modules were compiled where they were installed; a cache elsewhere hides that."""
    return all(Path(cache_from_source(str(of.__file__))).exists() for of in packages)


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what `slow.txt` says."""
    lines = defaultdict[Path, list[tuple[str, tuple[str, ...]]]](list)
    for file, kind, *names in map(str.split, SLOW.read_text(encoding="utf-8").splitlines()):
        lines[(SLOW.parent / file).resolve()].append((kind, tuple(names)))
    for item in items:
        is_drawn = crc32(f"{os.environ[COMMIT]}{item.nodeid}".encode()) % 10 == 0
        for kind, names in lines[item.path]:
            is_named = not names or item.name.startswith(names)
            if {"slow": is_named, "quick": not is_named, "walked": is_named and not is_drawn}.get(kind):
                item.add_marker("slow")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _heard((yield))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _heard((yield))


def _heard(report: Report) -> Report:
    """Make of a skip a failure where all that tests need is said to be there."""
    lacks_a_case = "DCPLAN_CASES" in str(report.longrepr)
    if os.environ.get(NO_SKIPS) and report.skipped and not hasattr(report, "wasxfail") and not lacks_a_case:
        report.outcome = "failed"
    return report


def pytest_collection_finish() -> None:
    """Leave thousands of collected tests and all modules out of every look for cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """Give Python its own handler: a shell starts what runs in the background without it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
