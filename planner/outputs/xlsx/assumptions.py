"""Sheets Assumptions and Sites: cells to edit, and every setting of the scenario."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.outputs.canvas import cell
from planner.outputs.labels import DisplayNames
from planner.outputs.xlsx.book import text, write_table
from planner.scenario.workbook_layout import EDITED_SITE, SITE_ID_HEAD

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

# --- Sheet Assumptions: named cells that the formulas use, and every setting of the scenario ------

CHANGED: Final = "changed_assumptions"
"""Name of the cell that counts the assumptions that were edited."""
_FIRST: Final = 6  # row of the first assumption, counted from 0
# --- Sheet Sites: where the plan is, and cells to edit MW, price and lead time of each site -------

_ABOUT: Final = (
    "Edit the yellow cells: power and money of this workbook follow at once. The plan itself does "
    "not change: formulas do not optimise again."
)
_KEPT: Final = (
    "What stays as solved: where racks and halls are, who is served from where, and the size of "
    "yearly repayments, at the solved rate."
)
# The longest ending of a key that is here tells its unit.
_UNITS: Final = {
    "_usd_per_h100e_hour": "USD/H100e-hour",
    "_usd_per_kw_month": "USD/kW-month",
    "_usd_per_mwh": "USD/MWh",
    "_usd_per_kw": "USD/kW",
    "_usd_per_mw": "USD/MW",
    "_usd_per_m3": "USD/m3",
    "_usd_per_t": "USD/t",
    "_mw_per_year": "MW/year",
    "_kw_per_m2": "kW/m2",
    "_l_per_kwh": "L/kWh",
    "_per_k": "1/K",
    "_kh100e": "kH100e",
    "_musd": "MUSD",
    "_usd": "USD",
    "_frac": "-",
    "_pct": "%",
    "_months": "month",
    "_month": "month of the year",
    "_years": "year",
    "_days": "day",
    "_gw": "GW",
    "_mw": "MW",
    "_kw": "kW",
    "_kt": "kt",
    "_km": "km",
    "_m2": "m2",
    "_ms": "ms",
    "_h": "h",
    "_s": "s",
    "_c": "degC",
}


@dataclass(frozen=True)
class _Assumption:
    name: str
    value: float
    number: str
    unit: str
    about: str
    source: str


def write_assumptions(book: Book) -> None:
    """Write sheet Assumptions."""
    sheet = book.sheet("Assumptions", _ABOUT, widths=(40, 22, 14, 12, 72, 44))
    sheet.freeze_panes(_FIRST, 0)
    sheet.repeat_rows(_FIRST - 1)
    book.text(sheet, 3, 0, _KEPT, "about")
    rows = [*_general(book.run), *_price_factors(book.run)]
    _write_rows(book, sheet, rows)
    _name_cells(book, rows)
    end = _count_edited(book, sheet, _FIRST + len(rows))
    book.text(sheet, end + 1, 0, "Settings of the scenario, defaults included", "section")
    settings = _settings(book.run)
    write_table(book, sheet, "Settings", settings, _SETTINGS, head_row=end + 3, lay_out=False)


def _write_rows(book: Book, sheet: Worksheet, rows: Sequence[_Assumption]) -> None:
    for column, head in enumerate(("name", "value", "unit", "as solved", "meaning", "source")):
        style = {0: "head", 1: "head_right", 3: "head_right"}.get(column, "head_label")
        book.text(sheet, _FIRST - 1, column, head, style)
    for row, one in enumerate(rows, start=_FIRST):
        book.text(sheet, row, 0, one.name)
        book.number(sheet, row, 1, one.value, one.number, "input")
        book.text(sheet, row, 2, one.unit, "label")
        book.number(sheet, row, 3, one.value, one.number)
        book.text(sheet, row, 4, one.about, "label")
        book.text(sheet, row, 5, one.source, "label")


def _name_cells(book: Book, rows: Sequence[_Assumption]) -> None:
    """Give every cell its name; the price factors, whose names are headings, share a range."""
    factors = [row for row, one in enumerate(rows, _FIRST + 1) if one.unit == _PER_GROUP]
    for row, one in enumerate(rows, _FIRST + 1):
        if row not in factors:
            book.define(one.name, f"Assumptions!$B${row}")
    for name, column in (("price_groups", "A"), ("price_factors", "B")):
        book.define(name, f"Assumptions!${column}${factors[0]}:${column}${factors[-1]}")


def _count_edited(book: Book, sheet: Worksheet, end: int) -> int:
    """Mark and count the cells that differ from the solve. Returns the next row."""
    edited = f"$B{_FIRST + 1}<>$D{_FIRST + 1}"
    mark = {"type": "formula", "criteria": f"={edited}", "format": book.style("fair")}
    sheet.conditional_format(_FIRST, 0, end - 1, 0, mark)
    values, solved = (f"${column}${_FIRST + 1}:${column}${end}" for column in "BD")
    book.text(sheet, end + 1, 0, "assumptions edited, sites included", "total")
    formula = f"=SUMPRODUCT(--({values}<>{solved}))+edited_sites"
    book.formula(sheet, end + 1, 1, formula, 0, "0", "total")
    book.define(CHANGED, f"Assumptions!$B${end + 2}")
    return end + 2


def cash_groups(run: Run) -> pd.Series:
    """Return the heading of each row of table `cash`: that of its item in the list of costs.

    An asset whose first repayment falls after the horizon has no cost line; its heading is
    ``other``.
    """
    group_of = dict(run.tables["costs"][["item", "group"]].drop_duplicates().to_numpy())
    return run.tables["cash"]["item"].map(group_of).fillna("other").astype("str")


_FACTOR: Final = "0.00"
_PER_GROUP: Final = "times"


def _general(run: Run) -> Iterator[_Assumption]:
    solution = run.tables["solution"].iloc[0]
    rate_source = run.meta["written"].get("finance.wacc_nominal_frac", "table finance")
    yield _Assumption(
        "discount_rate_frac",
        float(solution["discount_rate_frac"]),
        "0.000%",
        "1/year",
        "Real discount rate; net present values on sheet Costs use it",
        f"real rate of the nominal one in {rate_source}",
    )
    yield _Assumption(
        "base_year",
        int(solution["base_year"]),
        "0",
        "year",
        "Payments are discounted to 1 January of this year",
        "first model year",
    )
    yield _Assumption(
        "it_load_factor",
        1.0,
        _FACTOR,
        "-",
        "IT power against the solved plan: 0.9 if racks draw a tenth less than planned",
        "1 = as solved",
    )
    yield _Assumption(
        "overhead_factor",
        1.0,
        _FACTOR,
        "-",
        "Cooling and electrical losses against the solved plan: 1.2 if they are a fifth more",
        "1 = as solved",
    )


def _price_factors(run: Run) -> Iterator[_Assumption]:
    """One factor on the money of each heading of the list of costs; one at least."""
    costs = run.tables["costs"]
    npv = costs.groupby("group", sort=False)["npv_musd"].sum()
    total = npv.sum() or 1.0  # of a plan that buys nothing
    for group in dict.fromkeys([*costs["group"], *cash_groups(run)]) or ("other",):
        about = f"Prices under the heading {group} against the solved plan"
        share = npv.get(group, 0.0) / total
        source = f"1 = as solved; {share:.1%} of cost NPV"
        yield _Assumption(group, 1.0, _FACTOR, _PER_GROUP, about, source)


_SETTINGS: Final = (
    text("setting", "Key in the scenario file"),
    text("written_in", "File and line; default where no file has it"),
    text("unit", "From the ending of the key"),
    text("value", "As merged, defaults filled in"),
)


def _settings(run: Run) -> pd.DataFrame:
    written = run.meta["written"]
    rows = [
        (key, written.get(key) or _block(key, written), _unit(key), _shown(value))
        for key, value in _leaves(run.meta["merged"])
    ]
    names = [column.name for column in _SETTINGS]
    return pd.DataFrame(rows, columns=names).astype(dict.fromkeys(names, "str"))


def _leaves(merged: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Walk the settings; mappings by year and lists are one value."""
    for key, value in merged.items():
        is_block = isinstance(value, dict) and bool(value) and not all(k.isdigit() for k in value)
        if is_block:
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _block(key: str, written: Mapping[str, str]) -> str:
    """Return where entries of a mapping by year were written; else that it is a default."""
    below = [place for name, place in written.items() if name.startswith(f"{key}.")]
    return below[0] if below else "default"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _unit(key: str) -> str:
    endings = [ending for ending in _UNITS if key.endswith(ending)]
    return _UNITS[max(endings, key=len)] if endings else ""


_NAME: Final = "Sites"
_HEAD: Final = 6
_SITES_ABOUT: Final = (
    "Where the racks are, the largest site of the last model year first. Budget capex is overnight "
    "capex without moves of racks and the value of bridge power that leaves; sheet Money has both."
)
_EDIT: Final = (
    "Yellow cells: an edited MW scales power and all payments of the site in every year; an edited "
    "price scales its energy payments, but for years billed by a tariff; an edited lead time shows "
    "from when new halls could serve."
)
_HONEST: Final = (
    "Nothing is decided again: no rack moves, demand may be unmet, limits broken. `dcplan solve "
    "plan.xlsx` decides again with edited prices and lead times; MW are for the solver to say."
)
_COLUMNS: Final = (
    ("zone", "", "@"),
    ("first year", "year", "0"),
    ("racks", "MW", "#,##0.0"),
    ("training", "%", "0%"),
    ("meter, mean", "MW", "#,##0.0"),
    ("meter, peak", "MW", "#,##0.0"),
    ("new firm connection", "MW", "#,##0.0"),
    ("budget capex", "MUSD", "#,##0"),
)
_FIRST_EDIT: Final = 2 + len(_COLUMNS)
_FORMATS: Final = ("#,##0.0", "#,##0.00", "0.0")
_BY_TARIFF: Final = "by tariff"
"""In place of a price that a site never pays: a tariff bills it in every year with racks."""


def site_ratio(name: str, site: str) -> str:
    """Return the formula of what a figure of a site is multiplied with, 1 where nothing is edited."""
    return f"(1+SUMPRODUCT(EXACT(site_ids,{site})*({name}-1)))"


def billed_years(run: Run) -> set[tuple[str, int]]:
    """Return the sites and calendar years that a tariff bills in place of the price of power."""
    bills = run.tables["bills"]
    return set(zip(bills["site"], bills["calendar_year"], strict=True))


def write_sites(book: Book) -> None:
    """Write sheet Sites."""
    frame = _frame(book.run)
    widths = (28, 15, 15, 7, 9, 9, 9, 9, 11, 10, *[9] * 6, 12, 14)
    sheet = book.sheet(_NAME, _SITES_ABOUT, widths=widths)
    book.text(sheet, 3, 0, _EDIT, "about")
    book.text(sheet, 4, 0, _HONEST, "about")
    _write_heads(book, sheet)
    sheet.freeze_panes(_HEAD + 1, 1)
    sheet.repeat_rows(_HEAD - 1, _HEAD)
    start = date.fromisoformat(str(book.run.meta["merged"]["decisions_start"]))
    for row, one in enumerate(frame.to_dict("records"), start=_HEAD + 1):
        _write_row(book, sheet, row, one, start)
    end = _HEAD + len(frame)
    _name_site_cells(book, sheet, end)
    _total(book, sheet, end + 1, frame)
    sheet.print_area(0, 0, end + 1, _FIRST_EDIT + 7)


def _write_heads(book: Book, sheet: Worksheet) -> None:
    heads = [("site", ""), (SITE_ID_HEAD, ""), *((head, unit) for head, unit, _ in _COLUMNS)]
    for words, unit in EDITED_SITE:
        heads += [(words.replace("edited", "as solved"), unit), (words, unit)]
    heads += [("halls could serve from", ""), ("what follows", "")]
    for column, (head, unit) in enumerate(heads):
        is_text = column < 3 or column >= len(heads) - 2
        style = book.style("head_label" if is_text else "head_right", text_wrap=True)
        sheet.write_string(_HEAD, column, head, style)
        book.text(sheet, _HEAD - 1, column, unit, "unit")
    sheet.set_row(_HEAD, 46)


def _write_row(book: Book, sheet: Worksheet, row: int, one: Mapping[Hashable, Any], day: date) -> None:
    book.text(sheet, row, 0, one["name"], "long")
    for column, key in ((1, "site"), (2, "zone")):
        book.text(sheet, row, column, one[key], "unit_wrap")
    of = ("first_year", "racks", "training", "mean", "peak", "new_firm", "capex")
    for column, (key, (_, _, shown)) in enumerate(zip(of, _COLUMNS[1:], strict=True), start=3):
        book.number(sheet, row, column, float(one[key]), shown)
    for at, (key, shown) in enumerate(zip(("racks", "price", "lead"), _FORMATS, strict=True)):
        solved, edited = _FIRST_EDIT + 2 * at, _FIRST_EDIT + 2 * at + 1
        value = float(one[key])
        if key == "price" and one["is_billed"]:
            for column in (solved, edited):
                book.text(sheet, row, column, _BY_TARIFF, "closed")
            continue
        book.number(sheet, row, solved, value, shown)
        if np.isnan(value):
            book.text(sheet, row, edited, "", "closed")
            continue
        book.number(sheet, row, edited, value, shown, "input")
        rule = {"validate": "decimal", "criteria": ">=", "value": 0}
        sheet.data_validation(row, edited, row, edited, rule)
    lead, edited_lead = (cell(row, _FIRST_EDIT + 4 + at) for at in (0, 1))
    if np.isnan(one["lead"]):
        return
    begins = f"DATE({day.year},{day.month},{day.day})"
    from_day = f"=EDATE({begins},ROUND({edited_lead},0))"
    book.formula(sheet, row, _FIRST_EDIT + 6, from_day, _serial(day, one["lead"]), "mmm yyyy")
    sooner = f'IF({edited_lead}<{lead},"earlier","as planned")'
    words = f'=IF({edited_lead}>{lead},"later than planned",{sooner})'
    book.formula(sheet, row, _FIRST_EDIT + 7, words, "as planned", style="label")


def _serial(day: date, months: float) -> float:
    """Return the number that a spreadsheet has for a day so many whole months later."""
    whole = day.month - 1 + round(months)
    year, month = day.year + whole // 12, whole % 12 + 1
    first = date(year, month, 1)
    last = (date(year + month // 12, month % 12 + 1, 1) - first).days
    return float((date(year, month, min(day.day, last)) - date(1899, 12, 30)).days)


def _name_site_cells(book: Book, sheet: Worksheet, end: int) -> None:
    """Name what formulas use, and the count of cells that were edited."""
    end = max(end, _HEAD + 1)
    first = _HEAD + 1

    def span(column: int) -> str:
        top, bottom = (cell(row, column, fixed_row=True, fixed_column=True) for row in (first, end))
        return f"{top}:{bottom}"

    book.define("site_ids", f"{_NAME}!{span(1)}")
    hidden = _FIRST_EDIT + 8
    for at, name in enumerate(("site_mw_ratios", "site_price_ratios")):
        book.define(name, f"{_NAME}!{span(hidden + at)}")
        book.text(sheet, _HEAD, hidden + at, ("MW ratio", "price ratio")[at], "unit")
        solved, edited = _FIRST_EDIT + 2 * at, _FIRST_EDIT + 2 * at + 1
        for row in range(first, end + 1):
            one, other = cell(row, edited), cell(row, solved)
            formula = f"=IF(N({other})=0,1,N({one})/{other})"
            book.formula(sheet, row, hidden + at, formula, 1.0, "0.000", "unit")
    edits = "+".join(
        f"SUMPRODUCT(--({_NAME}!{span(_FIRST_EDIT + 2 * at + 1)}<>{_NAME}!{span(_FIRST_EDIT + 2 * at)}))"
        for at in range(len(EDITED_SITE))
    )
    book.define("edited_sites", edits)
    for at in range(len(EDITED_SITE)):
        one, other = (cell(first, _FIRST_EDIT + 2 * at + more, fixed_column=True) for more in (1, 0))
        mark = {"type": "formula", "criteria": f"={one}<>{other}", "format": book.style("fair")}
        column = _FIRST_EDIT + 2 * at + 1
        sheet.conditional_format(first, column, end, column, mark)


def _total(book: Book, sheet: Worksheet, row: int, frame: pd.DataFrame) -> None:
    book.text(sheet, row, 0, "All sites", "total")
    for column in range(1, _FIRST_EDIT + 8):
        book.text(sheet, row, column, "", "total")
    first = _HEAD + 1
    for column, key, shown in (
        (4, "racks", "#,##0.0"),
        (6, "mean", "#,##0.0"),
        (8, "new_firm", "#,##0.0"),
        (9, "capex", "#,##0"),
        (_FIRST_EDIT, "racks", "#,##0.0"),
        (_FIRST_EDIT + 1, "racks", "#,##0.0"),
    ):
        span = f"{cell(first, column)}:{cell(max(row - 1, first), column)}"
        formula = f"=SUM({span})" if len(frame) else "=0"
        book.formula(sheet, row, column, formula, float(frame[key].sum()), shown, "total")


def _frame(run: Run) -> pd.DataFrame:
    """Return one row per site with racks in any year."""
    tables, labels = run.tables, DisplayNames(run)
    site_year, plan, leads = (tables[name] for name in ("site_year", "plan", "leads"))
    last = site_year[site_year["year"] == run.years[-1]].set_index("site")
    used = plan[plan["year"] == run.years[-1]]
    total = used.groupby("site")["used_mw"].sum()
    trains = used[used["duty"] == "training"].groupby("site")["used_mw"].sum()
    frame = run.sites.set_index("site")
    billed, years = billed_years(run), plan.groupby("site")["year"].unique()
    frame = frame.assign(
        zone=[labels.zone(str(zone)) for zone in frame["zone"]],
        first_year=plan.groupby("site")["year"].min(),
        racks=last["nameplate_mw"],
        training=trains.reindex(total.index, fill_value=0.0) / total,
        mean=last["facility_mean_mw"],
        peak=last["facility_peak_mw"],
        new_firm=last["new_firm_mw"],
        capex=site_year.groupby("site")["capex_musd"].sum(),
        price=[_price(run, str(site)) for site in frame.index],
        is_billed=[all((site, year) in billed for year in years.get(site, ())) for site in frame.index],
        lead=leads.groupby("site")["months"].min(),
    )
    frame = frame[frame.index.isin(list(plan["site"].unique()))]
    amounts = ["racks", "mean", "peak", "new_firm", "capex"]
    frame = frame.fillna(dict.fromkeys(amounts, 0.0)).sort_values("racks", ascending=False, kind="stable")
    return frame.reset_index()


def _price(run: Run, site: str) -> float:
    """Return the delivered price of a flat load: of the scenario, else of the table. [USD/MWh]

    Missing where neither has one, as for a site that takes its price from another table.
    """
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
