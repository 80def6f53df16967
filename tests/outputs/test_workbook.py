"""The workbook computes what it shows, and prints well."""

from __future__ import annotations

import math
import re
from contextlib import closing
from typing import TYPE_CHECKING

import openpyxl
import pytest
from office import SOFFICE, printed, recalculated
from plans import plan_of

import planner
from planner.outputs.xlsx import write_workbook
from planner.outputs.xlsx.book import BOARD

if TYPE_CHECKING:
    from pathlib import Path

    from planner.runs import Run

needs_office = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not here")

Cells = dict[tuple[str, str], object]


def cells(path: Path, *, formulas: bool = False) -> Cells:
    """Return every cell that is not empty, by sheet and address."""
    with closing(openpyxl.load_workbook(path, data_only=not formulas)) as workbook:
        return {
            (sheet.title, cell.coordinate): cell.value
            for sheet in workbook
            for row in sheet.iter_rows()
            for cell in row
            if cell.value not in {None, ""}
        }


def differences(before: Cells, after: Cells) -> list[str]:
    """Say which cells are not the same, numbers to nine digits."""
    found = []
    for place in sorted(before.keys() | after.keys()):
        one, other = before.get(place), after.get(place)
        both_numbers = isinstance(one, int | float) and isinstance(other, int | float)
        if both_numbers and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9):
            continue
        if one != other:
            found.append(f"{place}: {one!r} became {other!r}")
    return found


@pytest.fixture(scope="module")
def workbook(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("workbook") / "plan.xlsx"
    write_workbook(run, path)
    return path


def test_a_limit_says_what_one_more_of_it_saves(tmp_path: Path) -> None:
    write_workbook(plan_of("tiny").run, tmp_path / "plan.xlsx")

    limits = {row: text for (sheet, row), text in cells(tmp_path / "plan.xlsx").items() if sheet == "Limits"}

    assert limits["A6"] == "The land at North is full in 2028 (30 MW of halls)."
    assert [limits[f"{column}6"] for column in "BCDF"] == [*(30, "MW", "one more MW saves", "USD/MW-year")]


@needs_office
def test_no_cell_changes_when_libreoffice_recalculates(workbook: Path, tmp_path: Path) -> None:
    shown = cells(workbook)

    computed = cells(recalculated(workbook, tmp_path))

    assert len(shown) > 3000
    assert not differences(shown, computed)


@needs_office
@pytest.mark.parametrize(
    "settings", [(), ("demand.scale_frac=0", "sites.north.other_load_mw=5")], ids=["tiny", "without a rack"]
)
def test_no_cell_of_a_solved_plan_changes_either(settings: tuple[str, ...], tmp_path: Path) -> None:
    path = planner.solve("tiny", settings).to_xlsx(tmp_path / "plan.xlsx")
    shown = cells(path)

    computed = cells(recalculated(path, tmp_path))

    assert not differences(shown, computed)
    own_checks = [shown["Checks", f"B{row}"] for row in range(5, 10)]
    assert own_checks == ["holds"] * 5


@needs_office
def test_power_and_money_follow_edited_assumptions(run: Run, workbook: Path, tmp_path: Path) -> None:
    edited = tmp_path / "edited.xlsx"
    with closing(openpyxl.load_workbook(workbook)) as book:
        for name, value in (("discount_rate_frac", 0.1), ("it_load_factor", 0.9), ("overhead_factor", 1.2)):
            sheet, address = next(iter(book.defined_names[name].destinations))
            book[sheet][address] = value
        sheet = book["Assumptions"]
        factors = {row[0].value: row[1] for row in sheet.iter_rows(min_row=7, max_row=16)}
        factors["racks"].value = 1.5
        book.save(edited)

    computed = cells(recalculated(edited, tmp_path))

    # IT draws 0.9 of the plan; the overhead of 0.25 per MW of IT becomes 1.2 x 0.25 = 0.3.
    site_year = run.tables["site_year"]
    it_2030_mw = site_year.loc[site_year["year"] == 2030, "it_mean_mw"].sum()
    facility_mw = 0.9 * it_2030_mw * 1.3
    energy_factor = 0.9 * 1.3 / 1.25
    # Racks cost half as much again, energy follows the power, the rest stays.
    costs = run.tables["costs"]
    factor = costs["group"].map({"racks": 1.5, "energy": energy_factor}).fillna(1.0)
    discounted = factor * costs["musd"] * 1.1 ** -(costs["calendar_year"] - 2025 + 0.5)
    assert found(computed, "Summary", "Facility power, mean", "E") == pytest.approx(facility_mw)
    assert found(computed, "Summary", "PUE", "E") == pytest.approx(1.3)
    # Compare: as solved in C to E, by how much more or less in F to H.
    solved_mw = site_year.loc[site_year["year"] == 2030, "facility_mean_mw"].sum()
    assert found(computed, "Compare", "Facility power, mean", "E") == pytest.approx(solved_mw)
    more_mw = facility_mw - solved_mw
    assert found(computed, "Compare", "Facility power, mean", "H") == pytest.approx(more_mw)
    assert found(computed, "Compare", "Demand", "H") == 0
    assert found(computed, "Costs", "All payments", "J") == pytest.approx(discounted.sum())
    assert found(computed, "Cover", "Cost of the plan, NPV", "D") == pytest.approx(discounted.sum())
    assert found(computed, "Cover", "Assumptions", "B") == ("4 edited: figures are no longer those of the solved plan")


def found(computed: Cells, sheet: str, label: str, column: str) -> object:
    """Return what stands in a column of the row whose first cell says the label."""
    row = next(
        address[1:]
        for (title, address), value in computed.items()
        if title == sheet and value == label and address[0] == "A" and address[1:].isdigit()
    )
    return computed[sheet, f"{column}{row}"]


def test_every_formula_has_its_value(workbook: Path) -> None:
    formulas = {
        place
        for place, value in cells(workbook, formulas=True).items()
        if isinstance(value, str) and value.startswith("=")
    }
    shown = cells(workbook)

    texts = {place for place in formulas if place not in shown}

    assert not texts


def test_the_board_part_prints_in_landscape_and_lists_do_not_print(workbook: Path) -> None:
    with closing(openpyxl.load_workbook(workbook)) as book:
        for sheet in book:
            assert sheet.page_setup.orientation == "landscape"
            assert sheet.sheet_properties.pageSetUpPr.fitToPage
            if sheet.title in BOARD:
                assert (sheet.page_setup.fitToHeight or 1) == BOARD[sheet.title], sheet.title
                continue
            first = sheet.print_area.split(":")[0].rpartition("$")[2]
            assert int(first) > sheet.max_row, sheet.title
            if sheet.title not in {"Checks", "Lists"}:
                assert sheet.freeze_panes, sheet.title
        cover, orders, *others = book.sheetnames  # a thousand orders are a list, which no board prints
        assert orders == "Orders"
        assert [cover, *others][: len(BOARD)] == list(BOARD)
    assert sum(BOARD.values()) <= 15


@needs_office
def test_the_board_part_is_at_most_fifteen_pages(workbook: Path, tmp_path: Path) -> None:
    pdf = printed(workbook, tmp_path).read_bytes()

    pages = len(re.findall(rb"/Type\s*/Page[^s]", pdf))

    assert len(BOARD) <= pages <= 15


def test_text_that_looks_like_a_formula_stays_text_when_the_cell_is_edited(workbook: Path) -> None:
    with closing(openpyxl.load_workbook(workbook)) as book:
        title = book["Cover"]["A1"]
        ids = [cell for (cell,) in book["Site list"].iter_rows(min_row=6, max_row=14, max_col=1)]

    assert title.value == "=Odd <i>names</i> 🏭"
    assert title.data_type == "s"
    assert title.quotePrefix
    assert {cell.value: bool(cell.quotePrefix) for cell in ids if cell.value in {"=1+1", "NO"}} == {
        "=1+1": True,
        "NO": False,
    }
