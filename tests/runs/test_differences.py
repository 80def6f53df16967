"""What of a scenario differs from what its name stands for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.base.paths import SCENARIOS_DIR
from planner.outputs.run import Run
from planner.runs import find_run, save_run
from planner.runs.settings import differences
from planner.scenario import load_scenario


def test_a_shipped_scenario_differs_in_nothing() -> None:
    assert differences(load_scenario("us-demand-high")) == {}


def test_what_the_command_line_changes_of_a_shipped_scenario_differs() -> None:
    changed = load_scenario("tiny", ["rent.allow=true", "years=[2027, 2029]", "title=Other"])

    assert differences(changed) == {"years": "[2027, 2029]", "rent.allow": "true"}


def test_a_setting_of_a_site_differs_by_its_own_key_alone() -> None:
    changed = load_scenario("us-base", ["sites.us-va-ashburn.exclude=true"])

    assert differences(changed) == {"sites.us-va-ashburn.exclude": "true"}


def test_a_setting_that_is_given_the_value_it_has_does_not_differ() -> None:
    assert differences(load_scenario("tiny", ["rent.allow=false"])) == {}


def test_an_edited_copy_under_the_name_of_a_shipped_scenario_differs(tmp_path: Path) -> None:
    shutil.copytree(SCENARIOS_DIR / "tiny", tmp_path / "tiny")
    text = (SCENARIOS_DIR / "tiny.yaml").read_text()
    assert "deferral: false" in text
    edited = tmp_path / "tiny.yaml"
    edited.write_text(text.replace("deferral: false", "deferral: true"))

    found = differences(load_scenario(edited))

    assert found.pop("flexibility.deferral") == "true"
    assert set(found) == {"data.cooling", "data.redundancy"}  # copies of tables lie elsewhere


def test_a_scenario_of_ones_own_differs_by_the_command_line_alone(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("version: 1\nextends: tiny\nrent: {allow: true}\n")

    assert differences(load_scenario(own)) == {}
    assert differences(load_scenario(own, ["years=[2027,2029]", "title=Mine"])) == {"years": "[2027, 2029]"}


def test_the_name_of_a_scenario_means_its_run_without_changes(tmp_path: Path, run: Run) -> None:
    changed = _stored(run, tmp_path, "odd-changed", differs={"rent.allow": "true"})

    with pytest.raises(InputError, match=r"changed settings only.*odd-changed with rent.allow"):
        find_run("=odd names", tmp_path)
    assert find_run("odd-changed", tmp_path) == changed

    as_it_is = _stored(run, tmp_path, "odd-as-it-is", differs={})
    assert find_run("=odd names", tmp_path) == as_it_is


def _stored(run: Run, folder: Path, name: str, *, differs: dict[str, str]) -> Path:
    meta = {**run.meta, "run": name, "differs": differs}
    kept = Run(meta, run.tables, run.inputs_tables, proof_tables=run.proof_tables)
    return save_run(kept, folder, workbook=False)
