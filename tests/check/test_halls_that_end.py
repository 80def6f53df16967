"""Stated halls that end: gone after their last year, found out where they are not, and laws."""

from __future__ import annotations

import dataclasses
from functools import partial
from itertools import pairwise
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


def test_a_topology_that_another_replaces_is_built_where_it_can_be_retrofitted(tmp_path):
    path = tmp_path / "halls.csv"
    table = (HERE / "ends_halls.csv").read_text(encoding="utf-8")
    path.write_text(f"{table}oak,G,air_dry,3N2,7,2021,,made up for tests,,own\n", encoding="utf-8")
    own = f"data.existing_halls={path}"

    plan = solved_anew(ENDS, own, "retrofit.allow=true")

    built = plan.inputs.halls.build.frame()
    assert set(built.loc[built["hall"].str.endswith("|3N2"), "site"]) == {"oak"}
    assert set(built.loc[built["hall"].str.endswith("|3N2"), "hall"]) == {"air_dry|3N2"}
    assert plan.verdict().ok
    fixed = build_inputs(load_scenario(str(ENDS), (own, "retrofit.allow=false")))
    assert not fixed.halls.build.frame()["hall"].str.endswith("|3N2").any()


def test_a_plan_that_retrofits_a_hall_that_ends_is_found_out(followed):
    scenario = load_scenario(str(ENDS), followed)
    inputs = build_inputs(scenario)
    none_ends = dataclasses.replace(inputs.halls, ending_mw=np.zeros_like(inputs.halls.ending_mw))
    model = build_model(dataclasses.replace(inputs, halls=none_ends))
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
    assert good.check("possible_retrofits_from_tables").ok
    wrong = good.read(existing_halls=ends)
    assert not wrong.check("existing_halls_from_tables").ok
    assert not wrong.check("possible_retrofits_from_tables").ok


def test_halls_are_gone_after_their_last_year(good):
    existing = partial(by_year, good, "halls", "existing_mw", site="oak")

    assert existing(hall="air_dry|N") == {2025: 52, 2026: 52, 2027: 12}
    assert existing(hall="plate_dry|2N") == {2025: 30, 2026: 30, 2027: 30}
    assert existing(hall="plate_dry|N")[2026] == 9
    assert existing(hall="plate_dry|N").get(2027, 0) == 0
    assert by_year(good, "halls", "existing_mw", site="elm") == {2025: 17}


def test_racks_go_on_in_other_halls_of_the_design_as_far_as_these_have_room(good):
    in_service = by_year(good, "fleet", "used_mw", site="oak", rack="air24")
    alive = by_year(good, "fleet", "stock_mw", site="oak", rack="air24")

    # 700 racks of 42 kW and 3 MW live to 2028; from 2027 on only hall C is left, 12 MW.
    assert alive[2027] == pytest.approx(29.4 + 3)
    assert in_service[2026] > 13
    assert 0 < in_service[2027] < 13


def test_racks_of_the_only_hall_of_a_design_are_out_of_service_when_it_ends(tmp_path):
    path = tmp_path / "halls.csv"
    table = (HERE / "ends_halls.csv").read_text(encoding="utf-8")
    path.write_text(table.replace("2N,30,2024,,", "2N,30,2024,2026,"), encoding="utf-8")
    plan = solved_anew(ENDS, f"data.existing_halls={path}", "sites.oak.new_halls=false")

    # 22 MW that live to 2029; nothing may be built or leased at oak, so no hall follows B.
    assert by_year(plan, "fleet", "stock_mw", site="oak", rack="liquid25") == {2025: 22, 2026: 22}
    assert plan.verdict().ok, plan.verdict().frame().query("~ok").to_string()


def test_table_sites_says_what_comes_and_what_ends(good):
    sites = good.tables["sites"].set_index("site")

    assert sites["existing_halls_mw"].to_dict() == {"oak": 82, "elm": 17}
    assert sites["coming_halls_mw"].to_dict() == {"oak": 9, "elm": 0}
    assert sites["ending_halls_mw"].to_dict() == {"oak": 49, "elm": 17}


def test_a_site_whose_only_hall_ends_is_no_longer_in_the_plan(good):
    sites = good.tables["site_year"]

    assert sites.loc[sites["site"] == "elm", "year"].tolist() == [2025]


def test_what_ends_is_noted_with_its_racks_and_its_connection(good):
    noted = [told.what_is for told in build_inputs(load_scenario(str(ENDS))).noted_settings]

    assert (
        "Hall A of oak, 40 MW, is in the plan to 2026, by its last_year of 2026. Racks of 29.4 MW"
        " in it live longer: they go on where other halls of air_dry and N at oak have room, or are"
        " out of service. Its firm connection is assumed to stay with the site; where it leaves"
        " with the hall, give grid_firm_mw by year."
    ) in noted
    assert any(text.startswith("Hall E of elm, 17 MW, is in the plan to 2025") for text in noted)
    assert not any(text.startswith(("Hall B", "Hall C")) for text in noted)


halls = partial(partial, other_row, "existing_halls", "last_year")


@pytest.mark.parametrize("name", ["existing_halls_from_tables", "existing_sites_from_tables"])
@pytest.mark.parametrize(("last_year", "breaks"), [(2026, False), (2025, True), (2027, True)])
def test_a_hall_that_ends_in_another_year_is_found_out(good, name, last_year, breaks):
    breaks = breaks and name == "existing_halls_from_tables"

    assert good.check(name).ok
    assert halls(last_year)(good).check(name).ok is not breaks


def test_a_connection_stays_where_its_hall_has_ended(good):
    grid = good.inputs.grid
    firm = grid.firm.frame().assign(mw=grid.firm_mw).query("site == 'oak'")
    at_oak = dict(zip(firm["year"], firm["mw"], strict=True))

    assert at_oak["2025"] == pytest.approx(82 * 1.16)
    assert at_oak["2026"] == at_oak["2027"] == pytest.approx(91 * 1.16)
    assert good.check("firm_connection_from_tables").ok


@pytest.fixture(scope="module")
def ending(tmp_path_factory):
    """Solve the world with hall A ending in a year, by year."""
    folder = tmp_path_factory.mktemp("ends")
    table = (HERE / "ends_halls.csv").read_text(encoding="utf-8")
    plans = {}
    for last_year in ("2025", "2026", ""):
        path = folder / f"halls{last_year}.csv"
        path.write_text(table.replace("2019,2026", f"2019,{last_year}"), encoding="utf-8")
        plans[last_year] = solved_anew(ENDS, f"data.existing_halls={path}")
    return [plans[year] for year in ("2025", "2026", "")]


def test_a_lease_that_ends_later_costs_no_more_than_to_run_its_hall(ending):
    """An empty hall must be run, and paid for, as long as it exists: that alone may cost more."""
    for sooner, later in pairwise(ending):
        assert sooner.verdict().ok
        assert later.verdict().ok
        finance = later.inputs.finance
        opex = later.inputs.halls
        mw = opex.existing_mw - _same_rows(sooner, later)
        year = [int(label) for label in opex.hall.labels("year")]
        worth = [(1.0 + finance.rate_frac) ** (finance.base_year - at - 0.5) for at in year]
        more = (mw * opex.opex_musd_per_mw_year * worth).sum()

        assert mw.sum() == pytest.approx(40)
        assert more > 0
        assert later.objective_musd <= sooner.objective_musd + more * 1.01


def _same_rows(sooner, later):
    """Existing MW of the plan that ends sooner, over the halls of the other."""
    have = dict(zip(_keys(sooner), sooner.inputs.halls.existing_mw, strict=True))
    return [have.get(key, 0.0) for key in _keys(later)]


def _keys(plan):
    return [tuple(row) for row in plan.inputs.halls.hall.frame().itertuples(index=False)]
