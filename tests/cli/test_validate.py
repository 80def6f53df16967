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


def test_what_a_plan_notes_of_blocks_sizes_and_openings_is_noted_with_its_place() -> None:
    Path("plan.yaml").write_text(
        "version: 1\n"
        "extends: us-base\n"
        "sites:\n"
        "  us-fl-miami: {land_limit_mw: 5, phase_mw: 7}\n"
        "siting:\n"
        "  must_open: [us-va-ashburn]\n"
        "  phase_mw: 40\n"
        "  block_mw: {train_frontier: 200}\n"
    )

    lines = run("validate", "plan.yaml").stdout.splitlines()
    reported = dict(line.removeprefix("note: ").split(": ", 1) for line in lines[1:])

    assert lines[0] == "plan.yaml: no problems found"
    assert {place: text.split(",")[0] for place, text in reported.items()} == {
        "plan.yaml:4:32": "Sites whose least size is more than their land holds: us-fl-miami (6 MW"
        " of 5). They can open only so late that they need not reach it; give them a"
        " minimum_size_mw.",
        "plan.yaml:4:45": "No new halls at us-fl-miami",
        "plan.yaml:6:15": "Siting.must_open has no effect for us-va-ashburn: it already exists.",
        "plan.yaml:7:13": "No new halls at us-va-richmond",
        "plan.yaml:8:30": "train_frontier: no racks at us-va-richmond",
    }


def test_tables_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(*arguments: object) -> object:
        calls.append(arguments)
        return read_tables(*arguments)

    monkeypatch.setattr("planner.inputs.build.read_tables", counted)

    assert run("validate", "tiny").exit_code == 0
    assert len(calls) == 1


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


def test_json_of_a_right_scenario_has_no_problems() -> None:
    result = run("validate", "--json")

    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    sites, edge, blocks = (note["what_is"] for note in answer.pop("notes"))
    assert answer == {"scenario": "us-base", "problems": [], "warnings": []}
    # Least campuses: most sites have no land for one.
    assert blocks.startswith("train_frontier: no racks at")
    assert edge.startswith("edge_vision_av: no site reaches 9 of 52 regions in time")
    assert sites == "The operator's stock is in the 20 largest of 68 markets."


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


def test_what_is_hardly_meant_is_a_warning_before_the_notes() -> None:
    Path("plan.yaml").write_text(CHEAP)

    result = run("validate", "plan.yaml")
    answer = json.loads(run("validate", "plan.yaml", "--json").stdout)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == ["plan.yaml: no errors, 1 warning", f"warning: {SAID}"]
    assert result.stdout.splitlines()[2].startswith("note: plan.yaml:4:37: carbon.cap_kt for 2041")
    assert [(one["line"], one["column"]) for one in answer["warnings"]] == [(3, 45)]


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


def test_warnings_come_with_errors_in_one_round() -> None:
    racks = (DATA_DIR / "racks.csv").read_text(encoding="utf-8")
    Path("racks.csv").write_text(racks.replace(",26,0.76,", ",-26,0.76,", 1), encoding="utf-8")
    lines = (DATA_DIR / "electricity_price.csv").read_text(encoding="utf-8").splitlines()
    cells = lines[1].split(",")
    cells[2] = "0.0612"
    Path("prices.csv").write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    Path("plan.yaml").write_text(
        "version: 1\n"
        "data: {racks: racks.csv, electricity_price: prices.csv}\n"
        "time: {slot_h: 5}\n"
        "lead_times: {construction_months: 1.75}\n"
    )

    result = run("validate", "plan.yaml")

    assert result.exit_code == 2
    assert [line.split(": ", 2)[:2] for line in result.stderr.splitlines()] == [
        ["plan.yaml:3:16", "time.slot_h is 5; must be 1, 2, 3, 4, 6, 8, 12 or 24; meaning"],
        ["racks.csv:2:53", "peak_kw is -26; must be at least 1 [kW]; peak_kw"],
        ["warning", "plan.yaml:4:35"],
        ["warning", "prices.csv:2:20"],
    ]


@pytest.mark.parametrize(
    "path",
    [
        "demand.facility_gw={2026: 9, 2030: 20}",
        "demand.scale_frac={2028: 1.1}",
        "demand.workload_share_frac={chat_interactive: {2028: 0.4}}",
    ],
)
def test_a_path_that_begins_late_leaves_what_else_is_wrong_to_be_reported(path: str) -> None:
    # The list of years that is none leaves a scenario whose path begins after its 2025.
    result = run("validate", "us-base", "--set", path, "--set", "years=3")

    assert result.exit_code == 2
    assert "years is 3; must be a list" in result.stderr
    assert isinstance(result.exception, SystemExit)
