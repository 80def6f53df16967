"""Which shipped scenario a run starts from, and what of it is not as shipped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import planner
from planner.base.paths import DATA_DIR, SCENARIOS_DIR
from planner.outputs.files import sha256_of
from planner.runs.reopen import reopen
from planner.runs.settings import from_shipped
from planner.scenario import Scenario, load_scenario

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


def test_a_path_by_year_differs_year_by_year(tmp_path: Path) -> None:
    text = "extends: tiny\ncarbon: {cap_kt: {2027: 40.5, 2028: 38.25}}\n"

    assert of(written(tmp_path, "path.yaml", text)) == {
        "scenario": "tiny",
        "differs": {"carbon.cap_kt.2027": "40.5", "carbon.cap_kt.2028": "38.25"},
    }


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
