"""The Python face of a solved scenario."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

import planner
from planner.runs.plan import Plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve("tiny", ["title=<b>Tiny</b>"])


def test_sites_are_points_with_a_row_for_each_site_and_year(plan: Plan) -> None:
    assert plan.sites.crs.to_epsg() == 4326
    assert set(zip(plan.sites["site"], plan.sites["year"], strict=True)) == set(
        zip(plan.site_year["site"], plan.site_year["year"], strict=True)
    )


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
