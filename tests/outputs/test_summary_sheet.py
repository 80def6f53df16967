"""Sheet Summary links what a board asks for, and each figure is that of the tables."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import openpyxl
import pytest
from plans import RICH, plan_of

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

    from planner import Plan

CENT_MUSD = 1e-8


class Opened(NamedTuple):
    """The workbook of a plan that rents, uses levers and has existing racks."""

    plan: Plan
    shown: Workbook
    formulas: Workbook


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    plan = plan_of(RICH)
    path = plan.to_xlsx(tmp_path_factory.mktemp("summary") / "plan.xlsx")
    with (
        closing(openpyxl.load_workbook(path, data_only=True)) as shown,
        closing(openpyxl.load_workbook(path)) as formulas,
    ):
        return Opened(plan, shown, formulas)


def row_of(rich: Opened, label: str, *, after: str = "") -> int:
    """Return the row of a label of sheet Summary, below a heading."""
    labels = [row[0].value for row in rich.shown["Summary"].iter_rows(max_col=1)]
    start = labels.index(after) if after else 0
    return labels.index(label, start) + 1


def by_year(rich: Opened, row: int) -> list[float]:
    (cells,) = rich.shown["Summary"].iter_rows(min_row=row, max_row=row, min_col=3, max_col=5)
    return [float(cell.value) for cell in cells]


def test_the_four_moneys_are_those_of_the_tables_to_the_cent(rich: Opened) -> None:
    tables = rich.plan.tables
    years, items = tables["money_years"], tables["money_items"]
    expected = {
        "Net present value": ("npv_as_solved_musd", tables["costs"]["npv_musd"].sum()),
        "Cash to 2027": ("cash_as_solved_musd", years["cash_musd"].sum()),
        "Overnight capex": ("overnight_as_solved_musd", items["overnight_musd"].sum()),
        "After 2027": ("after_as_solved_musd", items["after_musd"].sum()),
    }

    for label, (name, musd) in expected.items():
        row = row_of(rich, label)
        assert rich.shown["Summary"].cell(row, 3).value == pytest.approx(musd, abs=CENT_MUSD)
        assert rich.formulas["Summary"].cell(row, 3).value == f"={name}"
        ((sheet, address),) = rich.formulas.defined_names[name].destinations
        assert rich.shown[sheet][address].value == pytest.approx(musd, abs=CENT_MUSD)
    cash = by_year(rich, row_of(rich, "Cash by year"))
    assert cash == pytest.approx(years["cash_musd"].tolist(), abs=CENT_MUSD)
    assert len({round(musd) for _, musd in expected.values()}) == len(expected)


def test_the_unit_costs_are_those_as_paid_and_in_full(rich: Opened) -> None:
    costs = rich.plan.tables["unit_costs"].query("level == 'total'")
    for label, column in (("All compute, as paid", ""), ("All compute, in full", "full_")):
        row = row_of(rich, label)
        usd = costs[f"{column}usd_per_h100e_hour"].tolist()
        assert by_year(rich, row) == pytest.approx(usd, rel=1e-12)
        assert f"UnitCosts[{column}usd_per_h100e_hour]" in rich.formulas["Summary"].cell(row, 3).value


def test_the_bridge_is_that_of_sheet_bridge_line_by_line(rich: Opened) -> None:
    bridge = rich.plan.tables["bridge"]
    start = row_of(rich, "From the path to the meter, as solved (sheet Bridge)")
    summary, sheet = rich.formulas["Summary"], rich.formulas["Bridge"]
    ends = row_of(rich, "At the meter, peak", after=str(summary.cell(start, 1).value))

    for row in range(start + 1, ends + 1):
        linked = row - start + 5
        assert summary.cell(row, 1).value == sheet.cell(linked, 1).value
        assert summary.cell(row, 5).value == f"=Bridge!E{linked}"
        shown = rich.shown["Summary"].cell(row, 5).value
        assert shown == pytest.approx(rich.shown["Bridge"].cell(linked, 5).value, rel=1e-12)
    first, last = by_year(rich, start + 1), by_year(rich, ends)
    assert first == pytest.approx(bridge["path_mw"].tolist())
    assert last == pytest.approx(bridge["facility_peak_mw"].tolist())
    assert sheet.cell(linked + 1, 1).value is None
