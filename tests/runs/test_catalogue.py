"""The catalogue lists what the folders say, whatever becomes of its index."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest
from test_run_folder import named

from planner.errors import InputError
from planner.runs import Run, find_run, save_run
from planner.runs.catalogue import CATALOGUE_FILE, list_runs, prune, to_prune

if TYPE_CHECKING:
    from pathlib import Path

OLD, LATER, LATEST = (f"2026-0{month}-03T04:05:06+00:00" for month in (2, 3, 4))


@pytest.fixture
def runs_dir(run: Run, tmp_path: Path) -> Path:
    """A folder with two runs of one scenario, one of another, and things that are no runs."""
    other = Run({**run.meta, "scenario": "other"}, run.tables, run.inputs_tables)
    for one in (
        named(run, "odd-names-aa11", created=OLD),
        named(run, "odd-names-bb22", created=LATEST),
        named(other, "other-cc33", created=LATER),
    ):
        save_run(one, tmp_path, workbook=False)
    (tmp_path / "notes").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{half")
    (tmp_path / ".partial-dd44").mkdir()
    (tmp_path / ".partial-ee55").mkdir()
    shutil.copy(tmp_path / "other-cc33" / "run.json", tmp_path / ".partial-dd44" / "run.json")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(tmp_path / ".partial-dd44", (two_days_ago, two_days_ago))
    return tmp_path


def test_lists_the_latest_run_first(runs_dir: Path) -> None:
    entries = list_runs(runs_dir)

    assert [entry.run for entry in entries] == ["odd-names-bb22", "other-cc33", "odd-names-aa11"]
    latest = entries[0]
    assert (latest.scenario, latest.status, latest.checked) == ("=odd names", "optimal", True)
    assert latest.seconds == pytest.approx(0.4 + 0.3 + 2.5)


def test_follows_folders_that_change_come_and_go(runs_dir: Path) -> None:
    list_runs(runs_dir)
    shutil.rmtree(runs_dir / "other-cc33")
    path = runs_dir / "odd-names-aa11" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "status": "time_limit"}))

    entries = list_runs(runs_dir)

    assert [(entry.run, entry.status) for entry in entries] == [
        ("odd-names-bb22", "optimal"),
        ("odd-names-aa11", "time_limit"),
    ]


@pytest.mark.parametrize("content", [b"", b"this is no database at all, but some text"])
def test_a_damaged_index_does_no_harm(runs_dir: Path, content: bytes) -> None:
    before = list_runs(runs_dir)
    (runs_dir / CATALOGUE_FILE).write_bytes(content)

    assert list_runs(runs_dir) == before


def test_there_are_no_runs_where_there_is_no_folder(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "nowhere") == []
    assert not (tmp_path / "nowhere").exists()


def test_prunes_all_but_the_latest_of_every_scenario(runs_dir: Path) -> None:
    chosen = to_prune(list_runs(runs_dir), keep=1)
    prune(runs_dir, chosen)

    assert [entry.run for entry in chosen] == ["odd-names-aa11"]
    assert {path.name for path in runs_dir.iterdir()} == {
        "odd-names-bb22",
        "other-cc33",
        "notes",
        "broken",
        ".partial-ee55",
        CATALOGUE_FILE,
    }


def test_finds_a_run_by_path_name_beginning_or_scenario(runs_dir: Path) -> None:
    expected = runs_dir / "odd-names-bb22"

    for text in (str(expected), "odd-names-bb22", "odd-names-b", "=odd names"):
        assert find_run(text, runs_dir) == expected


def test_a_scenario_that_was_not_solved_yet_is_told_apart_from_an_unknown_name(
    runs_dir: Path,
) -> None:
    with pytest.raises(InputError, match=r"not solved yet.*solve it first: dcplan solve us-base"):
        find_run("us-base", runs_dir)


def test_a_folder_that_is_no_run_is_told_as_such(runs_dir: Path) -> None:
    with pytest.raises(InputError, match=r"the folder has no run\.json.*there are: odd-names-bb22"):
        find_run(str(runs_dir), runs_dir)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("odd-names", "2 runs begin with 'odd-names'; must be one run; there are: odd-names-bb22"),
        ("x", "no run 'x'; must be one run; there are: odd-names-bb22, other-cc33, odd-names-aa11"),
        ("", "no run ''"),
        ("../nix", "no run '../nix'"),
    ],
)
def test_names_the_runs_there_are_when_it_finds_none_or_many(
    runs_dir: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        find_run(text, runs_dir)

    assert message in str(caught.value)
