"""A served folder with a run of tiny in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from client import Client, serving
from plans import plan_of

from planner.runs import write_run


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one run, not to be changed."""
    folder = tmp_path_factory.mktemp("stored")
    write_run(plan_of("tiny"), folder / "runs")
    return folder


@pytest.fixture
def folder(stored: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    return Path(shutil.copytree(stored, tmp_path / "project"))


@pytest.fixture
def client(folder: Path) -> Iterator[Client]:
    with serving(folder) as client:
        yield client


@pytest.fixture
def run(folder: Path) -> str:
    """Return the name of its run."""
    (run,) = (folder / "runs").iterdir()
    return run.name
