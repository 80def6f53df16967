"""Which estimates decide: what is told at first order comes true where the plan stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from plans import plan_of
from shared import shared

from planner.cli import main
from planner.inputs.figures import Figure, figures_of, with_values
from planner.lp import ArrayProblem, Axis, HighsSession, Index
from planner.lp.change import Arrays
from planner.model import build_model
from planner.outputs.xlsx.workbook import sheets_of
from planner.runs import write_run
from planner.runs.folder import load_run
from planner.studies.estimates import Estimates, estimates
from planner.studies.estimates.aligned import aligned
from planner.studies.estimates.estimates import _Program
from planner.studies.estimates.first_order import AtPlan
from planner.studies.estimates.words import sentences
from planner.studies.solve.asking import Asking


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
        assert table[f"{end}_resolved_musd"].to_list() == pytest.approx(
            table[f"{end}_musd"].to_list(), rel=1e-6
        )
    assert table["swing_musd"].is_monotonic_decreasing


def test_a_sentence_names_the_figure_its_kind_table_and_source() -> None:
    said = sentences(found_of_tiny().table, plan_of("tiny").inputs)
    (rack,) = [one for one in said if one.startswith("GB200 NVL72")]

    assert rack.startswith(
        "GB200 NVL72, 3,000,000 USD of 2025 (derived; table racks): at 2,800,000"
    )
    assert "the plan costs 29.9 MUSD less, at 3,500,000 74.7 MUSD more; solved again, 29.9" in rack
    assert "Source: NVIDIA GB200 NVL72 specification" in rack


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

    result = CliRunner().invoke(main, ["-q", "estimates", str(run)])
    explained = CliRunner().invoke(main, ["-q", "explain", str(run)])

    assert result.exit_code == explained.exit_code == 0, result.stderr
    assert "2. GB200 NVL72" in result.stdout
    assert "2. GB200 NVL72" in explained.stdout
    assert (run / "estimates" / "estimates.csv").is_file()
    after = [name for name, _, _ in sheets_of(load_run(run))]
    assert set(after) - set(before) == {"Estimates"}


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
    plan = AtPlan(Arrays.of(old), found.x, found.row_dual)
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

    assert aligned(old, new, Arrays.of(old), found.x, found.row_dual) is None


def test_a_limit_and_a_bound_that_move_do_as_much_as_their_prices_say() -> None:
    # One more MW of demand is served by gas at 3; one more of coal saves 3 less 2 MUSD.
    old = program(("coal", 7.0, 2.0), ("gas", 9.0, 3.0))
    found = HighsSession(old).solve()
    plan = AtPlan(Arrays.of(old), found.x, found.row_dual)
    after = program(("coal", 7.5, 2.0), ("gas", 9.0, 3.0), demand_mw=11.7)

    effect = plan.effect(Arrays.of(after))

    again = HighsSession(after).solve()
    assert effect.musd == pytest.approx(0.7 * 3.0 - 0.5 * (3.0 - 2.0))
    assert effect.musd == pytest.approx(again.objective - found.objective)
    assert effect.most_musd == pytest.approx(0.7 * 3.0 + 0.5 * (3.0 - 2.0))


def test_a_figure_whose_end_changes_the_offer_is_judged_by_a_small_step_towards_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = plan_of("tiny")
    model = build_model(plan.inputs)
    at_plan = AtPlan(Arrays.of(model.problem), plan.outcome.x, plan.outcome.row_dual)
    program = _Program(plan.scenario, plan.inputs, model, at_plan)
    (price,) = [
        of
        for of in figures_of(plan.inputs.tables)
        if of.item == "gb200_nvl72" and of.column == "capex_usd"
    ]
    whole = program.effect([(price, price.high)])
    built = _Program.with_figures

    def none_far_off(self: _Program, values: list[tuple[Figure, float]]) -> Arrays | None:
        return None if values[0][1] > 3.1e6 else built(self, values)

    monkeypatch.setattr(_Program, "with_figures", none_far_off)
    by_steps = program.effect([(price, price.high)])

    assert whole is not None
    assert by_steps is not None
    assert whole.musd > 10.0
    assert by_steps.musd == pytest.approx(whole.musd, rel=1e-6)
    assert by_steps.most_musd == pytest.approx(whole.most_musd, rel=1e-6)
