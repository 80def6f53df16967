"""Frontiers: convex, with slopes that are duals, ends that are optima, and a knee."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from drawn_worlds import LEADS, Draw, Figures, as_overrides, drawn
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st
from plans import MINI, plan_of

from planner.base.errors import InputError
from planner.cli import main
from planner.inputs.build import PreparedScenario
from planner.lp import HighsSession
from planner.model import build_model
from planner.outputs.study_files import Frontier
from planner.scenario import load_scenario
from planner.studies.frontier import frontier, measure_of, users_served


@dataclass(frozen=True)
class Traded:
    """A scenario with drawn figures, and what its cost is traded against."""

    scenario: str
    overrides: list[str]
    against: str


@st.composite
def traded(draw: Draw) -> Traded:
    """Draw a measure, and a world in which it costs something."""
    figures = Figures(draw)
    against = draw(st.sampled_from(OF_TINY + OF_MINI))
    if against in OF_MINI:
        return Traded(str(MINI), figures.of_mini(), against)
    world = dict(figures.world(draw(st.integers(*LEADS))))
    if against == "latency":
        world["workloads.chat_interactive.rtt_bound_ms"] = figures.between(42.0, 90.0)
    if against == "unmet":
        world["demand.unmet_usd_per_h100e_hour"] = figures.between(0.4, 1.3)
    return Traded("tiny", as_overrides(world), against)


RENT = ("rent.allow=true", "build.capex_budget_musd={2027: 400}", "operator.demand_share_frac=0.005")
"""With too little to build for all users, some of whom are rented for."""
FAR = "workloads.chat_interactive.rtt_bound_ms=50"

OF_TINY = ("largest", "site:north", "site:south", "latency", "unmet")
OF_MINI = ("carbon", "water", "connection")


@settings(drawn, max_examples=12)
@given(asked=traded(), points=st.integers(4, 7))
@example(Traded("tiny", ["workloads.chat_interactive.rtt_bound_ms=50"], "latency"), 6)
@example(Traded("tiny", [*RENT, FAR], "latency"), 6)
@example(Traded("tiny", ["demand.unmet_usd_per_h100e_hour=0.8"], "unmet"), 6)
@example(Traded(str(MINI), [], "connection"), 6)
def test_a_frontier_is_convex_and_its_slopes_are_duals(asked: Traded, points: int) -> None:
    try:
        table = frontier(asked.scenario, against=asked.against, points=points, overrides=asked.overrides).table
    except InputError as error:
        if "the plan of least cost serves none" not in str(error):
            raise
        reject()

    assert len(table) in {1, points}  # 1 where nothing is to be traded
    level, cost, slope = (table[name].to_numpy() for name in ("measure", "cost_musd", "slope_musd_per_unit"))
    assert (np.diff(level) < 0.0).all()
    assert (np.diff(cost) >= -1e-6 * abs(cost[0])).all()
    secant = np.diff(cost) / np.diff(level)  # from each point to the next lower level
    tolerance = 1e-4 * np.abs(secant).max(initial=0.0)
    assert (np.diff(secant) <= tolerance).all()
    # A dual is a slope of a supporting line: between the secants on both sides of its point. The
    # last point is the least there is, which has none below.
    assert np.isnan(slope[1:]).tolist() == [*[False] * (len(table) - 2), *[True][: len(table) - 1]]
    assert (slope[1:-1] <= secant[:-1] + tolerance).all()
    assert (slope[1:-1] >= secant[1:] - tolerance).all()
    if len(table) == points:
        assert_slope_is_what_a_unit_costs(asked, table)


def assert_slope_is_what_a_unit_costs(asked: Traded, table: pd.DataFrame) -> None:
    """Solve programs with a row for the level from nothing: at a point, just below and above."""
    level, slope = table["measure"].to_numpy(), table["slope_musd_per_unit"].to_numpy()
    step = 1e-2 * (level[0] - level[-1])
    at = len(table) // 2

    question = PreparedScenario.from_scenario(load_scenario(asked.scenario, asked.overrides))

    below, on, above = (cost_within(question, asked.against, level[at] + change) for change in (-step, 0.0, step))

    assert on == pytest.approx(table["cost_musd"].iloc[at], rel=1e-6)
    slack = 1e-8 * on / step  # what solves may differ by
    assert (on - below) / step - slack <= slope[at] <= (above - on) / step + slack


def cost_within(question: PreparedScenario, against: str, most: float) -> float:
    """Return the least cost with that much of a measure, and nothing less served than at best."""
    model = build_model(question.inputs)
    measure = measure_of(against, model)
    built = measure.build(model)
    if measure.holds:
        best = HighsSession(model.problem).solve("simplex")
        for name, served in (("unmet", model.unmet), ("rented", model.rented)):
            if name in measure.holds:
                held = float(served.total().value(best.x)[0])
                model.problem.rows(f"held_{name}", served.total() <= held + 1e-7 * max(held, 1.0))
        if "served" in measure.holds:
            users = users_served(model)
            model.problem.rows("held_served", users >= users.value(best.x) * (1.0 - 1e-7))
        if measure.per is not None:
            built = built / float(measure.per(model).value(best.x)[0])
    model.problem.rows("most", built <= most)
    found = HighsSession(model.problem).solve("simplex")
    assert found.status == "optimal"
    return found.objective


def test_the_first_point_is_the_plan_of_least_cost_and_a_level_is_a_constraint() -> None:
    found = frontier(MINI, against="carbon", points=4)

    assert found.table["cost_musd"].iloc[0] == pytest.approx(plan_of(MINI).outcome.objective)
    carbon = plan_of(MINI).tables["carbon_year"]
    years = np.diff([*carbon["year"], plan_of(MINI).tables["solution"]["last_year"].iloc[0] + 1])
    kt = float((carbon["counted_kt"] * years).sum())
    assert found.table["measure"].iloc[0] == pytest.approx(kt)
    assert found.table["unmet"].max() <= found.table["unmet"].iloc[0] + 1e-6


def test_a_warm_step_costs_what_the_program_with_that_row_does_from_nothing() -> None:
    table = frontier(MINI, against="carbon", points=4).table
    level, cost = table["measure"].iloc[2], table["cost_musd"].iloc[2]
    model = build_model(plan_of(MINI).inputs)
    span = model.span_years[model.p.sites.site_year["year"]]
    unmet = model.unmet.total()

    model.problem.rows("most", (model.carbon.counted_kt * span).total() <= level)
    model.problem.rows("held", unmet <= float(unmet.value(plan_of(MINI).outcome.x)[0]) + 1e-7)

    assert HighsSession(model.problem).solve("simplex").objective == pytest.approx(cost, rel=1e-6)


def test_most_cost_ends_the_frontier_where_cost_is_that_far_above_the_least() -> None:
    found = frontier(MINI, against="carbon", points=4, most_cost_frac=0.03)

    assert found.table["extra_frac"].iloc[-1] == pytest.approx(0.03, rel=1e-3)


def test_the_knee_is_the_point_furthest_below_the_line_between_the_ends() -> None:
    table = frontier(MINI, against="carbon", points=6).table
    x, y = table["measure"].to_numpy(), table["cost_musd"].to_numpy()

    line = y[0] + (x - x[0]) / (x[-1] - x[0]) * (y[-1] - y[0])
    (knee,) = np.flatnonzero(table["is_knee"])

    assert knee == int(np.argmax(line - y))
    assert 0 < knee < 5


def test_integers_are_left_out_and_no_plan_is_below() -> None:
    whole = "siting.whole_openings=true"
    found = frontier("tiny", against="largest", points=3, overrides=[whole])

    assert found.is_relaxed
    assert any("no plan lies below" in note for note in found.notes)
    assert found.table["cost_musd"].iloc[0] <= plan_of("tiny", whole).outcome.objective + 1e-9


@pytest.mark.parametrize("text", ["carbs", "zone:NOWHERE", "site:", "site:west"])
def test_what_is_no_measure_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(InputError, match="must be"):
        frontier("tiny", against=text)


def test_a_mistyped_measure_says_which_one_is_meant() -> None:
    with pytest.raises(InputError, match=r"or site:ID; did you mean 'carbon'\?"):
        frontier("tiny", against="carbn")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"points": 2}, "points is 2; must be 3 or more"),
        ({"most_cost_frac": -0.04}, "most_cost_frac is -0.04; must be a share above 0"),
        ({"most_cost_frac": float("nan")}, "most_cost_frac is nan"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        frontier("tiny", against="largest", **arguments)


def test_the_command_writes_table_json_and_chart(tmp_path: Path) -> None:
    folder = tmp_path / "front"
    arguments = ["frontier", "tiny", "--cost-against", "largest", "--points", "4"]

    result = CliRunner().invoke(main, ["-q", *arguments, "-o", str(folder), "--json"])
    shown = CliRunner().invoke(main, ["-q", *arguments])

    assert result.exit_code == shown.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found == json.loads((folder / "frontier.json").read_text(encoding="utf-8"))
    csv, parquet = (pd.read_csv(folder / "frontier.csv"), pd.read_parquet(folder / "frontier.parquet"))
    assert csv["cost_musd"].tolist() == pytest.approx(parquet["cost_musd"].tolist())
    assert [point["cost_musd"] for point in found["points"]] == csv["cost_musd"].tolist()
    ElementTree.parse(folder / "frontier.svg")
    assert "knee" in shown.stdout
    assert "one unit less costs [USD/MW]" in shown.stdout


def test_the_chart_has_a_point_for_each_row_and_names_are_data() -> None:
    table = pd.DataFrame(
        {
            "measure": [30.0, 20.0, 11.0],
            "cost_musd": [640.0, 642.5, 655.0],
            "price": [0.0, 3e4, 7e5],
            "is_knee": [False, True, False],
        }
    )
    found = Frontier("a<b>&c", "largest", "Racks in <PJM>", "MW", "USD/MW", table, False, ())

    root = ElementTree.fromstring(found.plot().svg())

    circles = list(root.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(circles) == 2 * 3  # of cost, and of the price
    words = " ".join(one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text"))
    tips = [one.text for one in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "a<b>&c" in words
    assert "Cost against racks in <PJM>" in words
    assert "knee" in words
    assert "20 MW: 642.5 MUSD, one unit less costs 30,000 USD/MW" in tips
