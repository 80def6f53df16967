"""Sheet Resilience is there where a class must survive the loss of a site, and only there."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from plans import FAILOVER, plan_of

from planner.runs.plan import Plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of(FAILOVER)


def test_the_sheet_holds_every_list_of_the_loss_of_sites(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    plan.to_xlsx(path)

    with closing(openpyxl.load_workbook(path)) as book:
        sheet = book["Resilience"]
        listed = set(sheet.tables)
        cells = [[cell.value for cell in row] for row in sheet.iter_rows()]

    assert listed == {"Resilience", "Reserves", "Losses", "Takeovers"}
    taken = plan.tables["takeovers"].groupby(["site", "standby", "workload", "year"])
    head = next(i for i, row in enumerate(cells) if row[:3:2] == ["site", "standby"])
    last = [row for row in cells[head + 1 :] if row[0]]
    assert len(last) == taken.ngroups
    assert sum(row[6] for row in last) == pytest.approx(plan.tables["takeovers"].taken_kh100e.sum())


def test_a_workbook_without_failover_has_no_such_sheet(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    plan_of("tiny").to_xlsx(path)

    with closing(openpyxl.load_workbook(path)) as book:
        assert "Resilience" not in book.sheetnames


def test_racks_of_the_plan_with_those_that_stand_by_are_the_nameplate(plan: Plan) -> None:
    table = plan.tables["plan"]

    whole = table[["used_mw", "standby_mw", "companion_mw"]].to_numpy().sum()

    assert whole == pytest.approx(plan.site_year["nameplate_mw"].sum())
