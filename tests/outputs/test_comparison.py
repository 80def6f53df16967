"""Runs compared: inputs by key and cell, results side by side, what gaps leave of them."""

from __future__ import annotations

import hashlib
import html
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pytest
from plans import plan_of

from planner.base.paths import DATA_DIR
from planner.outputs.comparison.comparison import (
    CostSplit,
    RunComparison,
    causes_frame,
    cost_sentences,
    setting_differences,
    table_differences,
)
from planner.outputs.measures import OF_YEAR, side_by_side
from planner.outputs.report import comparison_html
from planner.outputs.report.figures import Figures
from planner.outputs.report.map import site_differences
from planner.results.cost_difference import CostDifference

if TYPE_CHECKING:
    from planner.outputs.run import Run

CHANGES = ("new_sites.north.land_limit_mw=27", "demand.unmet_usd_per_h100e_hour=17")


def first() -> Run:
    run: Run = plan_of("tiny").run
    return run


def other() -> Run:
    run: Run = plan_of("tiny", *CHANGES).run
    return run


def with_meta(run: Run, **changed: Any) -> Run:
    return replace(run, meta={**run.meta, **changed})


def with_own_racks(run: Run, tmp_path: Path) -> Run:
    """Make two cells of table racks other ones, take its last row out, and say so in the meta."""
    racks = run.inputs_tables["racks"].copy()
    racks.loc[racks["rack"] == "gb200_nvl72", "capex_usd"] = 3_100_000.0
    racks.loc[racks["rack"] == "gb200_nvl72", "source"] = "our contract"
    racks = racks.iloc[:-1]
    path = tmp_path / "racks.csv"
    racks.to_csv(path, index=False)
    digits = hashlib.sha256(path.read_bytes()).hexdigest()
    data = {**run.meta["data"], "racks": {"file": str(path), "shipped": False, "sha256": digits}}
    tables = {**run.inputs_tables, "racks": racks}
    return replace(run, inputs_tables=tables, meta={**run.meta, "data": data})


def test_settings_differ_by_key_each_with_its_file_and_line() -> None:
    found = {one.name: one for one in setting_differences([first(), other()])}

    assert set(found) == {"new_sites.north.land_limit_mw", "demand.unmet_usd_per_h100e_hour"}
    land = found["new_sites.north.land_limit_mw"]
    assert land.values == (30.0, 27.0)
    assert land.places == ("tiny.yaml:32", "--set new_sites.north.land_limit_mw=27")


def test_tables_differ_by_cell_and_row_each_with_its_file_and_line(tmp_path: Path) -> None:
    mine = with_own_racks(first(), tmp_path)

    racks = table_differences([first(), mine])

    cells = {(one.row, *one.keys): one for one in racks}
    frame = first().inputs_tables["racks"]
    line = int(np.flatnonzero(frame["rack"] == "gb200_nvl72")[0]) + 2  # below the header
    price = cells["gb200_nvl72", "capex_usd"]
    assert price.values == (3_000_000.0, 3_100_000.0)
    assert [str(place).rsplit(":", 1)[1] for place in price.places] == [str(line)] * 2
    assert str(price.places[1]).startswith(str(tmp_path))
    last = str(frame["rack"].iloc[-1])
    assert cells[last, "(row)"].values == ("there", None)
    assert cells[last, "(row)"].places[1] is None
    assert set(cells) == {("gb200_nvl72", "capex_usd"), ("gb200_nvl72", "source"), (last, "(row)")}


def test_a_file_that_has_changed_since_gives_no_lines(tmp_path: Path) -> None:
    mine = with_own_racks(first(), tmp_path)
    (tmp_path / "racks.csv").write_text("other\n", encoding="utf-8")

    racks = table_differences([first(), mine])

    assert {one.places[1] for one in racks} == {None}
    assert (DATA_DIR / "racks.csv").is_file()


def test_results_are_those_of_the_tables_and_their_differences() -> None:
    a, b = first(), other()

    results = side_by_side([a, b])

    cost = results.query("by == 'plan' and measure == 'Net present value'").iloc[0]
    assert cost["A"] == pytest.approx(float(a.meta["objective_musd"]))
    assert cost["B less A"] == pytest.approx(float(b.meta["objective_musd"]) - float(a.meta["objective_musd"]))
    items = results.query("by == 'item'")
    assert items["B less A"].sum() == pytest.approx(cost["B less A"])
    north = results.query("by == 'site' and label == 'north' and year == 2028")
    halls = north.set_index("measure").loc["Halls"]
    assert (halls["A"], halls["B"]) == pytest.approx((30.0, 27.0))
    years = results.query("by == 'year' and year == 2028").set_index("measure")["A"]
    summary = a.tables["summary"].set_index("year").loc[2028]
    for measure in OF_YEAR:
        assert years[measure.label] == pytest.approx(summary[measure.column] / measure.per)


def test_a_difference_that_is_less_than_the_gaps_is_called_so() -> None:
    # A costs 640, no plan less than 632; B costs 643, no plan less than 638. The best of B may
    # cost 638 - 640 = -2 to 643 - 632 = 11 more.
    a = with_meta(first(), objective_musd=640.0, bound_musd=632.0)
    b = with_meta(first(), objective_musd=643.0, bound_musd=638.0)

    (certainty,) = RunComparison((a, b)).certainty

    assert (certainty.musd, certainty.low_musd, certainty.high_musd) == (3.0, -2.0, 11.0)
    assert certainty.is_within_gaps
    (sentence,) = cost_sentences(RunComparison((a, b)))
    assert sentence.startswith("B costs 3 MUSD more than A. This is less than the gaps")
    assert "between -2 and +11 MUSD" in sentence


def split_of(*parts: float) -> CostSplit:
    """A difference of 640 MUSD and these parts, of causes that look like formulas and markup."""
    rows = [(f"=cause<{at}>&", f"inputs {at}", CostDifference(musd, musd, musd)) for at, musd in enumerate(parts)]
    return CostSplit("B less A", "bounds", "ordered", 640.0, 640.0 + sum(parts), causes_frame(rows), 5, ("Note.",))


def test_the_workbook_has_causes_that_add_up_results_and_inputs(tmp_path: Path) -> None:
    comparison = RunComparison((first(), other()), (split_of(3.25, -1.75, 0.125),))

    path = comparison.to_xlsx(tmp_path / "compared.xlsx")

    book = openpyxl.load_workbook(path)
    printed = [sheet.title for sheet in book if "1048571" not in str(sheet.print_area)]
    assert printed == ["Cover", "Causes"]
    assert book.sheetnames == ["Cover", "Compare", "Causes", "Inputs"]
    causes = [row for row in book["Causes"].iter_rows(values_only=True) if row[0]]
    found = {row[0]: row[1] for row in causes if str(row[0]).startswith("=cause")}
    assert list(found.values()) == [3_250_000.0, -1_750_000.0, 125_000.0]
    (total,) = [row for row in causes if row[0] == "together"]
    assert total[1] == "=SUM(Causes1[usd])"
    shown = openpyxl.load_workbook(path, data_only=True)["Causes"].iter_rows(values_only=True)
    assert [row[1] for row in shown if row[0] == "together"] == [1_625_000.0]
    results = list(book["Compare"].iter_rows(min_row=6, values_only=True))
    assert len([row for row in results if row[0]]) == len(comparison.results)
    keys = {row[3] for row in book["Inputs"].iter_rows(min_row=6, values_only=True)}
    assert "new_sites.north.land_limit_mw" in keys


ODD_NAMES = ("=1+1", "<script>alert(1)</script>", "../../x", "\u202eright to left", "\N{FACTORY}", 300 * "x")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_naughty_names_stay_text_in_workbook_page_and_map(name: str, tmp_path: Path) -> None:
    sites = first().tables["sites"]
    named = sites.assign(name=sites["name"].where(sites["site"] != "north", name))
    merged = other().meta["merged"]
    north = {**merged["new_sites"]["north"], "name": name}
    changed = {**merged, "new_sites": {**merged["new_sites"], "north": north}}
    meta = {**other().meta, "merged": changed, "title": name, "question": name}
    b = replace(other(), tables={**other().tables, "sites": named}, meta=meta)
    comparison = RunComparison((first(), b), ())

    book = openpyxl.load_workbook(comparison.to_xlsx(tmp_path / "compared.xlsx"))

    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    plain = "".join(sign for sign in name if sign.isprintable())
    found = [cell for cell in cells if plain[:40] in str(cell.value)]
    assert found
    assert {cell.data_type for cell in found} == {"s"}
    page = comparison_html([first(), b])
    assert page.count("<script") == comparison_html([first(), other()]).count("<script")
    assert "\u202e" not in page
    assert plain[:40] in html.unescape(page)
    drawn, usual = (
        {one.tag for one in ElementTree.fromstring(of.map_svg()).iter()}
        for of in (comparison, RunComparison((first(), other()), ()))
    )
    assert drawn == usual


def test_the_map_shows_where_plans_differ_and_the_chart_adds_up() -> None:
    comparison = RunComparison((first(), other()), (split_of(3.25, -1.75),))

    drawn = comparison.map_svg()

    root = ElementTree.fromstring(drawn)
    titles = [one[0].text for one in root.iter("{http://www.w3.org/2000/svg}circle") if len(one) == 1]
    # North has land for 3 MW of halls less, which are 3 / 0.95 = 3.16 MW of racks and companions.
    found = site_differences((Figures(first()), Figures(other())), 2028)
    assert found["north"].shown_value == pytest.approx(-3.0 / 0.95 * 1.05, rel=1e-3)
    assert titles == ["South, 2028: +3.32 MW", "North, 2028: -3.32 MW"]
    words = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "=cause<0>&" in words
    assert "+1.50" in words


def test_the_page_lists_causes_to_the_cent() -> None:
    html = comparison_html([first(), other()], [split_of(3.25, -1.75)])

    assert "+3,250,000.00" in html
    assert "-1,750,000.00" in html
    assert "+1,500,000.00" in html
    assert "=cause&lt;0&gt;&amp;" in html
