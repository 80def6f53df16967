"""Sheet Bills tells what tariffs ask by kind and year, line by line, and what is contracted."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from office import SOFFICE, recalculated

import planner
from planner.runs.plan import Plan

BILLED = Path(__file__).parent.parent / "check" / "tariffs.yaml"


@pytest.fixture(scope="module")
def plan() -> Plan:
    falling = "[{usd_per_kw_month: [9, 4], tier_limits_kw: [900000]}]"
    return planner.solve(BILLED, [f"energy.own_tariffs.wires.demand={falling}"])


def rows_of(path: Path) -> dict[str, list]:
    with closing(openpyxl.load_workbook(path, data_only=True)) as book:
        return {row[0].value: [cell.value for cell in row] for row in book["Bills"].iter_rows()}


def test_the_sheet_adds_up_to_the_cost_table(plan: Plan, tmp_path: Path) -> None:
    rows = rows_of(plan.to_xlsx(tmp_path / "plan.xlsx"))

    assert rows["What is paid"][2:5] == [2025, 2026, 2027]
    costs = plan.costs
    for kind in ("energy", "demand", "capacity", "standing", "exit_fee"):
        line = costs[costs["item"] == f"tariff_{kind}"].groupby("calendar_year")["musd"].sum()
        expected = [line.get(year, 0.0) for year in (2025, 2026, 2027)]
        assert rows[kind][2:5] == pytest.approx(expected)
    over = plan.tables["bills"].groupby("calendar_year")["charged_above_exact_usd"].sum() / 1e6
    assert rows["above the exact bill"][2:5] == pytest.approx([over.get(y, 0.0) for y in over.index])
    assert over.sum() > 1.0


@pytest.mark.skipif(SOFFICE is None, reason="there is no LibreOffice")
def test_an_office_reckons_the_same(plan: Plan, tmp_path: Path) -> None:
    path = plan.to_xlsx(tmp_path / "plan.xlsx")
    rows, again = rows_of(path), rows_of(recalculated(path, tmp_path))

    for label in ("energy", "demand", "Total", "above the exact bill"):
        assert again[label][2:5] == pytest.approx(rows[label][2:5])
