"""Whose a folder is: a study goes into a new one or into its own, never among files of another."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner
from plans import plan_of

from planner.base.errors import InputError
from planner.cli import main
from planner.operate import Stressed
from planner.outputs.answer import Answer
from planner.outputs.files import sha256_of
from planner.outputs.own_folder import (
    FOLDER_KINDS,
    LEDGER_FILE,
    SENSITIVITY_METHODS,
    STUDY_KINDS,
    file_entry,
    try_own_folder,
    wrong_folder,
)
from planner.outputs.study_files import Alternatives, Frontier, Sensitivity
from planner.runs.folder import write_run
from planner.studies.dispatch import DaysError, Dispatch
from planner.studies.estimates import Estimates
from planner.studies.sensitivity import sensitivity
from planner.studies.sensitivity.design import METHODS
from planner.studies.stochastic import Stochastic

HOLDS = {
    "run": "run.json",
    "folder of runs": "tiny-1a2b3c4d/run.json",
    "sweep": "sweep.json",
    "study of sensitivity": "morris-bound_musd.json",
    "stochastic program": "stochastic.json",
    "frontier": "frontier.json",
    "study of alternatives": "alternatives.json",
    "stress study": "stress_year.parquet",
    "study of dispatch": "dispatch.parquet",
    "study of the error of days": "days_error.parquet",
    "table of estimates": "estimates.parquet",
}
"""What a folder is, by a file in it."""
KIND = {
    "runs": "folder of runs",
    "sensitivity": "study of sensitivity",
    "stochastic": "stochastic program",
    "alternatives": "study of alternatives",
    "stress": "stress study",
    "dispatch": "study of dispatch",
    "days_error": "study of the error of days",
    "estimates": "table of estimates",
    "frontier": "frontier",
    "sweep": "sweep",
}
NAMED = {kind.name: kind for kind in FOLDER_KINDS}
OF_RUNS = ("myopic", "solve", "explain", "estimates")
ASKED = {
    "sweep": ("tiny",),
    "stochastic": ("tiny-uncertain",),
    "sensitivity": ("tiny", "--figures", "1"),
    "frontier": ("tiny", "--cost-against", "carbon", "--points", "3"),
    "alternatives": ("tiny",),
    "myopic": ("tiny",),
    "solve": ("tiny",),
    "explain": ("tiny",),
    "estimates": ("tiny",),
}


def holding(folder: Path, what: str) -> Path:
    file = folder / HOLDS[what]
    file.parent.mkdir(parents=True)
    file.write_text("{}", encoding="utf-8")
    return file


def as_written(file: Path) -> Path:
    (file.parent / LEDGER_FILE).write_text(sha256_of(file), encoding="utf-8")
    return file


def test_every_kind_of_study_is_known_by_its_files_here() -> None:
    whole = {(kind.part_of or kind).name: (kind.part_of or kind).words for kind in STUDY_KINDS}

    assert whole == {name: words for name, words in KIND.items() if name != "runs"}
    assert {kind.words for kind in FOLDER_KINDS if kind.part_of is None} == HOLDS.keys()
    assert len(NAMED) == len(FOLDER_KINDS)
    assert SENSITIVITY_METHODS == METHODS


@pytest.mark.parametrize("kind", KIND)
@pytest.mark.parametrize("what", HOLDS)
def test_a_folder_is_for_one_kind_alone(tmp_path: Path, kind: str, what: str) -> None:
    file = as_written(holding(tmp_path / "out", what))

    wrong = wrong_folder(tmp_path / "out", NAMED[kind])

    # A study of sensitivity is solved as a sweep, whose file is there before its own.
    is_own = KIND[kind] == what or (kind, what) == ("sensitivity", "sweep")
    assert [problem.what_is for problem in wrong] == ([] if is_own else [f"the folder is that of a {what}"])
    assert [problem.file for problem in wrong] == ([] if is_own else [str(file)])
    assert wrong_folder(tmp_path / "new", NAMED[kind]) == []


@pytest.mark.parametrize("command", ASKED)
def test_every_command_refuses_it_before_anything_is_solved(tmp_path: Path, command: str) -> None:
    out = tmp_path / "out"
    file = holding(out, "stress study")
    option = "--runs" if command in OF_RUNS else "--output"

    said = CliRunner().invoke(main, [command, *ASKED[command], option, str(out)])

    assert said.exit_code == 2, said.output
    assert f"{file}: the folder is that of a stress study; must be a new folder, or " in said.stderr
    assert f"; name another folder with {option}, or move what is in this one away" in said.stderr
    assert [path.name for path in out.iterdir()] == [file.name]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(plan_of("tiny"), tmp_path_factory.mktemp("runs"), workbook=False)


def test_studies_that_go_on_from_their_folder_refuse_that_of_another_file(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.yaml", tmp_path / "other.yaml"
    mine.write_text("a: 1", encoding="utf-8")
    other.write_text("a: 2", encoding="utf-8")
    for kind, name in (("sensitivity", "sweep"), ("sweep", "sweep"), ("stochastic", "stochastic")):
        folder = tmp_path / kind
        folder.mkdir()
        about = {"file": file_entry(other, "of what it was")}
        (folder / f"{name}.json").write_text(json.dumps(about), encoding="utf-8")

        assert wrong_folder(folder, NAMED[kind], other) == []
        (wrong,) = wrong_folder(folder, NAMED[kind], mine)
        assert wrong.what_is.startswith("the folder is that of another ")
        assert wrong.what_is.endswith(f", of {str(other.resolve())!r}")
        assert wrong.must_be == f"a new folder, or that of the {KIND[kind]} of {str(mine)!r}"
        with pytest.raises(InputError, match="the folder is that of another"):
            try_own_folder(folder, NAMED[kind], mine)


ANSWERS: dict[str, type[Answer]] = {
    answer.kind.name: answer
    for answer in (Frontier, Alternatives, Sensitivity, Stochastic, Stressed, Dispatch, DaysError, Estimates)
}
"""A sweep is stored as it is solved."""


@pytest.mark.parametrize("kind", sorted(KIND.keys() - {"runs", "sweep"}))
def test_every_writer_of_a_study_refuses_the_folder_of_another(tmp_path: Path, kind: str) -> None:
    """From Python a study was written over another: only commands looked."""
    out = tmp_path / "out"
    file = holding(out, "stress study" if kind != "stress" else "sweep")
    found = SimpleNamespace(file=None, kind=ANSWERS[kind].kind)
    if kind == "stochastic":
        found.file = file_entry(tmp_path / "mine.yaml", "of mine")

    with pytest.raises(InputError, match=f"{file.name}: the folder is that of a s"):
        ANSWERS[kind].save(cast("Any", found), out)

    assert list(out.iterdir()) == [file]


def test_sensitivity_refuses_the_folder_of_another_scenario_or_sweep(tmp_path: Path) -> None:
    """Its tables were removed, and its futures mixed with those of the study."""
    done = CliRunner().invoke(main, ["sweep", "tiny", "-o", str(tmp_path), "--jobs", "1"])
    assert done.exit_code == 0, done.output
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.*")}

    with pytest.raises(InputError, match="another sweep or study of sensitivity, of"):
        sensitivity("tiny", out=tmp_path, figures=1, jobs=1)

    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.*")} == before
