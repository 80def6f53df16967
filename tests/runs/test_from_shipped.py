"""Which shipped scenario a run starts from, and what of it is not as shipped."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import planner
from planner.base.paths import DATA_DIR, SCENARIOS_DIR
from planner.inputs.uncertain_figures import UncertainFigure, moved_figures
from planner.outputs.files import sha256_of
from planner.runs.reopen import reopen
from planner.runs.settings import changed_settings, from_shipped
from planner.scenario import Scenario, Setting, load_scenario, with_settings

EMPTY = "version: 1\n"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(EMPTY + text, encoding="utf-8")
    return path


def found(scenario: Scenario, moved: dict[str, str] | None = None) -> dict[str, Any] | None:
    """Compare a scenario whose files are as they are now."""
    files = [path.resolve() for path in scenario.data_files.values()]
    files += [path.resolve() for path in [scenario.file_at(("latency", "rtt_table"))] if path]
    return from_shipped(scenario, {path: sha256_of(path) for path in files}, moved or {})


def of(path: Path | str, *overrides: str) -> dict[str, Any] | None:
    return found(load_scenario(path, overrides))


def test_a_shipped_scenario_is_as_it_ships() -> None:
    assert of("us-demand-high") == {"scenario": "us-demand-high", "differs": {}}
    assert of("tiny") == {"scenario": "tiny", "differs": {}}  # which has tables of its own


def test_a_file_differs_by_what_it_sets_unless_it_is_so_anyway(tmp_path: Path) -> None:
    text = "extends: tiny\ntitle: Mine\nrent: {allow: true}\nflexibility: {deferral: false}\n"
    assert "deferral: false" in (SCENARIOS_DIR / "tiny.yaml").read_text(encoding="utf-8")
    # What is neither in this file nor in tiny is a default: saying it again changes nothing.
    own = written(tmp_path, "mine.yaml", f"{text}solver: {{tolerance: 1.0e-7}}\n")

    assert of(own) == {"scenario": "tiny", "differs": {"rent.allow": "true"}}


def test_files_that_extend_each_other_and_the_command_line_count_together(tmp_path: Path) -> None:
    text = "extends: tiny\nrent: {allow: true}\nnew_sites: {north: {land_limit_mw: 60}}\n"
    written(tmp_path, "mine.yaml", text)
    # Back to what tiny has: no longer a difference.
    text = "extends: mine.yaml\nrent: {allow: false}\ndemand: {unmet_usd_per_h100e_hour: 23.5}\n"
    further = written(tmp_path, "further.yaml", text)

    assert of(further, "years=[2027, 2029]") == {
        "scenario": "tiny",
        "differs": {
            "years": "[2027, 2029]",
            "demand.unmet_usd_per_h100e_hour": "23.5",
            "new_sites.north.land_limit_mw": "60.0",
        },
    }


def test_it_starts_from_the_nearest_shipped_scenario(tmp_path: Path) -> None:
    own = written(tmp_path, "mine.yaml", "extends: us-demand-high\nrent: {allow: false}\n")

    # us-demand-high extends us-base in turn, and sets another path of demand.
    assert of(own) == {"scenario": "us-demand-high", "differs": {"rent.allow": "false"}}


def test_the_path_of_a_shipped_file_is_as_good_as_its_name(tmp_path: Path) -> None:
    own = written(tmp_path, "mine.yaml", f"extends: {SCENARIOS_DIR / 'tiny.yaml'}\n")

    assert of(own) == {"scenario": "tiny", "differs": {}}


def test_a_file_that_extends_none_starts_from_none(tmp_path: Path) -> None:
    own = written(tmp_path, "alone.yaml", "rent: {allow: false}\n")

    assert of(own) == {"scenario": None, "differs": {}}
    # What is set is known all the same, and what a study moves.
    assert found(load_scenario(own, ["years=[2027, 2029]"]), {"racks.capex_usd": "9 of x"}) == {
        "scenario": None,
        "differs": {"years": "[2027, 2029]", "data.racks.capex_usd": "9 of x"},
    }


def test_a_file_starts_from_what_it_extends_whatever_its_name(tmp_path: Path) -> None:
    alone = written(tmp_path, "us-247-cfe.yaml", "rent: {allow: false}\n")
    namesake = written(tmp_path, "tiny.yaml", "extends: us-demand-high\n")
    further = written(tmp_path, "us-base.yaml", "extends: ./us-247-cfe.yaml\n")

    assert of(alone) == of(further) == {"scenario": None, "differs": {}}
    assert of(alone, "years=[2027]") == {"scenario": None, "differs": {"years": "[2027]"}}
    assert of(namesake) == {"scenario": "us-demand-high", "differs": {}}


def test_a_copy_of_a_shipped_file_starts_from_that_until_it_is_edited(tmp_path: Path) -> None:
    shutil.copytree(SCENARIOS_DIR / "tiny", tmp_path / "tiny")
    copy = Path(shutil.copy(SCENARIOS_DIR / "tiny.yaml", tmp_path))
    own = written(tmp_path, "mine.yaml", "extends: ./tiny.yaml\nrent: {allow: true}\n")

    # Its tables are copies, byte for byte, and so no difference.
    assert of(copy) == {"scenario": "tiny", "differs": {}}
    assert of(own) == {"scenario": "tiny", "differs": {"rent.allow": "true"}}

    copy.write_text(copy.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    assert of(copy) == of(own) == {"scenario": None, "differs": {}}


def test_a_file_that_only_the_shipped_scenario_has_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Path(shutil.copy(DATA_DIR / "rtt_measured.csv", tmp_path))
    shipped = load_scenario("tiny", [f"latency.rtt_table={table}"])
    monkeypatch.setattr("planner.runs.settings.load_scenario", lambda _: shipped)

    assert of("tiny") == {"scenario": "tiny", "differs": {"latency.rtt_table": "left out"}}


def test_a_path_by_year_differs_year_by_year(tmp_path: Path) -> None:
    text = "extends: tiny\ncarbon: {cap_kt: {2027: 40.5, 2028: 38.25}}\n"

    assert of(written(tmp_path, "path.yaml", text)) == {
        "scenario": "tiny",
        "differs": {"carbon.cap_kt.2027": "40.5", "carbon.cap_kt.2028": "38.25"},
    }


def test_a_value_in_place_of_a_path_by_year_and_the_reverse_are_listed_as_they_are_now() -> None:
    path, value = {"price": {"2027": 40.5, "2028": None}}, {"price": 38.25}

    assert changed_settings(path, value) == {"price.2027": "40.5"}
    assert changed_settings(value, path) == {"price": "38.25"}
    assert changed_settings({"price": None}, path) == {"price": "null"}
    assert changed_settings(path, {"price": None}) == {"price.2027": "40.5"}
    assert changed_settings({}, path) == {"price.2027": "left out"}
    assert changed_settings({"price": {"2029": 37.0}}, path) == {"price.2029": "37.0", "price.2027": "left out"}


def test_tables_of_ones_own_are_named_by_their_file(tmp_path: Path) -> None:
    for name in ("racks", "sites", "rtt_measured"):
        shutil.copy(DATA_DIR / f"{name}.csv", tmp_path / f"my-{name}.csv")
    sites = tmp_path / "my-sites.csv"
    sites.write_text(sites.read_text(encoding="utf-8").replace("Dallas", "Fort Worth"), "utf-8")
    shutil.copy(SCENARIOS_DIR / "tiny" / "redundancy.csv", tmp_path / "spare.csv")
    cooling = (SCENARIOS_DIR / "tiny" / "cooling.csv").read_text(encoding="utf-8")
    (tmp_path / "cooling.csv").write_text(f"{cooling}\n", encoding="utf-8")
    tables = "racks: my-racks.csv, sites: my-sites.csv, cooling: cooling.csv, redundancy: spare.csv"
    text = f"extends: tiny\ndata: {{{tables}}}\nlatency: {{rtt_table: my-rtt_measured.csv}}\n"
    own = written(tmp_path, "mine.yaml", text)

    # Racks are those that ship and redundancy that of tiny, byte for byte.
    assert of(own) == {
        "scenario": "tiny",
        "differs": {
            "data.sites": "my-sites.csv",
            "data.cooling": "cooling.csv",
            "latency.rtt_table": "my-rtt_measured.csv",
        },
    }


def test_what_a_study_sets_and_moves_differs_too(tmp_path: Path) -> None:
    own = load_scenario(written(tmp_path, "mine.yaml", "extends: tiny\nrent: {allow: true}\n"))
    price = UncertainFigure(
        *("racks", "capex_usd", (3, 7), "gb200_nvl72, gb200_nvl72_capped", "USD"),
        *(3.9e6, 3.1e6, 4.7e6, "estimate", "a report"),
    )
    still = replace(price, column="fte_per_mw", value=0.25)
    moved = moved_figures([(price, 4.25e6), (still, 0.25)])

    changed = with_settings(own, [Setting(("foresight", "window_years"), 2)])

    assert found(changed, moved) == {
        "scenario": "tiny",
        "differs": {
            "rent.allow": "true",
            "foresight.window_years": "2",
            "data.racks.capex_usd": "4250000 of gb200_nvl72, gb200_nvl72_c...",
        },
    }


def test_on_another_machine_a_shipped_file_is_known_by_its_content() -> None:
    here = load_scenario("tiny", ["rent.allow=true"])
    elsewhere = Path("/another/machine/scenarios/tiny.yaml")

    files = (Path("ways.yaml"), elsewhere)

    def there(sha256: str) -> Scenario:
        return here.written_in("price=46", files, here.tree, ("5e", sha256))

    (sha256,) = here.source_sha256
    assert found(there(sha256)) == {"scenario": "tiny", "differs": {"rent.allow": "true"}}
    assert found(there("77")) == {"scenario": None, "differs": {"rent.allow": "true"}}


def test_without_knowing_its_files_nothing_is_claimed() -> None:
    here = load_scenario("tiny")

    assert found(here.written_in("mine", here.source_files, here.tree)) is None
    assert found(Scenario.model_validate({"version": 1})) is None


def test_run_json_of_a_solved_plan_says_it(tmp_path: Path, plan: planner.Plan) -> None:
    assert plan.run.meta["from_shipped"] == {"scenario": "tiny", "differs": {}}
    text = "extends: tiny\nrent: {allow: true}\nnew_sites: {north: {name: '<b>=1+1'}}\n"
    own = written(tmp_path, "mine.yaml", text)
    made = planner.solve(own, overrides=["new_sites.north.land_limit_mw=29"])

    folder = planner.runs.write_run(made, tmp_path / "runs", workbook=False)

    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["from_shipped"] == {
        "scenario": "tiny",
        "differs": {"rent.allow": "true", "new_sites.north.name": "<b>=1+1", "new_sites.north.land_limit_mw": "29.0"},
    }
    # What is opened again is a scenario in memory, of no file.
    assert found(reopen(folder).scenario) is None


def test_long_values_are_cut(tmp_path: Path) -> None:
    title = 30 * "=A1+" + "."
    text = f"extends: tiny\nnew_sites: {{north: {{name: '{title}'}}}}\n"
    own = written(tmp_path, "mine.yaml", text)

    assert of(own) == {"scenario": "tiny", "differs": {"new_sites.north.name": 9 * "=A1+" + "=..."}}
