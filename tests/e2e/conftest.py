"""A small project of a user's own as the working directory."""

from __future__ import annotations

from pathlib import Path

import pytest
from project import Project, mini_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = mini_project(tmp_path / "project")
    monkeypatch.chdir(project.folder)
    return project
