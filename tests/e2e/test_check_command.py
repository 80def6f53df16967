"""`dcplan check` judges a run by its folder alone, and finds what was changed in it since."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from plans import RICH, plan_of

from planner.check import GROUPS, REREAD, RULES, TAKEN_AS_GIVEN, in_words
from planner.cli import main
from planner.runs import write_run
from planner.runs.folder import changed_since_written
from planner.runs.meta import meta_bytes, sealed

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one run in it, of a plan with everything that a plan can do."""
    return write_run(plan_of(RICH), tmp_path_factory.mktemp("solved"), workbook=False)


@pytest.fixture
def run(solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of it as the only thing in the working directory."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(solved, tmp_path / "runs" / solved.name)).relative_to(tmp_path)


def dcplan(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def rewrite(run: Path, table: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change a table of a run as someone with pandas would."""
    path = run / "tables" / f"{table}.parquet"
    stored = pq.read_table(path)
    changed = change(stored.to_pandas()).reset_index(drop=True)
    schema = stored.schema
    pq.write_table(type(stored).from_pandas(changed, schema=schema, preserve_index=False), path)


def largest(table: pd.DataFrame, column: str, by: Callable[[float], float]) -> pd.DataFrame:
    """Return a table with the largest cell of a column changed; there must be something there."""
    assert table[column].max() > 1e-3
    values = table[column].to_numpy().copy()
    at = int(np.argmax(values))
    values[at] = by(values[at])
    return table.assign(**{column: values})


def test_a_run_as_it_was_written_holds_every_rule(run: Path) -> None:
    result = dcplan("check", "rich")

    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        f"{run.name}: all {len(RULES) + 1} rules hold: the {len(RULES)} that solve checks, and one on the stored files"
    ) in result.stdout
    for heading, rules in GROUPS.items():
        (line,) = [line for line in result.stdout.splitlines() if line.startswith(heading)]
        assert line.split()[-3] == str(len(rules))


def test_a_plan_found_by_a_first_order_method_is_polished_and_holds_every_rule(tmp_path: Path) -> None:
    plan = plan_of("tiny", "solver.method=pdlp")
    run = write_run(plan, tmp_path, workbook=False)

    result = dcplan("check", str(run))

    assert plan.outcome.method_used == "pdlp, simplex from its point"
    assert plan.outcome.objective == pytest.approx(plan_of("tiny").outcome.objective, rel=1e-9)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Optimal, proven without the solver" in result.stdout


CHANGED_TABLES: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "plan": (lambda t: largest(t, "used_mw", lambda mw: 3.0 * mw), "tables_as_stated"),
    "prices": (lambda t: t.assign(raw_dual=-t["raw_dual"]), "prices_as_solved"),
    "costs": (lambda t: largest(t, "musd", lambda musd: musd + 2.0), "discounting"),
    "installs": (lambda t: t.assign(year=t["year"] - 9), "tables_as_stated"),
    "builds": (lambda t: t.assign(service_start=t["service_start"] - 0.75), "tables_as_stated"),
    "connections": (lambda t: largest(t, "added_mw", lambda mw: 900 * mw), "tables_as_stated"),
    "demand": (lambda t: t.drop(index=t["demand_kh100e"].idxmax()), "tables_as_stated"),
}
"""What is changed in a table, and a rule that finds it; each breaks a rule alone in `check/`."""


@pytest.mark.parametrize("tables", [("plan", "prices", "costs"), tuple(CHANGED_TABLES)[3:]])
def test_tables_changed_since_are_found_out(run: Path, tables: tuple[str, ...]) -> None:
    for table in tables:
        rewrite(run, table, CHANGED_TABLES[table][0])

    result = dcplan("check", str(run))

    assert (result.exit_code, result.stderr) == (1, "")
    for table in tables:
        assert f"\n  {CHANGED_TABLES[table][1]}: " in result.stdout
    files = ", ".join(f"tables/{table}.parquet" for table in sorted(tables))
    assert f"files: {files}\n" in result.stdout
    assert "rules are broken" in result.stdout


def times_1_3(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table.assign(**{column: 1.3 * table[column]})


def test_changed_tables_are_found_by_their_files_whatever_their_own_rules_say(run: Path) -> None:
    rewrite(run, "summary", lambda table: times_1_3(table, "capex_musd"))
    rewrite(run, "site_year", lambda table: times_1_3(table, "cost_musd"))
    rewrite(run, "resilience", lambda table: times_1_3(table, "value_musd"))

    result = dcplan("check", str(run))
    said = json.loads(dcplan("check", str(run), "--json").stdout)

    assert (result.exit_code, result.stderr) == (1, "")
    assert (
        f"not as written, 3 of {said['checks'][0]['tested']} files: tables/resilience.parquet,"
        " tables/site_year.parquet, tables/summary.parquet\n"
    ) in result.stdout
    assert "files_as_written" in said["broken"]
    assert said["checks"][0]["group"] == "Files"


def test_every_changed_file_is_named_those_gone_and_come_as_well(run: Path) -> None:
    rewrite(run, "summary", lambda table: times_1_3(table, "capex_musd"))
    shutil.copy(run / "tables" / "plan.parquet", run / "tables" / "plan2.parquet")
    (run / "tables" / "checks.parquet").unlink()
    inputs = run / "inputs" / "sites.parquet"
    pd.read_parquet(inputs).to_parquet(inputs, index=False, compression=None)

    result = dcplan("check", str(run))

    assert result.exit_code == 1
    names = ("inputs/sites", "tables/checks", "tables/plan2", "tables/summary")
    assert f"files: {', '.join(f'{name}.parquet' for name in names)}\n" in result.stdout


def test_commands_that_store_into_a_run_leave_it_as_written(tmp_path: Path) -> None:
    solved = dcplan("-q", "solve", "tiny", "--no-workbook", "-o", str(tmp_path))
    (run,) = tmp_path.glob("*/run.json")
    commands = (
        ("estimates",),
        ("stress",),
        ("dispatch", "--year", "2028"),
        ("days-error", "--year", "2028"),
        ("report",),
        ("export", "--format", "xlsx,parquet"),
    )

    for name, *options in commands:
        done = dcplan("-q", name, str(run.parent), *options)
        assert done.exit_code == solved.exit_code == 0, done.output
        assert changed_since_written(run.parent) == (), name
    stored = {path.name for path in run.parent.iterdir() if path.is_dir()}
    assert {"estimates", "stress", "dispatch", "days_error", "exports"} <= stored


def test_another_objective_in_run_json_is_found_out(run: Path) -> None:
    meta = json.loads((run / "run.json").read_text(encoding="utf-8"))
    reported = {**meta, "objective_musd": meta["objective_musd"] - 5.0}
    (run / "run.json").write_bytes(meta_bytes(sealed(reported)))

    result = dcplan("check", str(run), "--json")

    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert (said["run"], said["ok"]) == (run.name, False)
    wrong = ["solution_table", "objective", "program_objective", "strong_duality"]
    assert said["broken"] == [*wrong, "bound_below_objective", "gap_of_bound"]
    assert said["proven"].startswith("Nothing is proven of the optimum: program_objective")
    (check,) = [check for check in said["checks"] if check["name"] == "objective"]
    assert check["group"] == "Money"
    assert check["worst"] == pytest.approx(5.0)


def test_nothing_but_the_folder_is_read(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.base.paths.DATA_DIR", Path("nowhere"))
    monkeypatch.setattr("planner.base.paths.SCENARIOS_DIR", Path("nowhere"))

    assert dcplan("check", str(run)).exit_code == 0


@pytest.fixture(scope="module")
def as_json(solved: Path) -> dict[str, Any]:
    """Return what is said of the run as it was written."""
    found: dict[str, Any] = json.loads(dcplan("check", str(solved), "--json").stdout)
    return found


def test_input_figures_are_listed_with_their_rules_or_reasons(run: Path, as_json: dict[str, Any]) -> None:
    shown = dcplan("check", str(run), "--inputs").stdout

    assert as_json["reread"]["rent.depth_kh100e"] == ["rent_depth_from_tables"]
    assert as_json["taken_as_given"] == dict(TAKEN_AS_GIVEN)
    assert in_words() in shown
    for name, rules in REREAD.items():
        assert f"  {name}: {', '.join(rules)}\n" in shown
    for name, reason in TAKEN_AS_GIVEN.items():
        assert f"  {name}: {reason}\n" in shown


def test_every_rule_is_listed_on_demand_and_in_json(run: Path, as_json: dict[str, Any]) -> None:
    listed = dcplan("check", str(run), "--all")

    named = [check["name"] for check in as_json["checks"]]
    assert named == ["files_as_written", *(rule.name for rule in RULES)]
    assert "  files_as_written: Every file" in listed.stdout
    for rule in RULES:
        assert f"  {rule.name}: {rule.verified}\n" in listed.stdout


def test_tables_that_are_gone_or_broken_are_all_named(run: Path) -> None:
    (run / "tables" / "plan.parquet").unlink()
    (run / "inputs" / "racks.parquet").unlink()
    (run / "inputs" / "sites.parquet").write_bytes(b"no table")

    result = dcplan("check", str(run))

    assert (result.exit_code, result.stdout) == (2, "")
    for name in ("plan", "racks", "sites"):
        assert f"{name}.parquet: the table can not be read" in result.stderr
    assert "solve the scenario again" in result.stderr


def test_a_run_that_is_not_there_is_bad_usage(run: Path) -> None:
    result = dcplan("check", "nothing-of-the-kind")

    assert (result.exit_code, result.stdout) == (2, "")
    assert run.name in result.stderr
