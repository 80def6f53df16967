"""Stated halls that end: gone after their last year, found out where they are not, and laws."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from good_plan import Plan, solved, solved_anew
from spoiled_existing import other_row

from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.model import build_model
from planner.scenario import load_scenario

HERE = Path(__file__).parent
ENDS = HERE / "ends.yaml"


@pytest.fixture(scope="module")
def good():
    return solved(ENDS)


def by_year(plan, table, column, **labels):
    frame = plan.tables[table]
    for name, label in labels.items():
        frame = frame[frame[name] == label]
    return frame.groupby("year")[column].sum().to_dict()


def test_a_good_plan_of_halls_that_end_passes_every_check(good):
    verdict = good.verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()


def test_no_more_is_retrofitted_than_lasts():
    plan = solved(ENDS, "retrofit.allow=true")
    begun = plan.tables["retrofits"].groupby("site")["retrofitted_mw"].sum().to_dict()

    # 12 MW of hall C; halls A and E end, and would go on as halls of another design.
    assert plan.verdict().ok
    assert begun == {"oak": pytest.approx(12)}


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Settings of the world where hall F follows A, of its design and power; with retrofits."""
    path = tmp_path_factory.mktemp("followed") / "halls.csv"
    table = (HERE / "ends_halls.csv").read_text(encoding="utf-8")
    path.write_text(f"{table}oak,F,air_dry,N,40,2027,,made up for tests,,own\n", encoding="utf-8")
    return (f"data.existing_halls={path}", "retrofit.allow=true")


def begun(plan, *years):
    work = plan.tables["retrofits"]
    return work.loc[work["year"].isin(years), "retrofitted_mw"].sum()


def test_a_hall_that_ends_is_not_retrofitted_on_account_of_one_that_follows_it(followed):
    plan = solved_anew(ENDS, *followed)

    # The design has 52 MW in every year: A and C, then C and F. To the end there are only the
    # 12 MW of C before F opens in 2027.
    assert by_year(plan, "halls", "existing_mw", site="oak", hall="air_dry|N") == {2025: 52, 2026: 52, 2027: 52}
    assert begun(plan, 2025, 2026) == pytest.approx(12)
    assert 12 < begun(plan, 2025, 2026, 2027) < 52
    assert plan.verdict().ok


def test_a_topology_that_another_replaces_is_retrofitted_where_it_exists_and_never_built(tmp_path):
    path = tmp_path / "halls.csv"
    table = (HERE / "ends_halls.csv").read_text(encoding="utf-8")
    path.write_text(f"{table}oak,G,air_dry,3N2,7,2021,,made up for tests,,own\n", encoding="utf-8")
    own = f"data.existing_halls={path}"

    plan = solved_anew(ENDS, own, "retrofit.allow=true")

    turned = plan.inputs.halls.retrofit.frame()
    assert set(turned.loc[turned["hall"] == "air_dry|3N2", "site"]) == {"oak"}
    assert not plan.inputs.halls.build.frame()["hall"].str.endswith("|3N2").any()
    assert plan.verdict().ok


def test_a_plan_that_retrofits_a_hall_that_ends_is_found_out(followed):
    scenario = load_scenario(str(ENDS), followed)
    inputs = build_inputs(scenario)
    none_ends = inputs.halls.changed(ending_mw=np.zeros_like(inputs.halls.ending_mw))
    model = build_model(inputs.changed(halls=none_ends))
    wrong = Plan.of(model, HighsSession(model.problem).solve(), scenario)

    assert begun(wrong, 2025, 2026) > 12 + 1
    assert not wrong.check("existing_halls_from_tables").ok
    # The plan is as wrong where its inputs say what ends.
    with_ends = dataclasses.replace(wrong, inputs=inputs)
    assert with_ends.check("existing_halls_from_tables").ok
    assert not with_ends.check("program_as_stated").ok


def test_a_retrofit_is_found_out_where_its_hall_ends(followed):
    good = solved_anew(ENDS, *followed)
    table = good.inputs.tables["existing_halls"]
    ends = table.assign(last_year=table["last_year"].mask(table["hall"] == "C", 2026))

    assert good.check("existing_halls_from_tables").ok
    assert good.check("columns_as_stated").ok
    wrong = good.read(existing_halls=ends)
    assert not wrong.check("existing_halls_from_tables").ok
    assert not wrong.check("columns_as_stated").ok


def test_halls_are_gone_after_their_last_year(good):
    existing = partial(by_year, good, "halls", "existing_mw", site="oak")

    assert existing(hall="air_dry|N") == {2025: 52, 2026: 52, 2027: 12}
    assert existing(hall="plate_dry|2N") == {2025: 30, 2026: 30, 2027: 30}
    assert existing(hall="plate_dry|N")[2026] == 9
    assert existing(hall="plate_dry|N").get(2027, 0) == 0
    assert by_year(good, "halls", "existing_mw", site="elm") == {2025: 17}


def test_racks_of_the_only_hall_of_a_design_are_out_of_service_when_it_ends(tmp_path):
    path = tmp_path / "halls.csv"
    table = (HERE / "ends_halls.csv").read_text(encoding="utf-8")
    path.write_text(table.replace("2N,30,2024,,", "2N,30,2024,2026,"), encoding="utf-8")
    plan = solved_anew(ENDS, f"data.existing_halls={path}", "sites.oak.new_halls=false")

    # 22 MW that live to 2029; nothing may be built or leased at oak, so no hall follows B.
    assert by_year(plan, "fleet", "stock_mw", site="oak", rack="liquid25") == {2025: 22, 2026: 22}
    assert plan.verdict().ok, plan.verdict().frame().query("~ok").to_string()


halls = partial(partial, other_row, "existing_halls", "last_year")


def test_a_connection_stays_where_its_hall_has_ended(good):
    grid = good.inputs.grid
    firm = grid.firm.frame().assign(mw=grid.firm_mw).query("site == 'oak'")
    at_oak = dict(zip(firm["year"], firm["mw"], strict=True))

    assert at_oak["2025"] == pytest.approx(82 * 1.16)
    assert at_oak["2026"] == at_oak["2027"] == pytest.approx(91 * 1.16)
    assert good.check("firm_connection_from_tables").ok
