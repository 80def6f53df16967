"""The Python face of a solved scenario."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pytest

import planner
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
        "diagnose",
        "frontier",
        "load",
        "load_scenario",
        "myopic",
        "sensitivity",
        "solve",
        "stochastic",
        "sweep",
    ]


def test_a_plan_writes_its_workbook(plan: Plan, tmp_path: Path) -> None:
    written = plan.to_xlsx(tmp_path / "board.xlsx")

    assert written == tmp_path / "board.xlsx"
    assert "Plan" in openpyxl.load_workbook(written, read_only=True).sheetnames


def test_a_plan_draws_its_map(plan: Plan) -> None:
    drawn = ElementTree.fromstring(plan.map_svg(2028))

    assert drawn.tag.endswith("svg")


def test_a_title_is_text_and_never_markup_in_a_notebook(plan: Plan) -> None:
    html = plan._repr_html_()

    assert "&lt;b&gt;Tiny&lt;/b&gt;" in html
    assert "<b>Tiny" not in html


def test_a_plan_that_leaves_demand_unmet_says_so_first(plan: Plan) -> None:
    frame = plan.tables["summary"].copy()
    frame["unmet_kh100e"] = 0.37 * frame["demand_kh100e"]
    results = replace(plan.results, tables={**plan.tables, "summary": frame})

    said = repr(replace(plan, results=results))

    assert "unmet" not in repr(plan)
    assert ": 37 % of the demand of 2027 is unmet (37 % of all years); optimal, checked" in said
