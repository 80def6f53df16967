"""Sheet Assumptions: named cells that the formulas use, and every setting of the scenario."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from planner.outputs.xlsx.columns import text
from planner.outputs.xlsx.table import write_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

__all__ = ["CHANGED", "cash_groups", "write_assumptions"]

CHANGED: Final = "changed_assumptions"
"""Name of the cell that counts the assumptions that were edited."""

_FIRST: Final = 6  # row of the first assumption, counted from 0
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
