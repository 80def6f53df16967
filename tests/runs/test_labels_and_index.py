"""Names and tags are in the folders; what they say can be asked in SQL."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from click.testing import CliRunner, Result
from test_run_folder import named

from planner.base.errors import InputError
from planner.cli import main
from planner.outputs.own_folder import LABELS_FILE
from planner.outputs.run import FromShipped
from planner.runs import Run, find_run, save_run
from planner.runs.catalogue import read_runs, to_prune
from planner.runs.meta import meta_bytes, sealed
from planner.runs.names import RunLabels, change_tags, give_name, read_labels

FIRST, SECOND = "odd-names-aa11", "odd-names-bb22"
NAUGHTY = '=1+1 "x" <b>; [red]'
STARTS: dict[str, Any] = {
    "scenario": "tiny",
    "differs": {
        "years": "[2027]",
        "carbon.cap_kt.2027": "40.5",
        "data.sites": "=my \x1b[31m sites\nodd-names-aa11: as it ships",
        "rent.allow": "true",
    },
}
"""What the second of the runs stores of the shipped scenario that it starts from."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("DCPLAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def stored(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of one scenario: one of an earlier version, and one of a changed setting."""
    home = tmp_path_factory.mktemp("stored")
    before = {key: value for key, value in run.meta.items() if key != "from_shipped"}
    earlier = Run(before, run.tables, run.inputs_tables)
    save_run(named(earlier, FIRST, created="2026-02-03T04:05:06+00:00"), home, workbook=False)
    meta = {**run.meta, "differs": {"years": "[2027]"}, "from_shipped": STARTS}
    changed = Run(meta, run.tables, run.inputs_tables)
    save_run(named(changed, SECOND, created="2026-03-04T05:06:07+00:00"), home, workbook=False)
    return home


@pytest.fixture
def runs_dir(stored: Path, tmp_path: Path) -> Path:
    """A copy of them in a project of the test's own, the first with tags and a name."""
    home = tmp_path / "project" / "runs"
    shutil.copytree(stored, home)
    change_tags(home / FIRST, ["march", NAUGHTY])
    give_name(home / FIRST, "for the board")
    return home


Row: TypeAlias = tuple[str, str, tuple[str, ...], dict[str, str], FromShipped | None]


def rows(runs_dir: Path) -> dict[str, Row]:
    return {
        entry.run: (entry.name, entry.status, entry.tags, dict(entry.differs), entry.from_shipped)
        for entry in read_runs(runs_dir).entries
    }


EXPECTED = {
    FIRST: ("for the board", "optimal", (NAUGHTY, "march"), {}, None),
    SECOND: ("", "optimal", (), {"years": "[2027]"}, FromShipped(**STARTS)),
}


def test_folders_that_come_go_and_change_are_followed(runs_dir: Path) -> None:
    assert rows(runs_dir) == EXPECTED
    path = runs_dir / FIRST / "run.json"
    path.write_bytes(meta_bytes(sealed({**json.loads(path.read_text()), "status": "stopped"})))
    shutil.copytree(runs_dir / FIRST, runs_dir / "odd-names-cc33")
    change_tags(runs_dir / SECOND, ["later"])

    found = rows(runs_dir)
    assert found[FIRST][1] == found["odd-names-cc33"][1] == "stopped"
    assert found[SECOND][2] == ("later",)

    shutil.rmtree(runs_dir / FIRST)
    assert sorted(rows(runs_dir)) == [SECOND, "odd-names-cc33"]


def test_name_and_tags_stay_when_the_run_is_solved_again_and_keep_it_from_prune(run: Run, runs_dir: Path) -> None:
    save_run(named(run, FIRST, created="2026-05-06T07:08:09+00:00"), runs_dir, workbook=False)

    assert read_labels(runs_dir / FIRST) == RunLabels("for the board", (NAUGHTY, "march"))
    assert [entry.run for entry in to_prune(read_runs(runs_dir).entries, keep=0)] == [SECOND]


@pytest.mark.parametrize("tag", ["", " edge", "bad\x1b[31m", "two\nlines", "\u202etxt", 81 * "x"])
def test_a_tag_or_name_that_is_no_plain_text_is_refused(runs_dir: Path, tag: str) -> None:
    with pytest.raises(InputError, match="1 to 80 printable characters"):
        change_tags(runs_dir / SECOND, ["right", tag])
    if tag:
        with pytest.raises(InputError, match="1 to 80 printable characters"):
            give_name(runs_dir / SECOND, tag)
    assert not (runs_dir / SECOND / LABELS_FILE).exists()


@pytest.mark.parametrize("name", ["../../evil", "north\\south"])
def test_a_name_that_looks_like_a_path_is_refused(runs_dir: Path, name: str) -> None:
    with pytest.raises(InputError, match="it looks like a path; must be a name without"):
        give_name(runs_dir / SECOND, name)
    assert not (runs_dir / SECOND / LABELS_FILE).exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{half", "cannot be read"),
        ('["march"]', "cannot be read: ['march'] has no keys"),
        ('{"tags": "march"}', "cannot be read: tags is 'march', must be a valid list"),
        ('{"tags": ["a\\u001b"]}', r"cannot be read: tags is ['a\x1b'], must be 1 to 80 printable characters"),
        ('{"name": 7, "colour": "red"}', "cannot be read: name is 7, must be "),
        ('{"colour": "red"}', "cannot be read: colour is 'red', must be "),
        (f'{{"tags": {json.dumps([str(n) for n in range(101)])}}}', "cannot be read: tags is ['0', '1'"),
    ],
)
def test_labels_that_cannot_be_read_are_named_and_the_run_is_listed(runs_dir: Path, content: str, reason: str) -> None:
    (runs_dir / FIRST / LABELS_FILE).write_text(content, encoding="utf-8")

    for _ in range(2):
        listing = read_runs(runs_dir)
        (bad,) = listing.unreadable
        assert bad.run == f"{FIRST}/labels.json"
        assert bad.reason.startswith(reason)
        assert [(entry.run, entry.tags) for entry in listing.entries] == [(SECOND, ()), (FIRST, ())]
    with pytest.raises(InputError, match=r"dcplan runs tag and dcplan runs name write it"):
        change_tags(runs_dir / FIRST, ["march"])


def test_a_run_is_found_by_the_name_it_was_given(runs_dir: Path) -> None:
    assert find_run("for the board", runs_dir) == runs_dir / FIRST

    shutil.copytree(runs_dir / FIRST, runs_dir / "odd-names-cc33")
    with pytest.raises(InputError, match=r"2 runs have the name 'for the board'; must be one run"):
        find_run("for the board", runs_dir)


# --- commands -------------------------------------------------------------------------------


def dcplan(*words: str) -> Result:
    return CliRunner().invoke(main, ["runs", *words])


def test_lists_by_tag_scenario_and_changed_setting(runs_dir: Path) -> None:
    def runs(*words: str) -> list[str]:
        found = dcplan("list", "--runs", str(runs_dir), "--json", *words)
        return [row["run"] for row in json.loads(found.stdout)]

    assert runs("--tag", "march", "--tag", NAUGHTY) == [FIRST]
    assert runs("--differs", "years") == [SECOND]
    assert runs("--scenario", "=odd names") == [SECOND, FIRST]
    assert runs("--tag", "april") == []
    shown = dcplan("list", "--runs", str(runs_dir))
    assert shown.stdout.splitlines()[-2:] == ["With a name or tags:", f"{FIRST}: for the board [{NAUGHTY}, march]"]
    none = dcplan("list", "--runs", str(runs_dir), "--tag", "april")
    assert (none.exit_code, none.stdout) == (0, "")
    assert none.stderr == f"None of 2 runs matches; there are tags {NAUGHTY}, march.\n"


def test_tags_and_names_are_given_and_taken_away(runs_dir: Path) -> None:
    at = ("--runs", str(runs_dir))

    assert dcplan("tag", "odd-names-b", "april", *at).stdout == f"{runs_dir / SECOND}: april\n"
    taken = dcplan("tag", "odd-names-b", "april", "--remove", *at)
    assert taken.stdout == f"{runs_dir / SECOND}: no tags\n"
    assert not (runs_dir / SECOND / LABELS_FILE).exists()
    missing = dcplan("tag", "for the board", "nix", "--remove", *at)
    assert missing.exit_code == 2
    assert f"it has no tag 'nix'; must be one of its tags; there are: {NAUGHTY}" in missing.stderr

    for name, why in (
        ("for the board", "another run has this name"),
        (FIRST, "another run has this name"),
        (str(runs_dir / FIRST), "another run has this name"),
        ("us-base", "a scenario has this name"),
        ("=odd names", "a scenario has this name"),
    ):
        refused = dcplan("name", SECOND, name, *at)
        assert (refused.exit_code, why in refused.stderr) == (2, True), name
    assert dcplan("name", FIRST, "for the board", *at).exit_code == 0
    assert dcplan("name", "for the board", "", *at).stdout == f"{runs_dir / FIRST}: no name\n"
    assert read_labels(runs_dir / FIRST) == RunLabels("", (NAUGHTY, "march"))


def test_the_index_can_be_asked_in_sql(
    runs_dir: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = dcplan("index", "--runs", str(runs_dir)).stdout.splitlines()
    Path(file).write_bytes(b"no database " * 99)  # whatever was there is replaced
    assert dcplan("index", "--runs", str(runs_dir)).stdout == f"{file}\n"
    assert [path.name for path in (cache / "runs").iterdir()] == [Path(file).name]
    with closing(sqlite3.connect(file)) as database:
        asked = "SELECT r.name, d.value FROM runs r LEFT JOIN differs d USING (run) ORDER BY created"
        assert database.execute(asked).fetchall() == [("for the board", None), ("", "[2027]")]
        asked = (
            "SELECT r.from_shipped, d.value FROM runs r"
            " LEFT JOIN from_shipped_differs d USING (run)"
            " WHERE d.setting IS NULL OR d.setting LIKE 'carbon.%' ORDER BY created"
        )
        assert database.execute(asked).fetchall() == [(None, None), ("tiny", "40.5")]

        assert database.execute("SELECT run, tag FROM tags ORDER BY tag").fetchall() == [
            (FIRST, NAUGHTY),
            (FIRST, "march"),
        ]

    (tmp_path / "a file").write_text("kept")
    for elsewhere in ("off", str(tmp_path / "a file")):
        monkeypatch.setenv("DCPLAN_CACHE", elsewhere)
        without = dcplan("index", "--runs", str(runs_dir))
        assert (without.exit_code, "DCPLAN_CACHE names another folder" in without.stderr) == (2, True)
        assert rows(runs_dir) == EXPECTED
    assert (tmp_path / "a file").read_text() == "kept"


@pytest.fixture
def studies(runs_dir: Path) -> Path:
    """A sweep with a run of its own, a frontier, and folders that are neither, beside the runs."""
    home = runs_dir.parent
    sweep = home / "sweeps" / "ways"
    (sweep / "futures").mkdir(parents=True)
    (sweep / "futures" / "low-1.json").write_text("{}")
    about = {"base": "tiny", "title": "Ways", "futures": {"low": "low-1", "high": "high-2"}}
    (sweep / "sweep.json").write_text(json.dumps(about))
    shutil.copytree(runs_dir / SECOND, sweep / "runs" / SECOND)
    (home / "carbon").mkdir()
    (home / "carbon" / "frontier.json").write_text('{"scenario": "us-base", "label": "Emissions"}')
    about = {"scenario": "tiny", "method": "morris", "of": "nameplate_mw"}
    (home / "sensitivity" / "tiny").mkdir(parents=True)
    (home / "sensitivity" / "tiny" / "morris-nameplate_mw.json").write_text(json.dumps(about))
    (home / "sensitivity" / "tiny" / "sweep.json").write_text('{"base": "tiny"}')
    (home / "notes").mkdir()
    (home / "broken").mkdir()
    (home / "broken" / "sweep.json").write_text('{"base": "tiny", "title": 3, "futures": {}}')
    return home


def test_sweeps_their_runs_and_studies_are_listed_too(runs_dir: Path, studies: Path) -> None:
    assert dcplan("tag", str(studies / "carbon"), "april").exit_code == 0
    found = dcplan("list", "--runs", str(runs_dir), "--all", "--json")

    by_folder = {row.get("folder"): row for row in json.loads(found.stdout)}
    unreadable = by_folder.pop(None)
    assert by_folder.keys() == {
        "sweeps/ways",
        "carbon",
        "sensitivity/tiny",
        *(str(runs_dir / name) for name in (FIRST, SECOND)),
        str(studies / "sweeps" / "ways" / "runs" / SECOND),
    }
    sweep, carbon = by_folder["sweeps/ways"], by_folder["carbon"]
    assert (sweep["kind"], sweep["scenario"], sweep["title"]) == ("sweep", "tiny", "Ways")
    assert (sweep["done"], sweep["total"]) == (1, 2)
    decides = by_folder["sensitivity/tiny"]
    assert (decides["kind"], decides["title"]) == ("morris", "nameplate_mw")
    assert (carbon["kind"], carbon["title"], carbon["tags"]) == ("frontier", "Emissions", ["april"])
    assert (unreadable["run"], unreadable["reason"]) == (
        "broken/sweep.json",
        "cannot be read: title is 3, must be a valid string",
    )
    tagged = dcplan("list", "--runs", str(runs_dir), "--all", "--tag", "april").stdout
    assert [line.split()[:3] for line in tagged.splitlines()[:2]] == [
        ["study", "kind", "of"],
        ["carbon", "frontier", "us-base"],
    ]
    shown = dcplan("list", "--runs", str(runs_dir), "--all").stdout
    assert "1 of 2" in shown
    assert f"sweeps/ways/runs/{SECOND}: years=[2027]" in shown


def test_every_study_of_a_folder_is_listed(runs_dir: Path, studies: Path) -> None:
    folder = studies / "sensitivity" / "tiny"
    for name, of in (("tornado", "objective_musd"), ("sobol-bound_musd", "bound_musd")):
        about = {"scenario": "tiny", "method": name.partition("-")[0], "of": of}
        (folder / f"{name}.json").write_text(json.dumps(about))
    assert dcplan("tag", str(folder), "april").exit_code == 0

    asked = ("list", "--runs", str(runs_dir), "--all", "--tag", "april")
    rows = json.loads(dcplan(*asked, "--json").stdout)
    tagged = [row for row in rows if row.get("tags")]  # what cannot be read is named always
    assert sorted((row["kind"], row["title"], row["folder"]) for row in tagged) == [
        ("morris", "nameplate_mw", "sensitivity/tiny"),
        ("sobol", "bound_musd", "sensitivity/tiny"),
        ("tornado", "objective_musd", "sensitivity/tiny"),
    ]
    shown = dcplan(*asked).stdout
    for kind in ("morris of nameplate_mw", "sobol of bound_musd", "tornado of objective_musd"):
        assert kind in shown
    assert shown.count("sensitivity/tiny: [april]") == 1

    (folder / "tornado.json").write_text("[23]")
    rows = json.loads(dcplan("list", "--runs", str(runs_dir), "--all", "--json").stdout)
    assert {row["kind"] for row in rows if row.get("folder") == "sensitivity/tiny"} == {"morris", "sobol"}
    assert "sensitivity/tiny/tornado.json" in {row.get("run") for row in rows}
