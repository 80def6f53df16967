"""What tests of one run share: a folder of solved worlds, compiled modules, an option of pandas."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path
from types import ModuleType

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


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # workers take all this with the environment
        return
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="dcplan-tests-")
    if sys.dont_write_bytecode and not _are_compiled(planner, pandas):
        # Workers and commands would compile every module again.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or it was told by -B
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(os.environ[FOLDER]) / "bytecode")


def _are_compiled(*packages: ModuleType) -> bool:
    """Say whether modules were compiled where they were installed; a cache elsewhere hides that."""
    return all(Path(cache_from_source(str(of.__file__))).exists() for of in packages)


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
