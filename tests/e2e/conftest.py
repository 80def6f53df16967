"""A small project of a user's own in an empty folder, and the command line in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from project import Project

MINI = Path(__file__).parent.parent / "fixtures" / "mini"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    folder = tmp_path / "project"
    shutil.copytree(MINI, folder)
    monkeypatch.chdir(folder)
    return Project(folder)
