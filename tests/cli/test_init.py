"""`dcplan init` makes a project that validates as it is, and never overwrites."""

from __future__ import annotations

import errno
import os
import re
import signal
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner, Result

import planner
from planner.base.paths import DATA_DIR
from planner.cli import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_the_project_holds_a_scenario_tables_a_schema_and_a_readme() -> None:
    result = run("init", "project")

    assert result.exit_code == 0
    made = sorted(str(path.relative_to("project")) for path in Path("project").rglob("*.*"))
    assert made == [
        "README.md",
        "data/demand_trajectories.csv",
        "data/electricity_price.csv",
        "data/racks.csv",
        "data/site_limits.csv",
        "data/zone_headroom.csv",
        "my-plan.yaml",
        "scenario.schema.json",
    ]
    copied = Path("project/data/racks.csv").read_bytes()
    assert copied == (DATA_DIR / "racks.csv").read_bytes()


def test_the_project_validates_as_it_is() -> None:
    run("init", "project")

    assert run("validate", "project/my-plan.yaml").exit_code == 0


def test_every_suggested_setting_of_the_scenario_is_right() -> None:
    run("init", "project")
    path = Path("project/my-plan.yaml")
    # Take the # away before each suggestion: blocks that begin at the margin and what is below.
    text, opened = re.subn(r"^# (?=[a-z_]+:|  \S)", "", path.read_text(), flags=re.MULTILINE)
    path.write_text(text)

    result = run("validate", str(path))

    assert opened >= 10
    assert result.stderr == ""
    assert result.exit_code == 0


def test_a_change_in_a_copied_table_is_seen() -> None:
    run("init", "project")
    table = Path("project/data/racks.csv")
    table.write_text(table.read_text(encoding="utf-8").replace("nvidia", "nvidai", 1))

    result = run("validate", "project/my-plan.yaml")

    assert result.exit_code == 2
    assert result.stderr.startswith("project/data/racks.csv:2:38: vendor is nvidai;")


def test_nothing_is_overwritten() -> None:
    Path("project").mkdir()
    Path("project/my-plan.yaml").write_text("mine")

    result = run("init", "project")

    assert result.exit_code == 2
    assert result.stderr.startswith("project: the folder is not empty")
    assert [path.name for path in Path("project").iterdir()] == ["my-plan.yaml"]
    assert Path("project/my-plan.yaml").read_text() == "mine"


def test_a_file_in_the_place_of_the_folder_is_refused() -> None:
    Path("project").write_text("mine")

    result = run("init", "project")

    assert result.exit_code == 2
    assert "it is a file" in result.stderr


def no_room_for(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk be full once a file of this ending is begun."""
    write = Path.write_bytes

    def fail_midway(path: Path, content: bytes) -> int:
        if path.suffix != ending:
            return write(path, content)
        write(path, content[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", fail_midway)


@pytest.mark.parametrize(
    ("arguments", "ending"),
    [
        (("project",), ".csv"),
        (("project", "--own"), ".yaml"),
        (("project/plan.xlsx", "--xlsx", "--from", "tiny"), ".xlsx"),
    ],
)
def test_nothing_is_left_where_there_is_no_room_and_it_can_be_made_later(
    arguments: tuple[str, ...], ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        no_room_for(ending, full)
        result = run("init", *arguments)

    assert result.exit_code == 2
    said = f"{arguments[0]}: the files cannot be written: No space left on device; make room, or"
    assert said in result.stderr
    assert list(Path().iterdir()) == []
    assert run("init", *arguments).exit_code == 0


@pytest.mark.skipif(os.name == "nt", reason="no signal of Unix can be raised there")
@pytest.mark.parametrize("arguments", [("init", "project"), ("data", "copy", "sites", "racks", "project")])
def test_a_signal_waits_until_all_files_are_moved(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename
    run(*arguments)
    whole = sorted(path.name for path in Path("project").iterdir())
    Path("project").rename("whole")

    def end_meanwhile(path: Path, target: Path) -> Path:
        signal.raise_signal(signal.SIGTERM)
        return rename(path, target)

    def end(number: int, _: object) -> NoReturn:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        monkeypatch.setattr(Path, "rename", end_meanwhile)
        result = run(*arguments)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert result.exit_code == 128 + signal.SIGTERM
    assert sorted(path.name for path in Path("project").iterdir()) == whole


def test_what_one_that_was_killed_left_is_not_in_the_way() -> None:
    left = Path("project/.partial-0123456789ab")
    left.mkdir(parents=True)
    (left / "README.md").write_text("half")

    assert run("init", "project").exit_code == 0
    assert not left.exists()


def test_a_link_to_nowhere_is_not_written_through() -> None:
    Path("plan.xlsx").symlink_to("elsewhere.xlsx")
    Path("project").symlink_to("elsewhere")
    for arguments in (("project",), ("plan.xlsx", "--xlsx")):
        assert run("init", *arguments).exit_code == 2

    assert {path.name for path in Path().iterdir()} == {"plan.xlsx", "project"}


def test_a_company_of_ones_own_validates_and_says_what_it_assumes() -> None:
    assert run("init", "--own", "company").exit_code == 0

    result = run("validate", "company/company.yaml")

    assert result.exit_code == 0
    assert result.stderr == ""
    assert run("validate", "company/company.yaml", "--set", "carbon.embodied=true").exit_code == 0
    notes = [line for line in result.stdout.splitlines() if line.startswith("note: ")]
    taken, own = notes[:3], notes[3:]
    assert all("takes from us-" in note and "grid zone" in note for note in taken)
    starts = (
        "No new halls at arizona, by your setting: what exists stays.",
        "Rack meridian_h200: your price",
        "Halls in market meridian-ohio cost its index of 0.91, that of 10.6 USD/W",
        "Your prices of power",
    )
    assert all(start in note for start, note in zip(starts, own, strict=True))


def test_a_site_of_the_tables_brings_a_company_nothing_for_free(monkeypatch: pytest.MonkeyPatch) -> None:
    run("init", "--own", "company")
    monkeypatch.chdir("company")
    fewer = ("years=[2026, 2027]", "latency.own_rtt_fill_missing=true", "scope.countries=[US, CA]")
    sites = "scope.sites=[ohio, texas, arizona{}]"
    alone, added, asked = (
        planner.solve("company.yaml", [*fewer, sites.format(more), *share])
        for more, share in (("", ()), (", ca-on-toronto", ()), (", ca-on-toronto", ("operator.stock_share_frac=0.01",)))
    )

    free = ["existing_halls_mw", "coming_halls_mw", "existing_racks_mw"]
    of_toronto = [plan.tables["sites"].set_index("site").loc["ca-on-toronto"] for plan in (added, asked)]
    assert added.verdict.ok
    assert of_toronto[0][free].sum() == 0.0 < of_toronto[0]["opening_musd"]
    firm = added.tables["site_year"].query("site == 'ca-on-toronto'")
    assert firm["firm_mw"].sum() == 0.0
    # It may come too late to be used, and is had for nothing by a company that asks for a share.
    assert added.outcome.objective == pytest.approx(alone.outcome.objective, rel=1e-6)
    assert of_toronto[1]["existing_halls_mw"] > 100.0
    assert asked.outcome.objective < 0.9 * alone.outcome.objective


def test_the_guide_quotes_what_the_company_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    run("init", "--own", "company")
    monkeypatch.chdir("company")
    notes = run("validate", "company.yaml").stdout
    table = Path("data/rack_cooling.csv")
    rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
    own = "meridian_h200,air_containment_dry"
    table.write_text("".join(row for row in rows if not row.startswith(own)), encoding="utf-8")
    errors = run("validate", "company.yaml").stderr
    guide = (DATA_DIR.parent / "docs" / "own-company.md").read_text(encoding="utf-8")

    quoted = [" ".join(text.split()) for text in re.findall(r"(?:^    .*\n)+", guide, re.MULTILINE)]

    said = [text for text in quoted if text.startswith("note: ")]
    assert len(said) == 2
    assert all(note.removesuffix(", ...") in notes for note in said)
    (error,) = (text for text in quoted if text.startswith("data/"))
    assert error in errors


def test_the_company_solves_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    run("init", "--own", "company")
    monkeypatch.chdir("company")

    plan = planner.solve("company.yaml")

    assert plan.verdict.ok
    racks = plan.tables["fleet"].query("year == 2027").groupby("site")["stock_mw"].sum()
    # 620 x 40.8 + 300 x 31 + 220 x 132 kW; 46.2 MW + 240 x 142 kW; 240 x 31 kW.
    assert racks.to_dict() == pytest.approx({"ohio": 63.636, "texas": 80.28, "arizona": 7.44})
    assert "arizona" not in set(plan.tables["builds"]["site"])
