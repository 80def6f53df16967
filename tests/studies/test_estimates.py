"""Which estimates decide: first-order effects come true where the plan stays as it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from plans import plan_of
from shared import shared

from planner.base.errors import InputError
from planner.cli import main
from planner.lp import ArrayProblem, Axis, HighsSession, Index
from planner.lp.change import Arrays
from planner.outputs.study_files import read_estimates
from planner.outputs.xlsx.workbook import sheets_of
from planner.runs import write_run
from planner.runs.folder import changed_since_written, load_run
from planner.studies.estimates import AtPlan, Estimates, estimates, sentences
from planner.studies.solve.asking import Asking


@shared
def found_of_tiny() -> Estimates:
    plan = plan_of("tiny")
    ask = Asking(lambda _: None)
    return estimates(plan.run, plan.scenario, plan.inputs, ask, most=3)


def test_a_rack_that_costs_less_saves_its_share_of_all_that_is_paid_by_its_price() -> None:
    # Its low is 2.8 of 3.0 MUSD. Purchase and upkeep, which is a share of the price, follow.
    paid = plan_of("tiny").costs.groupby("item")["npv_musd"].sum()
    row = found_of_tiny().table.query("item == 'gb200_nvl72'").iloc[0]

    by_price = float(paid["rack_purchase"] + paid["it_maintenance"])
    assert row["low_musd"] == pytest.approx(-by_price * 0.2 / 3.0, rel=1e-6)
    assert row["high_musd"] == pytest.approx(by_price * 0.5 / 3.0, rel=1e-6)


def test_the_figures_that_decide_are_those_that_move_the_cost_most() -> None:
    table = found_of_tiny().table

    assert len(table) == 3
    assert (table[["low_musd", "high_musd"]].abs() > 0.1).all(axis=None)
    assert table["swing_musd"].is_monotonic_decreasing


def test_a_run_of_another_program_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of("tiny")
    monkeypatch.setattr(sys.modules["planner.studies.estimates"], "has_program", lambda *_: False)  # orders are held

    with pytest.raises(InputError, match=r"with orders of its own; solve it again: dcplan solve tiny"):
        estimates(plan.run, plan.scenario, plan.inputs, Asking(lambda _: None))


def test_a_sentence_names_the_figure_its_kind_table_and_source() -> None:
    said = sentences(found_of_tiny().table, plan_of("tiny").inputs, plan_of("tiny").outcome.objective)
    (rack,) = [one for one in said if one.startswith("GB200 NVL72")]

    assert rack.startswith("GB200 NVL72, 3,000,000 USD of 2025 (derived; table racks): at 2,800,000")
    assert "the plan costs 29.9 MUSD less, at 3,500,000 74.7 MUSD more. Source" in rack
    assert "Source: NVIDIA GB200 NVL72 specification" in rack


def test_the_command_stores_the_table_and_workbook_and_explain_show_it(tmp_path: Path) -> None:
    run = write_run(plan_of("tiny"), tmp_path, workbook=False)
    before = [name for name, _, _ in sheets_of(load_run(run))]
    home = run / "estimates"

    result = CliRunner().invoke(main, ["estimates", str(run)])
    explained = CliRunner().invoke(main, ["-q", "explain", str(run)])

    assert result.exit_code == explained.exit_code == 0, result.stderr
    assert "2. GB200 NVL72" in result.stdout
    assert "2. GB200 NVL72" in explained.stdout
    assert result.stdout.endswith(f"\n\nWritten to {home}\n")
    assert changed_since_written(run) == ()
    after = [name for name, _, _ in sheets_of(load_run(run))]
    assert set(after) - set(before) == {"Estimates"}
    (home / "estimates.csv").write_text("mine", encoding="utf-8")
    refused = CliRunner().invoke(main, ["estimates", str(run)])
    assert refused.exit_code == 2
    assert f"{home}: the folder holds files that were changed, or that dcplan did not write: " in refused.stderr
    assert (home / "estimates.csv").read_text(encoding="utf-8") == "mine"


def program(*plants: tuple[str, float, float], demand_mw: float = 11.0) -> ArrayProblem:
    """Serve a demand from plants of so many MW at so many MUSD each."""
    names, most, cost = zip(*plants, strict=True)
    problem = ArrayProblem("plants")
    power = problem.variable("power", Index.full("plant", Axis("plant", names)), upper=list(most))
    problem.rows("demand", power.total() >= demand_mw)
    problem.minimise((power * list(cost)).total())
    return problem


def test_a_limit_and_a_bound_that_move_do_as_much_as_their_prices_say() -> None:
    # One more MW of demand is served by gas at 3; one more of coal saves 3 less 2 MUSD.
    old = program(("coal", 7.0, 2.0), ("gas", 9.0, 3.0))
    found = HighsSession(old).solve()
    plan = AtPlan(Arrays.from_problem(old), found.x, found.row_dual)
    after = program(("coal", 7.5, 2.0), ("gas", 9.0, 3.0), demand_mw=11.7)

    effect = plan.effect(Arrays.from_problem(after))

    again = HighsSession(after).solve()
    assert effect.musd == pytest.approx(0.7 * 3.0 - 0.5 * (3.0 - 2.0))
    assert effect.musd == pytest.approx(again.objective - found.objective)
    assert effect.most_musd == pytest.approx(0.7 * 3.0 + 0.5 * (3.0 - 2.0))


def test_the_figures_that_decide_are_stored_with_the_run_and_printed(tmp_path: Path) -> None:
    CliRunner().invoke(main, ["-q", "solve", "tiny", "-o", str(tmp_path), "--no-workbook"])
    (run,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    asked = CliRunner().invoke(main, ["-q", "estimates", str(run)])
    stored = read_estimates(load_run(run))

    assert asked.exit_code == 0, asked.stderr
    assert "Which figures decide" in asked.stdout
    assert stored is not None
    assert stored["item"].head(2).to_list() == ["it_maintenance", "gb200_nvl72"]
    assert "were not moved" in stored.attrs["note"]
    assert "Estimates" in [name for name, _, _ in sheets_of(load_run(run))]


def test_no_solve_looks_for_the_figures_that_decide_but_says_how(tmp_path: Path) -> None:
    solved = CliRunner().invoke(main, ["-q", "solve", "tiny", "-o", str(tmp_path)])
    (run,) = [path for path in tmp_path.iterdir() if path.is_dir()]

    assert solved.exit_code == 0, solved.stderr
    assert f"See also: dcplan estimates {run.name}" in solved.stdout
    assert read_estimates(load_run(run)) is None
    assert (run / "plan.xlsx").is_file()
