"""Which estimates decide: first-order effects come true where the plan stays as it is."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from plans import plan_of
from rich.console import Console
from shared import shared

from planner.base.errors import InputError
from planner.cli import main
from planner.inputs.build import build_inputs_from, inputs_without_notes, offers_of
from planner.inputs.uncertain_figures import UncertainFigure, figures_of, unmoved_figures, with_values
from planner.lp import ArrayProblem, Axis, HighsSession, Index
from planner.lp.change import Arrays
from planner.model import build_model
from planner.outputs.labels import first_order_words
from planner.outputs.run import Run
from planner.outputs.study_files import read_estimates
from planner.outputs.terminal import decides
from planner.outputs.xlsx.workbook import sheets_of
from planner.runs import write_run
from planner.runs.folder import changed_since_written, load_run
from planner.scenario import Scenario, load_scenario
from planner.studies.estimates import Estimates, estimates
from planner.studies.estimates.plan_program import AtPlan, PlanProgram, aligned
from planner.studies.estimates.table import Again, sentences
from planner.studies.solve.asking import Asking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.lp import Outcome


@shared
def found_of_tiny() -> Estimates:
    plan = plan_of("tiny")
    ask = Asking(lambda _: None)
    return estimates(plan.run, plan.scenario, plan.inputs, ask, resolve=True, most=3)


def test_a_rack_that_costs_less_saves_its_share_of_all_that_is_paid_by_its_price() -> None:
    # Its low is 2.8 of 3.0 MUSD. Purchase and upkeep, which is a share of the price, follow.
    paid = plan_of("tiny").costs.groupby("item")["npv_musd"].sum()
    row = found_of_tiny().table.query("item == 'gb200_nvl72'").iloc[0]

    by_price = float(paid["rack_purchase"] + paid["it_maintenance"])
    assert row["low_musd"] == pytest.approx(-by_price * 0.2 / 3.0, rel=1e-6)
    assert row["high_musd"] == pytest.approx(by_price * 0.5 / 3.0, rel=1e-6)


def test_first_order_is_what_solving_again_finds_where_the_plan_stays_as_it_is() -> None:
    table = found_of_tiny().table

    assert len(table) == 3
    assert (table[["low_musd", "high_musd"]].abs() > 0.1).all(axis=None)
    for end in ("low", "high"):
        assert table[f"{end}_resolved_musd"].to_list() == pytest.approx(table[f"{end}_musd"].to_list(), rel=1e-6)
    assert table["swing_musd"].is_monotonic_decreasing


def test_what_time_does_not_allow_stays_at_first_order_and_is_counted() -> None:
    plan, stages = plan_of("tiny"), []

    found = estimates(plan.run, plan.scenario, plan.inputs, Asking(stages.append), resolve=True, seconds=0.0, most=3)

    whole = found_of_tiny()
    assert whole.again is not None
    assert whole.again.solved == whole.again.ends >= 2 * 3
    assert found.again == Again(0, whole.again.ends, 0.0)
    assert found.table["low_resolved_musd"].isna().all()
    assert found.table["low_musd"].to_list() == whole.table["low_musd"].to_list()
    assert f"Of {whole.again.ends} ends of figures 0 were solved again" in found.table.attrs["note"]
    assert "solved again" not in whole.table.attrs["note"]
    assert stages[-1].startswith(f"Solving again: 0 of {whole.again.ends} ends, 0 s of at most 0 s")


@pytest.mark.parametrize(("seconds", "too_slow"), [(7.0, False), (math.inf, True)])
def test_the_first_solve_has_no_more_time_than_all(seconds: float, *, too_slow: bool) -> None:
    plan, whole = plan_of("tiny"), found_of_tiny()
    given_s: list[float] = []

    class FirstTooSlow(Asking):
        """The plan's own program is not solved in time."""

        def solve_session(self, *args: Any, most_s: float = math.inf, **kwargs: Any) -> Outcome:
            given_s.append(most_s)
            return replace(super().solve_session(*args, **kwargs), status="time_limit")

    ask = FirstTooSlow(lambda _: None)
    found = estimates(plan.run, plan.scenario, plan.inputs, ask, resolve=True, seconds=seconds, most=3)

    assert whole.again is not None
    ends = whole.again.ends
    assert len(given_s) == 1
    assert given_s[0] <= seconds
    assert given_s[0] > 3.0
    assert found.again == Again(0, ends, seconds, too_slow=ends if too_slow else 0)
    assert found.table["low_musd"].to_list() == whole.table["low_musd"].to_list()
    assert found.table["low_resolved_musd"].isna().all()


def test_an_end_that_is_too_slow_for_one_solve_does_not_end_the_others() -> None:
    plan, whole = plan_of("tiny"), found_of_tiny()
    solves: list[str] = []

    class OneTooSlow(Asking):
        """Of the solves that follow the plan's own, the second reaches the scenario's limit."""

        def solve_session(self, *args: Any, **kwargs: Any) -> Outcome:
            outcome = super().solve_session(*args, **kwargs)
            solves.append(outcome.status)
            return replace(outcome, status="time_limit") if len(solves) == 3 else outcome

    ask = OneTooSlow(lambda _: None)
    found = estimates(plan.run, plan.scenario, plan.inputs, ask, resolve=True, most=3)

    assert whole.again is not None
    assert found.again == Again(whole.again.ends - 1, whole.again.ends, math.inf, too_slow=1)
    low, high = (f"{end}_resolved_musd" for end in ("low", "high"))
    assert found.table[low].to_list() == pytest.approx(whole.table[low].to_list())
    assert np.isnan(found.table[high][0])
    assert found.table[high].to_list()[1:] == pytest.approx(whole.table[high].to_list()[1:])
    note = found.table.attrs["note"]
    assert f"Of {whole.again.ends} ends of figures {whole.again.ends - 1} were solved again;" in note
    assert note.endswith("1 of those ends reached the limit of one solve (solver.time_limit_s).")


def test_orders_of_a_stochastic_program_are_named_where_duals_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of("tiny")
    run = replace(plan.run, meta={**plan.run.meta, "orders_held_before": 2027})
    module = sys.modules["planner.studies.estimates.estimates"]
    monkeypatch.setattr(module, "has_program", lambda *_: False)  # bounds are held

    with pytest.raises(InputError, match=r"orders before 2027 from a stochastic program.*alone"):
        estimates(run, plan.scenario, plan.inputs, Asking(lambda _: None))


def test_a_sentence_names_the_figure_its_kind_table_and_source() -> None:
    said = sentences(found_of_tiny().table, plan_of("tiny").inputs, plan_of("tiny").outcome.objective)
    (rack,) = [one for one in said if one.startswith("GB200 NVL72")]

    assert rack.startswith("GB200 NVL72, 3,000,000 USD of 2025 (derived; table racks): at 2,800,000")
    assert "the plan costs 29.9 MUSD less, at 3,500,000 74.7 MUSD more; solved again, 29.9" in rack
    assert "Source: NVIDIA GB200 NVL72 specification" in rack


def test_figures_that_decide_have_names_and_units_on_a_narrow_screen() -> None:
    console = Console(width=80, highlight=False, force_terminal=False)
    with console.capture() as capture:
        console.print(decides(found_of_tiny().table, plan_of("tiny").inputs.tables, 650.0))
    head, *rows = capture.get().splitlines()

    assert head.split()[:5] == ["Figures", "that", "decide", "unit", "value"]
    (rack,) = (row for row in rows if row.startswith("GB200 NVL72"))
    # 3 M, or 2.8 and 3.5, in USD; the change of cost beside both.
    assert rack.split()[2:5] == ["USD", "3", "M"]
    assert rack.split()[5:7] == ["2.8", "M"]
    assert max(len(row.rstrip()) for row in (head, *rows)) <= 80


@pytest.mark.parametrize("width", [72, 80])
def test_long_names_are_cut_on_a_narrow_screen_and_numbers_never(width: int) -> None:
    row = {
        "item": "gb300_nvl72_and_its_twin, power_transformer",
        "unit": "USD of 2025/kW-month",
        "value": -0.02437,
        "low": -0.03416,
        "high": 28_730.0,
        "low_musd": -25_500.0,
        "high_musd": 31_900.0,
    }
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(decides(pd.DataFrame([row]), {}, 1e6))

    head, line = capture.get().splitlines()

    for number in ("-0.02437", "-0.03416", "28,730", "-25,500", "+31,900"):
        assert number in line.split(), line
    assert "\N{HORIZONTAL ELLIPSIS}" in line
    assert max(map(len, (head.rstrip(), line.rstrip()))) <= width


def test_a_figure_without_a_unit_is_named_with_its_column() -> None:
    row = {"item": "dallas", "column": "index", "unit": "-", "value": 0.889, "low": 0.8}
    row |= {"high": 1.05, "low_musd": -31.5, "high_musd": 57.25}
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        console.print(decides(pd.DataFrame([row]), {}, 1e6))

    assert capture.get().splitlines()[1].startswith("dallas, index")


def test_a_saving_of_more_than_the_plan_costs_is_marked_as_one_that_cannot_hold() -> None:
    solution = pd.DataFrame({"objective_musd": [22_919.0]})
    run = Run({"run": "own-0a17"}, {"solution": solution}, {})
    row = {"item": "use", "column": "use_frac", "table": "rent_terms", "unit": "-"}
    row |= {"kind": "estimate", "source": "Own.", "value": 0.6, "low": 0.4, "high": 0.8}
    row |= {"low_musd": 25_600.0, "high_musd": -25_600.0, "racks_moved_mw": np.nan}
    row |= {"low_resolved_musd": np.nan, "high_resolved_musd": -7740.0}
    table = pd.DataFrame([row])
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        console.print(decides(table, {}, 22_919.0))

    assert capture.get().splitlines()[1].split()[-4:] == ["0.4", "+25,600", "0.8", "-25,600*"]
    (said,) = sentences(table, SimpleNamespace(tables={}), 22_919.0)
    assert "at 0.4 the plan costs 25,600 MUSD more, at 0.8 25,600 MUSD less, more than the" in said
    assert "whole plan costs, which cannot hold; solved again, 7,740 MUSD less at 0.8" in said
    assert first_order_words(table, run, "*").endswith(
        "as `dcplan estimates own-0a17 --resolve` does. * saves more than the whole plan costs, which cannot hold."
    )
    dear = replace(run, tables={"solution": solution * 2.0})
    assert first_order_words(table, dear, "*").endswith("--resolve` does.")


def test_a_price_and_that_of_its_capped_twin_are_one_figure() -> None:
    tables = plan_of("tiny").inputs.tables
    twins = [of for of in figures_of(tables) if of.item == "vr_nvl72, vr_nvl72_maxq"]
    (rubin,) = [of for of in twins if of.column == "capex_usd"]
    racks = with_values(tables, [(rubin, 5e6)])["racks"].set_index("rack")["capex_usd"]

    assert racks["vr_nvl72"] == racks["vr_nvl72_maxq"] == 5e6
    assert racks["gb200_nvl72"] == 3e6
    assert tables["racks"].set_index("rack")["capex_usd"]["vr_nvl72"] == rubin.value != 5e6


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


def test_rows_that_only_the_bound_needs_do_not_keep_figures_from_a_plan(tmp_path: Path) -> None:
    settings = ["--set", "siting.whole_openings=true"]
    done = CliRunner().invoke(main, ["solve", "tiny", *settings, "-q", "-o", str(tmp_path)])

    assert done.exit_code == 0, done.output
    (folder,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    CliRunner().invoke(main, ["-q", "estimates", str(folder)])
    run = load_run(folder)
    rows = run.proof_tables["rows"]
    is_added = rows["family"].astype(str).str.startswith("served_only_if_open_")
    assert is_added.any()  # or the case has none, and shows nothing
    assert (rows.loc[is_added, "dual"] == 0.0).all()
    table = read_estimates(run)
    assert table is not None
    assert len(table) > 5


def program(*plants: tuple[str, float, float], demand_mw: float = 11.0) -> ArrayProblem:
    """Serve a demand from plants of so many MW at so many MUSD each."""
    names, most, cost = zip(*plants, strict=True)
    problem = ArrayProblem("plants")
    power = problem.variable("power", Index.full("plant", Axis("plant", names)), upper=list(most))
    problem.rows("demand", power.total() >= demand_mw)
    problem.minimise((power * list(cost)).total())
    return problem


def test_a_program_that_offers_other_things_is_told_of_by_what_the_plan_makes_use_of() -> None:
    # 7 MW of coal at 2 and 4 MW of gas at 3 MUSD serve 11 MW; oil at 5 is not used.
    old = program(("coal", 7.0, 2.0), ("gas", 9.0, 3.0), ("oil", 6.0, 5.0))
    found = HighsSession(old).solve()
    plan = AtPlan(Arrays.from_problem(old), found.x, found.row_dual)
    # Gas at 3.5, in another order, without oil, with wind that the plan knows nothing of.
    new = program(("wind", 8.0, 9.0), ("gas", 9.0, 3.5), ("coal", 7.0, 2.0))

    moved = aligned(old, new, plan.arrays, plan.x, plan.row_dual)

    assert found.x.tolist() == [7.0, 4.0, 0.0]
    assert moved is not None
    assert moved.columns.cost.tolist() == [2.0, 3.5, 5.0]
    assert moved.columns.upper.tolist() == [7.0, 9.0, 0.0]
    assert plan.effect(moved).musd == pytest.approx(4.0 * 0.5)


def test_of_a_program_without_what_the_plan_makes_use_of_first_order_says_nothing() -> None:
    old = program(("coal", 7.0, 2.0), ("gas", 9.0, 3.0))
    found = HighsSession(old).solve()
    new = program(("coal", 7.0, 2.0), ("oil", 6.0, 5.0))

    assert aligned(old, new, Arrays.from_problem(old), found.x, found.row_dual) is None


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


def program_of(
    scenario: Scenario, tables: Mapping[str, pd.DataFrame], x: Floats, row_dual: Floats
) -> tuple[PlanProgram, list[UncertainFigure]]:
    model = build_model(inputs_without_notes(scenario, tables))
    plan = AtPlan(Arrays.from_problem(model.problem), x, row_dual)
    cuts = model.p.failover  # the worlds here have no cuts
    return PlanProgram(scenario, offers_of(scenario, tables), model, plan, cuts), figures_of(tables)


def test_a_last_year_of_sale_counts_in_steps_and_is_solved_again() -> None:
    # The only rack of tiny is sold until 2028; were it only until 2027, racks of 2028 would have
    # to be bought a year earlier. No small step says so.
    scenario = load_scenario("tiny", ["racks.end_of_sale=true"])
    shipped = plan_of("tiny").inputs.tables
    (row,) = np.flatnonzero(shipped["racks"]["rack"] == "gb200_nvl72")
    year = UncertainFigure("racks", "last_year", (int(row),), "gb200_nvl72", "year", 2028, 2027, 2029, "", "", True)
    tables = with_values(shipped, [(year, 2028)])
    found = HighsSession(build_model(build_inputs_from(scenario, tables)).problem).solve()
    program, _ = program_of(scenario, tables, found.x, found.row_dual)
    earlier = build_model(build_inputs_from(scenario, with_values(shipped, [(year, 2027)])))

    inputs = program.inputs_with([(year, 2027)], other_offers=True)
    assert inputs is not None
    left = program.arrays_of(inputs, without_used=True)
    session = HighsSession(program.model.problem)
    assert left is not None
    session.take(left)

    assert program.counts_in_steps([year])
    assert program.arrays_of(inputs) is None
    kept = program.inputs_with([(year, 2027)])  # has the racks on offer that the plan has
    assert kept is not None
    assert program.arrays_of(kept) is not None
    assert program.only_takes_away(year, 2027)
    assert not program.only_takes_away(year, 2029)
    assert session.solve().objective == pytest.approx(HighsSession(earlier.problem).solve().objective, rel=1e-9)
    assert session.solve().objective > found.objective + 1.0


def test_figures_without_a_low_and_a_high_are_counted_and_said_not_to_be_moved() -> None:
    # Of two leases one has a price with low and high; of two retrofits both have. Three markets
    # are left with their index, and nothing else in the cut tables is a quantity.
    shipped = plan_of("tiny").inputs.tables
    leases = shipped["leases"].head(2).copy()
    leases.loc[leases.index[1], leases.columns[leases.columns.str.startswith("low")]] = np.nan
    one = unmoved_figures({"leases": shipped["leases"].head(2)})

    assert unmoved_figures({"leases": leases}) == one + 1
    note = found_of_tiny().table.attrs["note"]
    assert f"{found_of_tiny().unmoved:,} figures of the same tables have none" in note
    assert "were not moved, nor were the" in note


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
