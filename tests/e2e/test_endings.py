"""How a solve ends: infeasible, at a limit, interrupted; and what it leaves on disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from planner.check import RULES
from planner.lp import HighsSession, Outcome

if TYPE_CHECKING:
    from project import Project

# Training alone, which has to grow at sites without land or rent to grow with.
NO_WAY_OUT = (
    "scope.workloads=[train]",
    "demand.unmet=forbid",
    "demand.explicit=[{workload: train, unit: kh100e, by_year: {2025: 70, 2027: 300}}]",
    "rent.allow=false",
    "deliveries.limit=false",
    "sites={oak: {land_limit_mw: 3}, elm: {land_limit_mw: 4}}",
)


def with_settings(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


def test_an_infeasible_scenario_ends_with_3_and_names_what_clashes(project: Project) -> None:
    before = project.files()

    result = project.dcplan("-q", "solve", "mini.yaml", *with_settings(*NO_WAY_OUT))

    assert (result.exit_code, result.stdout) == (3, "")
    first, *rules, hint = result.stderr.splitlines()
    assert first == "mini: no plan meets all constraints; these conflict:"
    assert "dcplan diagnose" in hint
    at = rules.index("  land_limit: Halls at a site fit its land, and need the site to be open.")
    assert set(rules[at + 1].strip().removeprefix("at ").split(", ")) == {"oak 2027", "elm 2027"}
    assert {line.strip().partition(": ")[0] for line in rules[at + 2 : at + 4]} == {
        "sites.oak.land_limit_mw",
        "sites.elm.land_limit_mw",
    }
    at = next(row for row, line in enumerate(rules) if line.startswith("  demand_balance: "))
    assert rules[at + 1].endswith("train 2027")
    assert project.files() == before


def test_a_site_that_must_not_open_is_named_by_its_setting(project: Project) -> None:
    closed = ("demand.unmet=forbid", "siting.must_not_open=[coast]")

    result = project.dcplan("-q", "solve", "tiny", *with_settings(*closed))

    lines = result.stderr.splitlines()
    at = lines.index("  must_not_open: A site that must not open stays closed.")
    assert lines[at + 1 : at + 3] == [
        "      at coast 2028",
        "      siting.must_not_open: coast (--set siting.must_not_open=[coast])",
    ]
    assert "bound of" not in result.stderr


def test_the_same_demand_is_met_with_land_to_grow(project: Project) -> None:
    settings = with_settings(*NO_WAY_OUT[:-1])

    result = project.dcplan("-q", "solve", "mini.yaml", "--no-workbook", *settings)

    assert result.exit_code == 0, result.stderr


def test_a_limit_before_any_plan_ends_with_4_and_leaves_no_run(project: Project) -> None:
    before = project.files()

    result = project.dcplan("-q", "solve", "mini.yaml", "--set", "solver.time_limit_s=1e-6")

    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr == (
        "mini: the time limit (solver.time_limit_s) was reached before any plan was found; allow"
        " more time, or try another method (solver.method)\n"
    )
    assert project.files() == before


@pytest.fixture
def limit_with_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the solver stop at its limit with a plan, and without the duals of an optimum."""
    solve_to_the_end = HighsSession.solve

    def stop_early(session: HighsSession, *args: Any, **options: Any) -> Outcome:
        outcome = solve_to_the_end(session, *args, **options)
        return replace(
            outcome,
            status="time_limit",
            has_duals=False,
            dual_bound=0.9 * outcome.objective,
            gap=0.1,
            row_dual=np.full_like(outcome.row_dual, np.nan),
            reduced_cost=np.full_like(outcome.reduced_cost, np.nan),
            message="Time limit reached",
        )

    monkeypatch.setattr(HighsSession, "solve", stop_early)


@pytest.mark.usefixtures("limit_with_a_plan")
def test_the_best_plan_at_a_limit_is_written_and_marked_and_never_called_optimal(project: Project) -> None:
    result = project.dcplan("-q", "solve", "mini.yaml")

    assert (result.exit_code, result.stderr) == (4, "")
    assert "Time limit" in result.stdout
    assert "ptimal" not in result.stdout
    (run,) = project.runs()
    meta = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert meta["status"] == "time_limit"
    assert meta["gap_frac"] == pytest.approx(0.1)
    with closing(openpyxl.load_workbook(run / "plan.xlsx")) as workbook:
        texts = [
            cell.value for sheet in workbook for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)
        ]
    assert any("ime limit" in text for text in texts)
    assert not any(text.strip().lower() == "optimal" for text in texts)


def test_an_interrupt_while_the_run_is_written_leaves_nothing_of_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("planner.runs.folder.write_workbook", interrupted)

    result = project.dcplan("-q", "solve", "mini.yaml")

    assert result.exit_code == 130
    assert project.runs() == []
    # The plan is printed before it is written, and no folder is named.
    assert "rules hold" in result.stdout
    assert "Written to" not in result.stdout


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is another thing on Windows")
def test_ctrl_c_stops_the_solver_and_leaves_no_run(tmp_path: Path) -> None:
    code = "from planner.cli import main; main()"
    command = [sys.executable, "-c", code, "solve", "us-base", "-o", str(tmp_path / "runs")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.rstrip().endswith("Solving"):
                break
        time.sleep(0.5)  # so that the solver is at work
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        process.wait(timeout=60)

    assert "Stopping" in said
    assert "us-base: interrupted before any plan was found" in said
    assert process.returncode == 4
    assert list(tmp_path.rglob("*")) == []


def test_a_file_name_with_a_way_out_stays_in_the_runs_folder(project: Project) -> None:
    odd = "..\\..\\evil.yaml"
    project.scenario.rename(project.folder / odd)

    result = project.dcplan("-q", "solve", odd, "--no-workbook")

    assert result.exit_code == 0
    (run,) = project.runs()
    assert run.name.startswith("evil-")


# Nine cities and ten sites, each city within 25 ms of some of them: one outage after the other asks
# for reserve somewhere else, so that one round for each solve is too few, with integers too.
REGIONS_OF_MANY_OUTAGES = """\
version: 1
extends: tiny
title: Many outages
scope:
  countries: [US]
  sites: [coast, us-va-ashburn, us-il-chicago, us-in-newcarlisle, us-wi-mtpleasant, us-ms-canton,
    us-ne-omaha, us-ok-pryor, us-ga-atlanta, us-tn-memphis]
  demand_regions: [us-baltimore, us-st-louis, us-pittsburgh, us-cincinnati, us-cleveland,
    us-nashville, us-memphis, us-birmingham, us-buffalo]
  workloads: [chat_interactive]
years: [2027]
workloads: {chat_interactive: {failover: true, rtt_bound_ms: 25, redundancy_min: N}}
failover: {neighbour_users_frac: 0}
siting: {phase_mw: 2}
"""


def test_an_integer_plan_that_a_limit_left_short_of_an_outage_is_marked_and_ends_with_4(project: Project) -> None:
    project.write("outages.yaml", REGIONS_OF_MANY_OUTAGES)
    at_limit = (*with_settings("failover.most_rounds=1"), "--no-workbook")
    words = (
        "Iteration limit reached: the plan does not survive the outage of every site; more rounds"
        " are failover.most_rounds"
    )

    stopped = project.dcplan("-q", "solve", "outages.yaml", *at_limit)

    assert stopped.exit_code == 4, stopped.stderr
    assert f"● {words}" in " ".join(stopped.stdout.split())
    assert "● CHECK FAILED: survives_loss_of_any_site" in stopped.stdout
    (run,) = project.runs()
    meta = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert meta["status"] == "iteration_limit"
    assert meta["check"]["broken"] == ["survives_loss_of_any_site"]
    assert pd.read_parquet(run / "tables" / "failures.parquet")["unserved_kh100e"].max() > 0.01

    checked = project.dcplan("-q", "check", run.name)

    assert checked.exit_code == 1
    assert f"1 of {len(RULES) + 1} rules is broken\n  survives_loss_of_any_site: " in checked.stdout
    assert checked.stdout.splitlines()[-1].startswith(words)

    enough = project.dcplan("-q", "solve", "outages.yaml", *at_limit[2:])

    assert enough.exit_code == 0, enough.stderr
    assert "does not survive" not in enough.stdout
