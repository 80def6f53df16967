"""Sheets Contracts and Carbon and water tell what the tables say, by year and in lists."""

from __future__ import annotations

from contextlib import closing

import openpyxl
import pytest
from plans import MINI, plan_of

import planner
from planner.runs.plan import Plan

SETTINGS = (
    "contracts.ppa.sun={technology: solar, lead_months: 3}",
    "contracts.ppa.heat={technology: geothermal, kind: physical, lead_months: 5}",
    "contracts.matching={mode: hourly, target_frac: {2025: 0.5, 2027: 0.8}}",
    "heat={sell: true, connection_usd_per_kw: 35}",
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(MINI, SETTINGS)


@pytest.fixture(scope="module")
def sheets(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[object, list]]:
    """Cells of the two sheets, by what stands first in their row."""
    path = plan.to_xlsx(tmp_path_factory.mktemp("book") / "plan.xlsx")
    with closing(openpyxl.load_workbook(path, data_only=True)) as book:
        return {
            name: {row[0].value: [cell.value for cell in row] for row in book[name].iter_rows()}
            for name in ("Contracts", "Carbon and water")
        }


def test_energy_used_is_own_under_contract_of_the_grid_or_not_clean(plan, sheets):
    rows, pools = sheets["Contracts"], plan.tables["matching"].set_index("year")
    used = (pools["used_mwh"] / 1e6).tolist()

    parts = ("Own clean power", "Contracts", "Grid's clean share of the rest", "Not clean")
    reported = [rows[part][2:4] for part in parts]
    assert [sum(year) for year in zip(*reported, strict=True)] == pytest.approx(used)
    assert rows["Energy used"][2:4] == pytest.approx(used)
    assert rows["Clean share"][2:4] == pytest.approx([0.5, 0.8])
    by_year = rows["Clean share, annual matching"][2:4]
    by_hour = rows["Clean share, hourly matching"][2:4]
    assert all(hour <= year + 1e-9 for hour, year in zip(by_hour, by_year, strict=True))
    assert rows["heat"][1] == "physical"
    assert rows["sun"][1] == "financial"


def test_emissions_by_place_and_by_market_stand_beside_water_and_heat(plan, sheets):
    rows, years = sheets["Carbon and water"], plan.tables["carbon_year"]

    assert rows["Location-based"][2:4] == pytest.approx(years["location_kt"].tolist())
    assert rows["Market-based"][2:4] == pytest.approx(years["market_kt"].tolist())
    assert (years["market_kt"] < years["location_kt"]).all()
    assert {"medium-high", "high"} <= set(rows)
    assert "Heat sold" in rows


def test_a_plan_without_contracts_has_no_sheet_of_them(tmp_path):
    path = plan_of(MINI).to_xlsx(tmp_path / "plan.xlsx")

    with closing(openpyxl.load_workbook(path)) as book:
        assert "Contracts" not in book.sheetnames
        assert "Carbon and water" in book.sheetnames
