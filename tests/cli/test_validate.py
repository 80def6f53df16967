"""`dcplan validate` names every problem of scenario and data, and ends with 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from planner.base.paths import DATA_DIR
from planner.cli import main
from planner.inputs import TABLES
from planner.inputs.scope import make_case
from planner.inputs.without_effect import settings_without_effect
from planner.scenario import load_scenario, shipped_names
from planner.tables import read_tables


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_a_right_scenario_gets_one_line_and_0() -> None:
    result = run("validate", "us-2n-inference")

    assert result.exit_code == 0
    assert result.stdout == "us-2n-inference: no problems found\n"
    assert result.stderr == ""


def test_keys_ids_and_tables_are_all_checked_in_one_go() -> None:
    racks = (DATA_DIR / "racks.csv").read_text(encoding="utf-8")
    Path("racks.csv").write_text(racks.replace(",26,0.76,", ",-26,0.76,", 1), encoding="utf-8")
    Path("plan.yaml").write_text(
        "version: 1\ndata: {racks: racks.csv}\ntime: {slot_h: 5}\nscope:\n  countries: [US, UK]\noperater: {}\n"
    )

    result = run("validate", "plan.yaml")

    assert result.exit_code == 2
    assert result.stdout == ""
    places = [line.split(": ")[0] for line in result.stderr.splitlines()]
    assert places == ["plan.yaml:3:16", "plan.yaml:6:1", "racks.csv:2:53"]


def test_unknown_ids_and_wrong_keys_come_together() -> None:
    Path("plan.yaml").write_text("version: 1\ntime: {slot_h: 5}\nscope: {countries: [US, UK]}\n")

    result = run("validate", "plan.yaml")

    assert result.exit_code == 2
    assert [line.split(";")[0] for line in result.stderr.splitlines()] == [
        "plan.yaml:2:16: time.slot_h is 5",
        "plan.yaml:3:25: unknown country 'UK'",
    ]


def test_clashes_and_figures_are_reported_beside_wrong_keys_and_ids_and_once() -> None:
    Path("plan.yaml").write_text(
        "version: 1\n"
        "extends: us-base\n"
        "rent: {alow: true}\n"
        "racks: {exclude: [gb201]}\n"
        "siting: {must_open: [us-va-ashburn], must_not_open: [us-va-ashburn]}\n"
        "workloads: {batch_inference: {utilisation_frac: 0.99}}\n"
    )

    found = run("validate", "plan.yaml").stderr.splitlines()
    solved = run("-q", "solve", "plan.yaml").stderr.splitlines()

    assert [line.split(";")[0] for line in found] == [
        "plan.yaml:3:8: unknown key 'rent.alow'",
        "plan.yaml:4:19: unknown rack 'gb201'",
        "plan.yaml:5:54: 'us-va-ashburn' is in siting.must_open and in siting.must_not_open",
        "plan.yaml:6:49: batch_inference: utilisation_frac x peak_over_mean_frac is 1.1385",
    ]
    assert solved == found


def test_nothing_is_reported_that_follows_from_another_mistake() -> None:
    # Without its years and new site the rest would be judged by others.
    Path("plan.yaml").write_text(
        "version: 1\n"
        "years: [2029, 2027]\n"
        "new_sites: {mine: {name: Mine, country: US, lat: 41, lon: -96}}\n"
        "siting: {must_open: [mine]}\n"
        "energy: {tariffs: [{tariff: us-va-dominion-energy, from_year: 2029}]}\n"
        "demand: {facility_gw: {2027: 30}}\n"
    )

    found = run("validate", "plan.yaml").stderr.splitlines()

    assert [line.split(";")[0] for line in found] == [
        "plan.yaml:2:1: years is [2029, 2027]",
        "plan.yaml:3:13: new_sites.mine.like is missing",
    ]


def test_what_changes_nothing_is_noted_with_its_place() -> None:
    Path("plan.yaml").write_text("version: 1\nextends: us-base\nsupply: {max_mw: {gas_recip: 30}}\n", encoding="utf-8")

    result = run("validate", "plan.yaml", "--set", "carbon.cap_kt={2025: 9000, 2041: 7}")
    of_file = json.loads(run("validate", "plan.yaml", "--json").stdout)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "plan.yaml: no problems found",
        "note: plan.yaml:3:30: supply.max_mw.gas_recip has no effect: gas_recip is not in "
        "supply.allow; allow a source that it is about under supply.allow, or remove it",
        "note: --set carbon.cap_kt={2025: 9000, 2041: 7}: carbon.cap_kt for 2041 has no effect: "
        "2030 is the last model year; add years, or remove it",
    ]
    assert of_file["problems"] == []
    assert [note["line"] for note in of_file["notes"]] == [3]


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_scenarios_say_nothing_in_vain(name: str) -> None:
    scenario = load_scenario(name)
    case = make_case(scenario, read_tables(TABLES, scenario.data_files))

    assert settings_without_effect(case) == ()


def test_settings_are_checked_too() -> None:
    result = run("validate", "us-base", "--set", "demand.trajectory=brief_30_to_9")

    assert result.exit_code == 2
    assert result.stderr.startswith(
        "--set demand.trajectory=brief_30_to_9: unknown trajectory 'brief_30_to_9'; "
        "must be an id of table demand_trajectories; did you mean 'brief_30_to_90'?"
    )


def test_a_file_that_cannot_be_read_is_named() -> None:
    result = run("validate", "none.yaml")

    assert result.exit_code == 2
    assert result.stderr.startswith("none.yaml: the scenario 'none.yaml' cannot be read")


def test_json_lists_the_problems_for_programs() -> None:
    Path("plan.yaml").write_text("version: 1\ntime: {slot_h: 5}\n")

    result = run("validate", "plan.yaml", "--json")

    assert result.exit_code == 2
    answer = json.loads(result.stdout)
    assert answer["scenario"] == "plan.yaml"
    (problem,) = answer["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("plan.yaml", 2, 16)
    assert problem["what_is"] == "time.slot_h is 5"
    assert problem["must_be"] == "1, 2, 3, 4, 6, 8, 12 or 24"


CHEAP = (
    "version: 1\n"
    "extends: us-base\n"
    "sites: {us-va-ashburn: {retail_usd_per_mwh: 0.082}}\n"
    "carbon: {cap_kt: {2025: 9000, 2041: 7}}\n"
)
SAID = (
    "plan.yaml:3:45: sites.us-va-ashburn.retail_usd_per_mwh is 0.082 [USD/MWh], outside the"
    " plausible 20 to 400; a price in USD/kWh times 1,000 is USD/MWh; in cents per kWh, times 10"
)


def test_strict_takes_warnings_for_errors() -> None:
    Path("plan.yaml").write_text(CHEAP)

    result = run("validate", "plan.yaml", "--strict")
    as_json = run("validate", "plan.yaml", "--strict", "--json")
    solved = run("-q", "solve", "plan.yaml", "--strict")

    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{SAID}\n")
    assert as_json.exit_code == 2
    assert json.loads(as_json.stdout)["problems"] == []
    assert (solved.exit_code, solved.stderr) == (2, f"{SAID}\n")
    assert not Path("runs").exists()
