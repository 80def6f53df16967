"""The Python face of a solved scenario."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import planner
from planner.base.errors import InputError
from planner.runs import write_run
from planner.runs.plan import Plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve("tiny", ["title=<b>Tiny</b>"])


def test_sites_are_points_with_a_row_for_each_site(plan: Plan) -> None:
    sites = plan.sites.set_index("site")
    at_the_end = plan.site_year[plan.site_year["year"] == 2028].set_index("site")

    assert sites.crs.to_epsg() == 4326
    assert list(sites.index) == ["north", "south", "coast"]
    assert sites["halls_mw"].to_dict() == at_the_end["halls_mw"].to_dict()
    assert sites["first_year"].to_dict() == {"north": 2027, "south": 2028, "coast": 2027}
    # What is paid at no site, such as rent and unmet work, is nothing here.
    assert sites["npv_musd"].sum() == pytest.approx(plan.outcome.objective, rel=1e-9)


def test_a_plan_is_shown_on_one_line(plan: Plan) -> None:
    assert repr(plan) == "<plan of tiny: optimal, checked, 0.64 BUSD net present value>"


def test_a_stored_run_is_opened_with_the_tables_of_its_plan(plan: Plan, tmp_path: Path) -> None:
    folder = write_run(plan, tmp_path, workbook=False)

    stored = planner.load("tiny", tmp_path)

    assert repr(planner.load(folder)) == repr(stored) == repr(plan)
    for name, table in plan.tables.items():
        pd.testing.assert_frame_equal(stored.tables[name], table)
    assert str(stored.explain()) == str(plan.explain())


def test_the_package_lists_what_it_offers() -> None:
    assert dir(planner) == [
        "Plan",
        "Scenario",
        "alternatives",
        "compare",
        "days_error",
        "diagnose",
        "dispatch",
        "export",
        "frontier",
        "load",
        "load_scenario",
        "myopic",
        "report",
        "sensitivity",
        "solve",
        "stochastic",
        "stress_test",
        "sweep",
    ]


def test_a_plan_writes_its_workbook(plan: Plan, tmp_path: Path) -> None:
    written = plan.to_xlsx(tmp_path / "board.xlsx")

    assert written == tmp_path / "board.xlsx"
    assert "Plan" in openpyxl.load_workbook(written, read_only=True).sheetnames


def test_a_plan_that_leaves_demand_unmet_says_so_first(plan: Plan) -> None:
    frame = plan.tables["summary"].copy()
    frame["unmet_kh100e"] = 0.37 * frame["demand_kh100e"]
    results = replace(plan.results, tables={**plan.tables, "summary": frame})

    said = repr(replace(plan, results=results))

    assert "unmet" not in repr(plan)
    assert ": 37 % of the demand of 2027 is unmet (37 % of all years); optimal, checked" in said


CHANGE = "demand.scale_frac=0.4"
WITH_A_CHANGE: dict[str, Callable[[str | planner.Scenario], Any]] = {
    "alternatives": lambda what: (
        planner.alternatives(what, [CHANGE], slacks=[0.1], of=["site"], different=0, plans=False).cost_musd
    ),
    "diagnose": lambda what: float(planner.diagnose(what, [NO_PLAN], quick=True).feasible),
    "frontier": lambda what: planner.frontier(what, [CHANGE], against="largest", points=3).table["cost_musd"].min(),
    "load_scenario": lambda what: planner.load_scenario(what, CHANGE).demand.scale_frac,
    "myopic": lambda what: planner.myopic(what, {"demand.scale_frac": 0.4}, windows=[2]).table["cost_musd"].iloc[0],
    "solve": lambda what: planner.solve(what, [CHANGE]).outcome.objective,
}
"""What each public function that takes a scenario and changes finds of the changed one."""
NO_PLAN = "new_sites.coast.land_limit_mw=0.1"


def takes_a_scenario_and_changes(name: str) -> bool:
    function = getattr(planner, name)
    given = {} if isinstance(function, type) else signature(function).parameters
    return "overrides" in given and any("Scenario" in str(p.annotation) for p in given.values())


def is_asked_of_a_scenario(name: str) -> bool:
    function = getattr(planner, name)
    return not isinstance(function, type) and next(iter(signature(function).parameters)) in {"scenario", "path"}


@pytest.mark.parametrize("name", [*filter(is_asked_of_a_scenario, planner.__all__)])
def test_what_is_asked_of_a_scenario_takes_it_then_changes_and_the_rest_by_name(name: str) -> None:
    scenario, changes, *others = signature(getattr(planner, name)).parameters.values()

    assert (changes.name, changes.default) == ("overrides", ())
    assert {scenario.kind, changes.kind} == {Parameter.POSITIONAL_OR_KEYWORD}
    assert {other.kind for other in others} <= {Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("wrong", ["runs/mine", [2]])
def test_what_is_no_change_is_said_by_what_it_must_be(wrong: Any) -> None:
    with pytest.raises(InputError, match="no key and value are there; must be key=value"):
        planner.myopic("tiny", wrong)


@pytest.mark.parametrize("name", [*filter(takes_a_scenario_and_changes, planner.__all__)])
def test_a_loaded_scenario_is_changed_as_one_that_is_named(name: str) -> None:
    asked = WITH_A_CHANGE[name]

    assert asked(planner.load_scenario("tiny")) == pytest.approx(asked("tiny"), rel=1e-12)


def test_a_run_of_a_changed_scenario_says_the_change(tmp_path: Path) -> None:
    changed = planner.solve(planner.load_scenario("tiny"), [CHANGE])
    named = planner.solve("tiny", [CHANGE])

    runs = [write_run(plan, tmp_path, workbook=False) for plan in (changed, named)]

    assert [planner.load(run).run.meta["differs"] for run in runs] == [
        {"demand.scale_frac": "0.4"},
        {"demand.scale_frac": "0.4"},
    ]
