"""What the program says: results on stdout, the rest on stderr, nothing where it is not wanted."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from planner.cli import COMMANDS

if TYPE_CHECKING:
    from project import Project

HEAVY = {"pandas", "numpy", "pydantic", "pulp", "highspy", "geopandas", "yaml", "rich", "pyarrow"}


def strict_json(text: str) -> Any:
    """Read JSON as other programs do, to which NaN is no number."""

    def refuse(word: str) -> float:
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


def test_help_of_every_command_and_the_package_itself_import_nothing_heavy() -> None:
    calls = [["--help"], *([name, "--help"] for name in COMMANDS)]
    code = (
        "import sys\n"
        "import planner\n"
        "from planner.cli import main\n"
        f"for call in {calls!r}:\n"
        "    main(call, standalone_mode=False)\n"
        f"heavy = {HEAVY!r} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert all(f" {name} " in done.stdout for name in COMMANDS)


def test_progress_is_on_stderr_and_the_summary_on_stdout(project: Project) -> None:
    result = project.dcplan("solve", "mini.yaml", "--no-workbook")

    assert result.exit_code == 0
    assert result.stdout.startswith("Two sites, two regions, two classes, two years\n")
    assert "Written to runs/mini-" in result.stdout
    stages = [line.split(" s  ")[1] for line in result.stderr.splitlines()]
    assert stages[0] == "Reading scenario and data"
    assert stages[-1] == "Writing the run folder"


def test_quiet_leaves_stderr_empty(project: Project) -> None:
    result = project.dcplan("solve", "mini.yaml", "--no-workbook", "-q")

    assert (result.exit_code, result.stderr) == (0, "")


def test_everything_that_can_be_read_can_be_read_as_json(project: Project) -> None:
    solved = project.dcplan("solve", "mini.yaml", "--no-workbook", "--json")
    meta = strict_json(solved.stdout)
    run = meta["run"]
    answers = {
        words: project.dcplan(*words.split(), "--json")
        for words in (
            "validate mini.yaml",
            "runs list",
            f"runs show {run}",
            f"export {run} --format csv",
            "data list",
            "data show racks",
        )
    }

    assert (meta["scenario"], meta["status"], meta["check"]["ok"]) == ("mini", "optimal", True)
    assert {words: answer.exit_code for words, answer in answers.items()} == dict.fromkeys(answers, 0)
    content = {words.split(f" {run}")[0]: strict_json(a.stdout) for words, a in answers.items()}
    assert content["validate mini.yaml"]["problems"] == []
    assert [entry["run"] for entry in content["runs list"]] == [run]
    assert content["runs show"] == meta
    assert f"runs/{run}/exports/csv/plan.csv" in content["export"]
    assert "sites" in {table["table"] for table in content["data list"]}
    assert content["data show racks"]["primary_key"] == ["rack"]


@pytest.mark.parametrize(
    "words",
    [
        "solve mini.yaml --format xlsx",
        "solve mini.yaml mini.yaml",
        "export",
        "export none",
        "export none --format pdf",
        "runs show none",
        "runs prune --keep -2",
        "data show site",
        "slove mini.yaml",
        "solve mini.yaml -q -v",
    ],
)
def test_a_wrong_command_line_ends_with_2_and_one_message(project: Project, words: str) -> None:
    before = project.files()

    result = project.dcplan(*words.split())

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr
    assert project.files() == before
