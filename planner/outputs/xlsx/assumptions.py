"""Sheets Assumptions and Sites: cells to edit."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from planner.outputs.canvas import LAYOUT, Live, cell, place_of
from planner.outputs.labels import DisplayNames
from planner.outputs.measures import sites_of
from planner.outputs.xlsx.book import named, this_row, write_section
from planner.scenario.workbook_cells import EDITED_SITE, SITE_ID_HEAD

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book, Formula


CHANGED: Final = "changed_assumptions"  # name of the cell that counts the assumptions that were edited
_FIRST: Final = 6  # row of the first assumption, counted from 0


class _Assumption(NamedTuple):
    name: str
    value: float
    number: str
    unit: str
    about: str
    source: str


def write_assumptions(book: Book) -> None:
    """Write sheet Assumptions."""
    widths = (40, 22, 14, 12, 72, 44)
    sheet = book.sheet("Assumptions", widths=widths, freeze=(_FIRST, 0), repeat=[_FIRST - 1])
    heads = ("name", "value", "unit", "as solved", "meaning", "source")
    looks = {0: "head", 1: "head_right", 3: "head_right"}
    book.line(sheet, _FIRST - 1, heads, "head_label", styles=looks)
    general, factors = list(_general(book.run)), list(_price_factors(book.run))
    for row, one in enumerate([*general, *factors], _FIRST):
        cells = (one.name, one.value, one.unit, one.value, one.about, one.source)
        book.line(sheet, row, cells, "label", one.number, styles={0: "plain", 1: "input", 3: "plain"})
    for row, one in enumerate(general, _FIRST):
        book.define(one.name, place_of("Assumptions", (row, 1)))
    begin, end = _FIRST + len(general), _FIRST + len(general) + len(factors)
    for column, name in enumerate(("price_groups", "price_factors")):
        book.define(name, place_of("Assumptions", (begin, column), (end - 1, column)))
    book.mark(sheet, (_FIRST, 0, end - 1, 0), "", f"=$B{_FIRST + 1}<>$D{_FIRST + 1}", "fair")
    values, solved = (f"${column}${_FIRST + 1}:${column}${end}" for column in "BD")
    edited = Live(f"SUMPRODUCT(--({values}<>{solved}))+edited_sites", 0)
    book.line(sheet, end + 1, ["assumptions edited, sites included", edited], "total", "0")
    book.define(CHANGED, place_of("Assumptions", (end + 1, 1)))


def cash_groups(run: Run) -> pd.Series:
    """Return the heading of each row of table `cash`: of its item in the costs, ``other`` where it has none."""
    group_of = dict(run.tables["costs"][["item", "group"]].drop_duplicates().to_numpy())
    return run.tables["cash"]["item"].map(group_of).fillna("other").astype("str")


def _general(run: Run) -> Iterator[_Assumption]:
    solution = run.tables["solution"].iloc[0]
    values = {"discount_rate_frac": float(solution["discount_rate_frac"]), "base_year": int(solution["base_year"])}
    wacc = run.meta["written"].get("finance.wacc_nominal_frac", "table finance")
    for one in LAYOUT["assumptions"]:
        yield _Assumption(**one | {"value": values.get(one["name"], 1.0), "source": one["source"].format(wacc=wacc)})


def _price_factors(run: Run) -> Iterator[_Assumption]:
    """One factor on the money of each heading of the list of costs; one at least."""
    costs = run.tables["costs"]
    npv = costs.groupby("group", sort=False)["npv_musd"].sum()
    total = npv.sum() or 1.0  # of a plan that buys nothing
    for group in dict.fromkeys([*costs["group"], *cash_groups(run)]) or ("other",):
        about = f"Prices under the heading {group} against the solved plan"
        source = f"1 = as solved; {npv.get(group, 0.0) / total:.1%} of cost NPV"
        yield _Assumption(group, 1.0, "0.00", "times", about, source)


# --- Sheet Sites: where the plan is, and cells to edit MW, price and lead time of each site -------

_HEAD: Final = 6
_COLUMNS: Final = LAYOUT["heads"]["sites"]
_EDITED: Final = (("nameplate_mw", "#,##0.0"), ("price", "#,##0.00"), ("lead_months", "0.0"))
_FIRST_EDIT: Final = 2 + len(_COLUMNS)
_AFTER: Final = _FIRST_EDIT + 2 * len(_EDITED)
_BY_TARIFF: Final = "by tariff"
"""In place of a price that a site never pays: a tariff bills it in every year with racks."""


def site_ratio(name: str, table: str) -> Formula:
    """Return what a figure of the site of a row of a list is multiplied with, 1 where nothing is edited."""
    return named(f"(1+SUMPRODUCT(EXACT(site_ids,{this_row(table, 'site').text})*({name}-1)))")


def billed_years(run: Run) -> set[tuple[str, int]]:
    """Return the sites and calendar years that a tariff bills in place of the price of power."""
    bills = run.tables["bills"]
    return set(zip(bills["site"], bills["calendar_year"], strict=True))


def write_sites(book: Book) -> None:
    """Write sheet Sites."""
    run, labels = book.run, DisplayNames(book.run)
    plan = run.tables["plan"]
    frame = sites_of(run)
    frame = frame[frame["site"].isin(list(plan["site"].unique()))]
    billed, years = billed_years(run), plan.groupby("site")["year"].unique()
    frame = frame.assign(
        zone=[labels.zone(str(zone)) for zone in frame["zone"]],
        price=[_price(run, str(site)) for site in frame["site"]],
        is_billed=[all((site, year) in billed for year in years.get(site, ())) for site in frame["site"]],
    )
    widths = (28, 15, 15, 7, 9, 9, 9, 9, 11, 10, *[9] * 6, 12, 14)
    sheet = book.sheet("Sites", widths=widths, freeze=(_HEAD + 1, 1), repeat=[_HEAD - 1, _HEAD])
    heads = [("site", ""), (SITE_ID_HEAD, ""), *((head, unit) for head, unit, _, _ in _COLUMNS)]
    for words, unit in EDITED_SITE:
        heads += [(words.replace("edited", "as solved"), unit), (words, unit)]
    heads += [("halls could serve from", ""), ("what follows", "")]
    for column, (head, unit) in enumerate(heads):
        is_text = column < 3 or column >= len(heads) - 2
        style = book.style("head_label" if is_text else "head_right", text_wrap=True)
        sheet.write_string(_HEAD, column, head, style)
        book.text(sheet, _HEAD - 1, column, unit, "unit")
    sheet.set_row(_HEAD, 46)
    start = date.fromisoformat(str(run.meta["merged"]["decisions_start"]))
    for row, one in enumerate(frame.to_dict("records"), start=_HEAD + 1):
        _write_site(book, sheet, row, one, start)
    end = _HEAD + len(frame)
    _name_site_cells(book, sheet, max(end, _HEAD + 1))
    write_section(book, sheet, end + 1, "All sites", _AFTER + 2, "total")
    summed = {at: (key, shown) for at, (_, _, key, shown) in enumerate(_COLUMNS, 2) if at in {4, 6, 8, 9}}
    for column, (key, shown) in {**summed, _FIRST_EDIT: _EDITED[0], _FIRST_EDIT + 1: _EDITED[0]}.items():
        span = f"{cell(_HEAD + 1, column)}:{cell(max(end, _HEAD + 1), column)}"
        total = Live(f"SUM({span})" if len(frame) else "0", float(frame[key].sum()))
        book.line(sheet, end + 1, [total], "total", shown, column=column)
    sheet.print_area(0, 0, end + 1, _AFTER + 1)


def _write_site(book: Book, sheet: Worksheet, row: int, one: Mapping[Hashable, Any], day: date) -> None:
    book.line(sheet, row, [one["name"], one["site"], one["zone"]], "unit_wrap", styles={0: "long"})
    figures = [float(one[key]) for _, _, key, _ in _COLUMNS[1:]]
    book.line(sheet, row, figures, number=[shown for *_, shown in _COLUMNS[1:]], column=3)
    for at, (key, shown) in enumerate(_EDITED):
        solved, edited = _FIRST_EDIT + 2 * at, _FIRST_EDIT + 2 * at + 1
        value = float(one[key])
        if key == "price" and one["is_billed"]:
            book.line(sheet, row, [_BY_TARIFF, _BY_TARIFF], "closed", column=solved)
            continue
        is_known = not np.isnan(value)
        look = {edited: "input" if is_known else "closed"}
        book.line(sheet, row, [value, value if is_known else ""], number=shown, column=solved, styles=look)
        if is_known:
            sheet.data_validation(row, edited, row, edited, {"validate": "decimal", "criteria": ">=", "value": 0})
    if np.isnan(one["lead_months"]):
        return
    lead, edited_lead = (cell(row, _FIRST_EDIT + 4 + at) for at in (0, 1))
    begins = f"EDATE(DATE({day.year},{day.month},{day.day}),ROUND({edited_lead},0))"
    serves = pd.Timestamp(day) + pd.DateOffset(months=round(one["lead_months"]))
    serial = float((serves.date() - date(1899, 12, 30)).days)
    sooner = f'IF({edited_lead}<{lead},"earlier","as planned")'
    follows = Live(f'IF({edited_lead}>{lead},"later than planned",{sooner})', "as planned")
    cells = (Live(begins, serial), follows)
    book.line(sheet, row, cells, number=("mmm yyyy", ""), column=_AFTER, styles={_AFTER + 1: "label"})


def _name_site_cells(book: Book, sheet: Worksheet, end: int) -> None:
    """Name what formulas use, and the count of cells that were edited."""
    first, hidden = _HEAD + 1, _AFTER + 2

    def span(column: int) -> str:
        return place_of("Sites", (first, column), (end, column))

    book.define("site_ids", span(1))
    for at, name in enumerate(("site_mw_ratios", "site_price_ratios")):
        book.define(name, span(hidden + at))
        book.text(sheet, _HEAD, hidden + at, ("MW ratio", "price ratio")[at], "unit")
        solved, edited = _FIRST_EDIT + 2 * at, _FIRST_EDIT + 2 * at + 1
        for row in range(first, end + 1):
            one, other = cell(row, edited), cell(row, solved)
            ratio = Live(f"IF(N({other})=0,1,N({one})/{other})", 1.0)
            book.line(sheet, row, [ratio], "unit", "0.000", column=hidden + at)
    pairs = [(column, column + 1) for column in range(_FIRST_EDIT, _AFTER, 2)]
    edits = "+".join(f"SUMPRODUCT(--({span(edited)}<>{span(solved)}))" for solved, edited in pairs)
    book.define("edited_sites", edits)
    for solved, edited in pairs:
        one, other = (cell(first, column, fixed_column=True) for column in (edited, solved))
        book.mark(sheet, (first, edited, end, edited), "", f"={one}<>{other}", "fair")


def _price(run: Run, site: str) -> float:
    """Return the price of a flat load, of the scenario, else of the table; nan where neither has it. [USD/MWh]"""
    merged = run.meta["merged"]
    for block in ("sites", "new_sites"):
        own = merged[block].get(site, {})
        if own.get("retail_usd_per_mwh") is not None:
            return float(own["retail_usd_per_mwh"])
    like = merged["new_sites"].get(site, {}).get("like", site)
    table = run.inputs_tables.get("electricity_price")
    if table is None or "site" not in table:
        return float("nan")
    found = table.loc[table["site"] == like, "retail_usd_per_mwh"].dropna()
    return float(found.iloc[0]) if len(found) else float("nan")
