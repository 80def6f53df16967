"""Where a result is: its last line on stdout, beside JSON on stderr, and nothing more with -q."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from planner import solve
from planner.cli import main
from planner.runs.folder import write_run

OF_A_RUN = ("stress", "dispatch", "days-error")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(solve("tiny"), tmp_path_factory.mktemp("runs"))


def dcplan(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def words_of(command: str, run: Path, out: Path) -> tuple[list[object], list[Path]]:
    """Return a command line, and what it writes."""
    if command == "myopic":
        options = ["--window", "1", "--no-workbook", "--runs", out]
        return [command, "tiny", *options], []
    if command == "frontier":
        options = ["--cost-against", "carbon", "--points", "3", "-o", out]
        return [command, "tiny", *options], [out]
    if command == "compare":
        files = [out.with_suffix(ending) for ending in (".json", ".html")]
        return [command, run, run, *(word for file in files for word in ("-o", file))], files
    return [command, run, "--year", "2028", "-o", out], [out]


@pytest.mark.parametrize("command", [*OF_A_RUN, "compare", "frontier", "myopic"])
def test_it_ends_with_where_it_is(folder: Path, tmp_path: Path, command: str) -> None:
    words, written = words_of(command, folder, tmp_path / "out")

    plain, as_json = dcplan(*words), dcplan(*words, "--json")
    quiet = dcplan(*words, "--json", "-q")

    written = written or sorted((tmp_path / "out").glob("tiny-*"))
    lines = [f"Written to {path}" for path in written]
    assert (plain.exit_code, as_json.exit_code, quiet.exit_code) == (0, 0, 0), plain.output
    assert sorted(plain.stdout.splitlines()[-len(lines) :]) == sorted(lines)
    assert plain.stdout.splitlines()[-len(lines) - 1] == ""
    assert "Written to" not in plain.stderr
    assert json.loads(as_json.stdout) == json.loads(quiet.stdout)
    shown = [line for line in as_json.stderr.splitlines() if "Written to" in line]
    assert sorted(shown) == sorted(lines)
    assert quiet.stderr == ""


@pytest.mark.parametrize("command", OF_A_RUN)
def test_a_folder_with_a_file_of_the_planner_is_refused_before_the_study(
    folder: Path, tmp_path: Path, command: str
) -> None:
    out = tmp_path / "out"
    words, _ = words_of(command, folder, out)
    out.mkdir()
    (out / "mine.csv").write_text("mine", encoding="utf-8")

    refused = dcplan(*words)

    assert refused.exit_code == 2
    assert f"{out}: the folder holds files that were changed, or that dcplan did not write: mine.csv;" in refused.stderr
    assert "name another folder with --output" in refused.stderr
    assert [path.name for path in out.iterdir()] == ["mine.csv"]


@pytest.mark.parametrize(
    "words",
    [
        ("solve", "tiny", "--runs", "nul"),
        ("export", "RUN", "--format", "csv", "-o", "new/prn"),
        ("report", "RUN", "-o", "con.html"),
        ("compare", "RUN", "RUN", "-o", "aux.json"),
        ("stress", "RUN", "-o", "lpt9"),
        ("frontier", "tiny", "--cost-against", "carbon", "-o", "con"),
        ("data", "copy", "sites", "Com1"),
        ("init", "con"),
        ("init", "con.xlsx", "--xlsx"),
    ],
)
def test_nothing_is_written_by_the_name_of_a_device(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)

    result = dcplan(*(folder if word == "RUN" else word for word in words))

    assert result.exit_code == 2, result.output
    assert "for a device; must be one that files have everywhere" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_such_a_name_that_is_there_may_be_written_into(tmp_path: Path) -> None:
    (tmp_path / "aux").mkdir()

    assert dcplan("init", tmp_path / "aux" / "mine", "-q").exit_code == 0
