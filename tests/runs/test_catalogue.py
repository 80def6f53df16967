"""The catalogue lists what the folders say, and deletes nothing but runs in them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from test_run_folder import named

from planner.base.errors import InputError
from planner.outputs.files import staging
from planner.runs import Run, find_run, load_run, save_run
from planner.runs.catalogue import list_runs, prune, read_runs, to_prune

if TYPE_CHECKING:
    from pathlib import Path

DEAD = ".partial-0123456789ab"
OLD, LATER, LATEST = (f"2026-0{month}-03T04:05:06+00:00" for month in (2, 3, 4))


@pytest.fixture(scope="module")
def stored(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs of one scenario, and one of another."""
    home = tmp_path_factory.mktemp("stored")
    other = Run({**run.meta, "scenario": "other"}, run.tables, run.inputs_tables)
    for one in (
        named(run, "odd-names-aa11", created=OLD),
        named(run, "odd-names-bb22", created=LATEST),
        named(other, "other-cc33", created=LATER),
    ):
        save_run(one, home, workbook=False)
    return home


@pytest.fixture
def runs_dir(stored: Path, tmp_path: Path) -> Path:
    """A copy of it of the test's own, with things in it that are no runs."""
    shutil.copytree(stored, tmp_path, dirs_exist_ok=True)
    (tmp_path / "notes").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{half")
    (tmp_path / DEAD).mkdir()
    shutil.copy(tmp_path / "other-cc33" / "run.json", tmp_path / DEAD / "run.json")
    return tmp_path


def test_lists_the_latest_run_first(runs_dir: Path) -> None:
    entries = list_runs(runs_dir)

    assert [entry.run for entry in entries] == ["odd-names-bb22", "other-cc33", "odd-names-aa11"]
    latest = entries[0]
    assert (latest.scenario, latest.status, latest.checked) == ("=odd names", "optimal", True)
    assert latest.seconds == pytest.approx(0.4 + 0.3 + 2.5)


def test_prunes_all_but_the_latest_of_every_scenario_and_what_is_left_of_the_dead(runs_dir: Path) -> None:
    assert (runs_dir / DEAD).is_dir()

    chosen = to_prune(list_runs(runs_dir), keep=1)
    with staging(runs_dir) as alive:
        refused = prune(runs_dir, chosen)
        found = {path.name for path in runs_dir.iterdir()}

    assert [entry.run for entry in chosen] == ["odd-names-aa11"]
    assert refused == {}
    assert found == {"odd-names-bb22", "other-cc33", "notes", "broken", alive.name}


def test_prune_deletes_nothing_outside_whatever_an_index_or_a_run_says(run: Run, tmp_path: Path) -> None:
    outside = save_run(named(run, "outside-aa11", created=OLD), tmp_path, workbook=False)
    runs_dir = tmp_path / "runs"
    latest = save_run(named(run, "inside-bb22", created=LATEST), runs_dir, workbook=False)
    (runs_dir / "link-cc33").symlink_to(outside, target_is_directory=True)
    shutil.copytree(latest, runs_dir / "odd-dd44")
    odd = json.loads((latest / "run.json").read_text(encoding="utf-8"))
    for name in ("../outside-aa11", str(outside)):
        (runs_dir / "odd-dd44" / "run.json").write_text(json.dumps({**odd, "run": name}))
        with closing(sqlite3.connect(runs_dir / "catalogue.sqlite")) as index, index:
            index.execute("CREATE TABLE IF NOT EXISTS runs (run PRIMARY KEY, scenario, created)")
            index.execute("INSERT OR REPLACE INTO runs VALUES (?, 'x', ?)", (name, OLD))

        prune(runs_dir, to_prune(list_runs(runs_dir), keep=0))

        assert (outside / "run.json").is_file()
        assert (runs_dir / "odd-dd44").is_dir()
    assert not latest.exists()


@pytest.mark.parametrize("name", ["../outside", "/outside", "..", ".", "", "a/b", "a\\b", "C:x"])
def test_a_name_that_leads_elsewhere_is_refused(run: Run, runs_dir: Path, name: str) -> None:
    bad = replace(list_runs(runs_dir)[0], run=name)

    with pytest.raises(InputError, match="the plain name of a folder"):
        prune(runs_dir, [bad])
    with pytest.raises(InputError, match="the plain name of a folder"):
        save_run(named(run, name), runs_dir, workbook=False)


BROKEN = {
    "half": "{half",
    "list": "[2]",
    "deep": "[" * 100_000,
    "other version": '{"format": 99}',
    "edited": '{"format": 3}',
}
BROKEN_REASON = {
    "half": "cannot be read",
    "list": "format is None",
    "deep": "cannot be read",
    "other version": "format is 99",
    "edited": "it was changed since it was written",
}


@pytest.mark.parametrize("content", BROKEN)
def test_a_bad_run_is_listed_as_unreadable_and_the_others_go_on(runs_dir: Path, content: str) -> None:
    (runs_dir / "broken" / "run.json").write_text(BROKEN[content], encoding="utf-8")

    listing = read_runs(runs_dir)

    assert [entry.run for entry in listing.entries] == ["odd-names-bb22", "other-cc33", "odd-names-aa11"]
    (bad,) = listing.unreadable
    assert bad.run == "broken"
    assert bad.reason.startswith(BROKEN_REASON[content])
    assert find_run("other", runs_dir) == runs_dir / "other-cc33"
    assert to_prune(listing.entries, keep=1)[0].run == "odd-names-aa11"
    with pytest.raises(InputError):
        load_run(find_run("broken", runs_dir))


def test_finds_a_run_by_path_name_beginning_or_scenario(runs_dir: Path) -> None:
    expected = runs_dir / "odd-names-bb22"

    for text in (str(expected), "odd-names-bb22", "odd-names-b", "=odd names"):
        assert find_run(text, runs_dir) == expected


def test_a_scenario_that_was_not_solved_yet_is_reported_apart_from_an_unknown_name(runs_dir: Path) -> None:
    with pytest.raises(InputError, match=r"not solved yet.*solve it first: dcplan solve us-base"):
        find_run("us-base", runs_dir)


def test_a_folder_that_is_no_run_is_reported_as_such(runs_dir: Path) -> None:
    with pytest.raises(InputError, match=r"the folder has no run\.json.*there are: odd-names-bb22"):
        find_run(str(runs_dir), runs_dir)
