"""The notebooks run as they are, show maps and tables, and are kept without outputs."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
README = (FOLDER.parent / "README.md").read_text(encoding="utf-8")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def test_the_readme_links_every_notebook() -> None:
    assert len(NOTEBOOKS) >= 2
    assert all(f"(notebooks/{path.name})" in README for path in NOTEBOOKS)


def test_no_outputs_are_stored(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


def test_a_notebook_calls_planner_and_has_no_logic_of_its_own(notebook: nbformat.NotebookNode) -> None:
    logic = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not any(isinstance(node, logic) for node in ast.walk(ast.parse(cell.source)))


@pytest.mark.filterwarnings("default")  # of Jupyter, not of dcplan
def test_a_notebook_runs_and_shows_a_map_and_tables(
    notebook: nbformat.NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As from a desktop: the commands of the environment are not on PATH.
    monkeypatch.setenv("PATH", os.defpath)

    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()

    shown = [
        kind
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        for kind in output.get("data", {})
    ]
    assert "image/svg+xml" in shown
    assert shown.count("text/html") >= 4
    assert list(tmp_path.iterdir()) == []
