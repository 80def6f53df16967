"""Small pieces of what is written, on figures made up for them."""

from __future__ import annotations

import math
import os
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from planner.outputs import staging
from planner.outputs.canvas import Canvas, Live
from planner.outputs.grid_demand import area_slots
from planner.outputs.projection import sheet_for
from planner.outputs.xlsx import book as table
from planner.outputs.xlsx.assumptions import _block
from planner.outputs.xlsx.lists import write_source_list

if TYPE_CHECKING:
    from pathlib import Path


def test_a_figure_by_year_is_written_where_its_first_year_is() -> None:
    written = {"carbon.cap_kt.2027": "own.yaml:9", "carbon.cap_kt.2029": "own.yaml:10"}

    assert _block("carbon.cap_kt", written) == "own.yaml:9"
    assert _block("carbon.cap", written) == "default"


@pytest.mark.parametrize(("age_s", "is_dead"), [(0.9, False), (1.1, True)])
def test_where_locks_do_not_say_a_folder_is_left_over_by_its_age(
    age_s: float, is_dead: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "_lock", lambda folder: None)
    then = time.time() - age_s * staging._STALE_S
    os.utime(tmp_path, (then, then))

    assert staging._is_dead(tmp_path) == is_dead


def test_a_region_is_drawn_with_some_room_around_its_sites() -> None:
    sites = pd.DataFrame({"lon": [5.0, 11.0], "lat": [47.0, 53.5]})

    sheet = sheet_for(sites, 900.0, 600.0, 20.0)

    assert sheet.box == (1.0, 44.0, 15.0, 56.5)


def test_work_that_waits_draws_power_with_its_share_of_cooling() -> None:
    slot = {"site": ["ash"] * 2, "year": [2027] * 2, "slot": ["d0h00", "d0h08"]}
    # 1.5 MW at the meter for each MW of IT, and no IT at all in the second slot.
    power = {"it_mw": [8.0, 0.0], "facility_mw": [12.0, 3.0], "grid_mw": [11.0, 3.0]}
    tables = {
        "power_slot": pd.DataFrame(slot | power),
        "deferral": pd.DataFrame(slot | {"done_mw": [1.5, 0.0]}),
        "migration": pd.DataFrame(slot | {"done_mw": [2.5, 0.0]}),
    }

    found = area_slots(SimpleNamespace(tables=tables), pd.Series({"ash": "north"}))

    assert found["flexible_mw"].tolist() == [6.0, 0.0]
    assert found["firm_mw"].tolist() == [5.0, 3.0]


def test_sources_are_listed_with_their_year_where_a_table_has_one(monkeypatch) -> None:
    written: dict[str, pd.DataFrame] = {}
    monkeypatch.setattr(
        "planner.outputs.xlsx.lists.write_table",
        lambda book, sheet, name, frame, columns: written.update({name: frame}),
    )
    reported = {"source": ["a study"], "kind": ["published"]}
    tables = {
        "prices": pd.DataFrame(reported | {"source_year": [2024]}),
        "links": pd.DataFrame(reported),
        "names": pd.DataFrame({"id": ["ash"]}),
    }
    run = SimpleNamespace(inputs_tables=tables, meta={"data": {"prices": {"sha256": "7a" * 32}}})

    write_source_list(SimpleNamespace(run=run, sheet=lambda *_, **__: None))

    frame = written["Sources"].set_index("table")
    assert frame["year"].to_dict() == {"prices": "2024", "links": ""}


@pytest.mark.parametrize(
    ("lon", "lat"), [([-97.5, -80.2], [41.3, 35.6]), ([9.1, 2.4], [45.4, 48.8]), ([140.0, -97.0], [36.0, 41.0])]
)
def test_a_point_of_a_sheet_is_where_it_was_placed(lon: list[float], lat: list[float]) -> None:
    sheet = sheet_for(pd.DataFrame({"lon": lon, "lat": lat}), 1000.0, 560.0, 14.0)
    x, y = sheet.place(np.array(lon), np.array(lat))

    assert sheet.locate(float(x[0]), float(y[0])) == pytest.approx((lon[0], lat[0]), abs=1e-6)


def test_a_table_that_a_sheet_has_no_rows_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MOST_ROWS", 9)
    frame = pd.DataFrame({"mw": [3.5, 7.25, 11.5, 2.75, 6.5]})

    with pytest.raises(ValueError, match="table Slots has 5 rows, and a sheet 9"):
        table.write_table(None, None, "Slots", frame, [])


def test_a_formula_of_many_rows_is_prepared_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[str] = []
    as_it_is = Worksheet._prepare_formula

    def counted(sheet: Worksheet, formula: str, *asked: Any) -> str:
        prepared.append(formula)
        return as_it_is(sheet, formula, *asked)

    monkeypatch.setattr(Worksheet, "_prepare_formula", counted)
    path = tmp_path / "a.xlsx"
    with Workbook(path) as workbook:
        canvas = Canvas("Sites", workbook, "Sites")
        canvas.add_sheet("Sites")
        sheet = canvas.sheet("Sites", "")
        for row in (3, 4, 5):
            canvas.formula(sheet, row, 0, Live("SUM(C1:C4,7)", 7.0))
            canvas.formula(sheet, row, 1, Live("B1*2", 4.0))

    assert prepared == ["=SUM(C1:C4,7)", "=B1*2"]
    cells = load_workbook(path)["Sites"]
    assert [cells.cell(row, 1).value for row in (4, 6)] == ["=SUM(C1:C4,7)"] * 2
    assert [cells.cell(row, 2).value for row in (4, 6)] == ["=B1*2"] * 2


def test_a_column_of_numbers_is_written_as_each_of_them(tmp_path: Path) -> None:
    values = [2.5, math.nan, -math.inf, 7.25]
    path = tmp_path / "a.xlsx"
    with Workbook(path) as workbook:
        canvas = Canvas("Sites", workbook, "Sites")
        canvas.add_sheet("Sites")
        sheet = canvas.sheet("Sites", "")
        canvas.numbers(sheet, 4, 0, values, "0.00")
        for row, value in enumerate(values, start=4):
            canvas.number(sheet, row, 1, value, "0.00")

    cells = load_workbook(path)["Sites"]
    read = [[cells.cell(row, at).value for row in (5, 6, 7, 8)] for at in (1, 2)]
    looks = [[cells.cell(row, at).number_format for row in (5, 6, 7, 8)] for at in (1, 2)]
    assert read == [[2.5, None, "none", 7.25]] * 2
    assert looks[0] == looks[1]
