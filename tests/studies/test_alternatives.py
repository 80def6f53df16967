"""Near-optimal plans: each is checked and within its slack, and ends are ends."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from drawn_worlds import LEADS, Draw, Figures, as_overrides, drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import MINI, plan_of
from shared import shared

from planner.base.errors import InputError
from planner.cli import main
from planner.lp import HighsSession
from planner.model import build_model
from planner.model.money import objective_musd
from planner.outputs.study_files import Alternatives
from planner.studies.alternatives import NearOptimal, alternatives
from planner.studies.solve.solves import Solves

WHOLE = "siting.whole_openings=true"


@shared
def found_of(scenario: str, slacks: str, of: str, *settings: str) -> Alternatives:
    return alternatives(
        scenario, slacks=[float(one) for one in slacks.split(",")], of=of.split(","), different=2, overrides=settings
    )


def of_tiny() -> Alternatives:
    found: Alternatives = found_of("tiny", "0.0005,0.01", "site")
    return found


@st.composite
def scenarios(draw: Draw) -> tuple[str, list[str]]:
    """Draw a scenario and its settings."""
    figures = Figures(draw)
    if draw(st.booleans()):
        return str(MINI), figures.of_mini()
    return "tiny", as_overrides(figures.world(draw(st.integers(*LEADS))))


@settings(drawn, max_examples=2)
@given(asked=scenarios(), slack=st.floats(0.0004, 0.06), of=st.sampled_from(["site", "zone"]))
def test_every_alternative_passes_the_checker_within_its_slack(
    asked: tuple[str, list[str]], slack: float, of: str
) -> None:
    scenario, overrides = asked

    found = alternatives(scenario, slacks=[slack], of=[of], different=1, overrides=overrides)

    assert_each_is_within_its_slack(found)
    assert_ends_hold_the_plans(found)


def test_alternatives_of_more_than_one_slack_are_within_their_own() -> None:
    found = of_tiny()

    assert len(found.plans) > 6
    assert set(found.plans["slack_frac"]) == {0.0005, 0.01}
    assert_each_is_within_its_slack(found)


def assert_each_is_within_its_slack(found: Alternatives) -> None:
    plans = found.plans
    assert found.not_found == 0
    assert plans["is_checked"].all()
    assert (plans["cost_musd"] <= found.cost_musd * (1.0 + plans["slack_frac"]) * 1.000001).all()
    assert (plans["cost_musd"] >= found.bound_musd * 0.999999).all()


def assert_ends_hold_the_plans(found: Alternatives) -> None:
    """Check that no plan has less or more at a site than the ends of its range."""
    for row in found.ranges.query("by == 'site'").to_dict("records"):
        mw = found.sites.loc[row["place"]]
        assert mw.min() >= row["least_mw"] - 1e-3
        assert mw.max() <= row["most_mw"] + 1e-3


def test_a_plan_at_an_end_has_what_the_end_says() -> None:
    found = of_tiny()

    for row in found.plans[found.plans["by"] == "site"].to_dict("records"):
        ends = found.ranges.query("by == 'site' and place == @row['place']")
        (end,) = ends.loc[ends["slack_frac"] == row["slack_frac"], f"{row['kind']}_mw"]
        assert found.sites.loc[row["place"], str(row["plan"])] == pytest.approx(end, abs=1e-3)


def test_the_last_thing_said_is_that_all_is_done() -> None:
    said: list[str] = []

    found = alternatives("tiny", slacks=[0.05], of=["zone"], different=1, on_stage=said.append)

    assert said[-1] == f"All 3 directions are solved; {len(found.plans)} plans found"
    assert len(said) == 8  # the plan of least cost, each direction and its plan, and that
    for number, (end, plan) in enumerate(zip(said[1:-1:2], said[2:-1:2], strict=True), start=1):
        direction = end.removeprefix("Solving: ").split(" (")[0]
        assert plan.startswith(f"Solving: the plan of least cost there, {direction} (")
        assert f"({number} of 3" in end
        assert f"({number} of 3" in plan


def test_noise_of_the_solver_is_written_as_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    towards = NearOptimal._towards

    def noisy(self: NearOptimal, *given: Any) -> Any:
        outcome = towards(self, *given)
        at = self.model.problem.column_block("racks_at_site_mw")
        x = outcome.x.copy()
        x[at.start : at.stop] -= 4.8e-14
        return replace(outcome, x=x)

    monkeypatch.setattr(NearOptimal, "_towards", noisy)
    ranges = alternatives("tiny", slacks=[0.01], of=["site"], different=0, plans=False).ranges

    least = ranges.set_index("place")["least_mw"]
    assert least[["north", "south"]].tolist() == [0.0, 0.0]
    assert least["coast"] > 1.0


def test_ranges_hold_the_plan_and_grow_with_the_slack() -> None:
    ranges = of_tiny().ranges
    near, far = (ranges[ranges["slack_frac"] == slack].set_index(["by", "place"]) for slack in (0.0005, 0.01))

    for one in (near, far):
        assert (one["least_mw"] <= one["plan_mw"] + 1e-4).all()
        assert (one["most_mw"] >= one["plan_mw"] - 1e-4).all()
    assert (far["least_mw"] <= near["least_mw"] + 1e-4).all()
    assert (far["most_mw"] >= near["most_mw"] - 1e-4).all()


def test_ranges_alone_are_those_that_have_plans() -> None:
    alone = alternatives("tiny", slacks=[0.01], of=["site"], different=1, plans=False)

    with_plans = of_tiny().ranges.query("slack_frac == 0.01").reset_index(drop=True)
    assert alone.ranges["least_mw"].tolist() == pytest.approx(with_plans["least_mw"].tolist(), abs=1e-3)
    assert alone.ranges["most_mw"].tolist() == pytest.approx(with_plans["most_mw"].tolist(), abs=1e-3)
    assert alone.plans["kind"].tolist() == ["different"]


def test_sites_are_in_all_some_or_no_plans() -> None:
    # Chat can only be served from the coast; North is not needed where 1 % more may be paid.
    ranges = of_tiny().ranges.query("slack_frac == 0.01").set_index("place")

    assert ranges["in_plans"].to_dict() == {"north": "some", "south": "some", "coast": "all"}
    mw = plan_of("tiny").site_year.query("site == 'coast' and year == 2028")["nameplate_mw"]
    assert ranges["least_mw"]["coast"] == pytest.approx(float(mw.iloc[0]), rel=1e-5)


def test_an_end_is_that_of_the_program_with_a_row_for_cost_from_nothing() -> None:
    # 0.05 % more than the least cost, and nothing less served.
    (end,) = of_tiny().ranges.query("by == 'site' and place == 'north' and slack_frac == 0.0005")["least_mw"].tolist()
    model = build_model(plan_of("tiny").inputs)
    over = model.p.sites.site_year
    is_north = over.labels("site") == "north"
    is_last = over.labels("year") == "2028"
    cost = plan_of("tiny").outcome.objective

    model.problem.rows("cost", objective_musd(model) <= cost * 1.0005)
    model.problem.rows("unmet", model.unmet.total() <= 1e-9)
    model.problem.minimise(model.nameplate_mw.select(is_north & is_last, "north").total())

    assert HighsSession(model.problem).solve("simplex").objective == pytest.approx(end, rel=1e-4)


def test_plans_that_differ_have_racks_elsewhere_and_none_comes_twice() -> None:
    found = of_tiny()
    different = found.plans.query("kind == 'different' and slack_frac == 0.01")

    assert len(different) >= 2
    assert different["moved_mw"].min() > 10.0
    mw = found.sites[["0", *different["plan"].astype(str)]].to_numpy()
    for at in range(mw.shape[1]):
        for other in range(at):
            assert np.abs(mw[:, at] - mw[:, other]).max() > 0.05


def test_plans_with_integers_open_whole_sites_and_stay_within_the_slack() -> None:
    found: Alternatives = found_of("tiny", "0.03", "site", WHOLE)

    assert found.has_integers
    assert found.plans["is_checked"].all()
    assert (found.plans["extra_frac"] <= 0.03 * 1.000001).all()
    assert found.cost_musd == pytest.approx(plan_of("tiny", WHOLE).outcome.objective, rel=1e-6)
    assert any("no plan within the slack is outside" in note for note in found.notes)
    ends = len(found.plans.query("kind != 'different'"))
    assert ends + found.not_found >= 2 * len(found.ranges)


@pytest.mark.parametrize("slacks", [[], [0.0], [-0.01], [0.02, float("nan")]])
def test_a_slack_that_is_none_is_refused(slacks: list[float]) -> None:
    with pytest.raises(InputError, match="shares of cost above 0"):
        alternatives("tiny", slacks=slacks)


def test_a_slack_that_is_given_twice_is_refused() -> None:
    result = CliRunner().invoke(main, ["-q", "alternatives", "tiny", "--slack", "1,2,1.0"])

    assert result.exit_code == 2
    assert result.stderr == "--slack: 1 % is given more than once; must be each percentage once\n"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"of": ["zone", "region"]}, "--of: it is 'region'; must be zone or site"),
        ({"different": -2}, "--different: it is -2; must be 0 or more"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        alternatives("tiny", **wrong)


def test_a_direction_without_a_plan_is_counted_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    within, strict = NearOptimal._within, []

    def infeasible_once(self: NearOptimal, *given: Any, strictly: bool = False) -> Any:
        outcome = within(self, *given, strictly=strictly)
        strict.extend([outcome] if strictly else [])
        return replace(outcome, status="infeasible") if len(strict) == 2 and strictly else outcome

    monkeypatch.setattr(NearOptimal, "_within", infeasible_once)
    found = alternatives("tiny", slacks=[0.013], of=["zone"], different=2)

    assert found.not_found == 1
    assert len(found.plans) == len(strict) - 1 > 2
    assert "In 1 directions no plan was found within the slack." in found.notes


def test_a_large_program_has_the_same_ranges_from_nothing_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    warm = alternatives("tiny", slacks=[0.013], of=["zone"], different=1, plans=False)
    methods = []
    within = Solves.solve_within

    def noted(self: Solves, *given: Any, **how: Any) -> Any:
        outcome = within(self, *given, **how)
        methods.append(outcome.method_used)
        return outcome

    monkeypatch.setattr(Solves, "solve_within", noted)
    monkeypatch.setattr("planner.studies.alternatives._LARGE", 2)
    large = alternatives("tiny", slacks=[0.013], of=["zone"], different=1, plans=False)

    pd.testing.assert_frame_equal(large.ranges, warm.ranges, rtol=1e-6)
    assert set(methods) == {"ipx"}


def test_the_command_writes_its_tables(tmp_path: Path) -> None:
    folder = tmp_path / "near"
    arguments = ["-q", "alternatives", "tiny", "--slack", "1", "--of", "zone", "--different", "1"]

    result = CliRunner().invoke(main, [*arguments, "-o", str(folder)])

    assert result.exit_code == 0, result.output
    assert "Racks by zone in 2028 [MW]" in result.stdout
    assert "all hold" in result.stdout
    assert result.stdout.endswith(f"\nWritten to {folder}\n")
    assert result.stderr == ""
    found = json.loads((folder / "alternatives.json").read_text(encoding="utf-8"))
    csv, parquet = (pd.read_csv(folder / "ranges.csv"), pd.read_parquet(folder / "ranges.parquet"))
    assert csv["most_mw"].tolist() == pytest.approx(parquet["most_mw"].tolist())
    assert [row["most_mw"] for row in found["ranges"]] == csv["most_mw"].tolist()


@pytest.mark.parametrize("text", ["", "one", "0", "1,,2", "150", "nan"])
def test_the_command_refuses_what_is_no_list_of_percentages(text: str) -> None:
    result = CliRunner().invoke(main, ["-q", "alternatives", "tiny", "--slack", text])

    assert result.exit_code == 2
    assert "such as 1,2,5" in result.output
