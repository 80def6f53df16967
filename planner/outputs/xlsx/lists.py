"""Sheets that are lists: what formulas of other sheets add up, what is looked up, and their checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.outputs.canvas import Live, cell
from planner.outputs.measures import sites_of
from planner.outputs.xlsx.assumptions import CHANGED, billed_years, cash_groups, site_ratio
from planner.outputs.xlsx.book import (
    HEAD_ROW,
    LISTS,
    NO,
    YES,
    TableList,
    named,
    number,
    text,
    this_row,
    whole,
    with_model_year,
    with_site_names,
    with_sites,
    write_lists,
    write_section,
    write_table,
)
from planner.results.schema import CHECKS, RUN_TABLES
from planner.tables import load_package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book, Formula
    from planner.tables.descriptor import Field

# --- Lists that formulas of other sheets add up; columns called live follow edited cells ----------

_LIVE: Final = "Columns called live follow edited cells of sheets Assumptions and Sites."
_IT_FACTOR: Final = named("it_load_factor")
_OVERHEAD: Final = named("overhead_factor")
_MODEL_YEAR: Final = whole("model_year", "year", "Model year that represents the calendar year")
_ITEM_GROUP: Final = text("group", "Heading of the item, whose price factor applies")
_PAYS_PRICE: Final = whole("pays_price", "-", "1 where the site pays the price of power in the year, 0 under a tariff")


def write_plan(book: Book) -> None:
    """Write sheet Plan."""
    frame, columns = with_sites(book, "plan")
    write_table(book, book.sheet("Plan", RUN_TABLES["plan"].description), "Plan", frame, columns)


def write_site_years(book: Book) -> None:
    """Write sheet Site-years: what the plan does at a site in a year, and power that is live."""
    frame, columns = with_sites(book, "site_year")

    def at(column: str, solved: str = "") -> Formula:
        return this_row("SiteYears", column, frame[solved or column].to_numpy(np.float64))

    ratio, mean = this_row("SiteYears", "mw_ratio"), at("facility_mean_mw")
    load, live_mean = (at(f"{what}_mean_mw", "facility_mean_mw") for what in ("load", "live_facility"))
    peak, energy = (at(column) * live_mean for column in ("facility_peak_mw", "energy_mwh"))
    live = (
        ("mw_ratio", "-", "MW of the site, as edited on sheet Sites, against the solve", _of_site("SiteYears")),
        ("live_nameplate_mw", "MW", "Racks in use with the edited MW of the site, live", at("nameplate_mw") * ratio),
        ("live_it_mean_mw", "MW", "Mean IT power, live", _IT_FACTOR * at("it_mean_mw") * ratio),
        ("load_mean_mw", "MW", "Mean power at the meter at the solved MW of the site", _load(at("it_mean_mw"), mean)),
        ("live_facility_mean_mw", "MW", "Mean power at the meter, live", load * ratio),
        ("live_facility_peak_mw", "MW", "Peak at the meter, in proportion to the mean", peak.over(mean, 0)),
        ("live_energy_mwh", "MWh", "Energy at the meter, in proportion to the mean", energy.over(mean, 0)),
    )
    sheet = book.sheet("Site-years", f"{RUN_TABLES['site_year'].description} {_LIVE}")
    write_table(book, sheet, "SiteYears", frame, columns, {number(*field): of for *field, of in live})


def _of_site(table: str) -> Formula:
    return site_ratio("site_mw_ratios", table)


def _load(it: Formula, facility: Formula) -> Formula:
    return _IT_FACTOR * (it + _OVERHEAD * (facility - it))


def write_class_years(book: Book) -> None:
    """Write sheet Class-years."""
    table, frame = RUN_TABLES["power_class"], book.run.tables["power_class"]
    it, facility = (this_row("ClassYears", name, frame[name].to_numpy()) for name in ("it_mean_mw", "facility_mean_mw"))
    field = number("live_facility_mean_mw", "MW", "Mean power at the meter, live")
    live = {field: _load(it, facility) * _of_year("mw_ratios", this_row("ClassYears", "year"))}
    sheet = book.sheet("Class-years", f"{table.description} {_LIVE}")
    write_table(book, sheet, "ClassYears", frame, table.fields, live)


def write_cost_lines(book: Book) -> None:
    """Write sheet Cost lines: payments as solved, and with the price factors."""
    table, frame = RUN_TABLES["costs"], with_model_year(book.run, book.run.tables["costs"])
    billed = billed_years(book.run)
    at = zip(frame["site"], frame["calendar_year"], strict=True)
    frame = frame.assign(pays_price=[int(one not in billed) for one in at])
    group, pays = (this_row("CostLines", name).text for name in ("group", "pays_price"))
    paid = f"IF({pays}=1,{site_ratio('site_price_ratios', 'CostLines').text},1)"
    energy = f"{_of_year('energy_ratios', this_row('CostLines', 'model_year')).text}*{paid}"
    field = number("live_musd", "MUSD", "Payment with price factors, energy and edited sites, live")
    live = _live_money("CostLines", "musd", frame, named(f'IF({group}="energy",{energy},1)'))
    sheet = book.sheet("Cost lines", f"{table.description} {_LIVE}")
    write_table(book, sheet, "CostLines", frame, [*table.fields, _MODEL_YEAR, _PAYS_PRICE], {field: live})


def write_cash_lines(book: Book) -> None:
    """Write sheet Cash lines: money spent on assets, as solved and with the price factors."""
    table = RUN_TABLES["cash"]
    frame = with_model_year(book.run, book.run.tables["cash"].assign(group=cash_groups(book.run)))
    live = {
        number(f"live_{name}", "MUSD", f"{about}, with the price factor, live"): _live_money("CashLines", name, frame)
        for name, about in (("cash_musd", "Spent"), ("overnight_musd", "Overnight cost"))
    }
    sheet = book.sheet("Cash lines", f"{table.description} {_LIVE}")
    columns = [table.fields[0], _ITEM_GROUP, *table.fields[1:], _MODEL_YEAR]
    write_table(book, sheet, "CashLines", frame, columns, live)


def _live_money(table: str, column: str, frame: pd.DataFrame, *more: Formula) -> Formula:
    """Return an amount with the price factor of its heading and the edited MW of its site."""
    factor = named(f"INDEX(price_factors,MATCH({this_row(table, 'group').text},price_groups,0))")
    live = this_row(table, column, frame[column].to_numpy()) * factor
    for one in more:
        live = live * one
    return live * _of_site(table)


def _of_year(name: str, year: Formula) -> Formula:
    """Return what sheet Summary has for a model year."""
    return named(f"INDEX({name},MATCH({year.text},model_years,0))")


# --- Sheet Checks: the independent checker's verdict, and what the workbook checks about itself ---

_OWN: Final = 4  # first row of the workbook's own checks
_TOLERANCE: Final = "0.000001"
_SUMS: Final[tuple[tuple[str, list[str], list[str]], ...]] = (
    ("The list of costs adds up to the objective", ["CostLines[npv_musd]"], ["objective_musd"]),
    (
        "Demand is served, rented, saved or not met",
        ["Demand[demand_kh100e]"],
        [f"Demand[{how}_kh100e]" for how in ("served", "rented", "saved", "unmet")],
    ),
    ("Workloads use the power of the sites", ["ClassYears[facility_mean_mw]"], ["SiteYears[facility_mean_mw]"]),
    (
        "Racks and companions of the plan are the nameplate of the sites",
        [f"Plan[{what}_mw]" for what in ("used", "standby", "companion")],
        ["SiteYears[nameplate_mw]"],
    ),
)
"""What is said, and what both sides add up."""


def write_checks(book: Book) -> None:
    """Write sheet Checks."""
    about = (
        "Left to right: what the workbook finds about its own lists; below, what a program that "
        "shares no code with the model found about the plan."
    )
    sheet = book.sheet("Checks", about, widths=(44, 10, 70, 16, 10, 12, 14, 44, 12))
    heads = ("this workbook", "verdict", "left side", "right side")
    book.line(sheet, _OWN - 1, heads, "head", styles={2: "head_right", 3: "head_right"})
    for row, (words, one_side, other_side) in enumerate(_SUMS, start=_OWN):
        left, right = (_side(book.run, terms) for terms in (one_side, other_side))
        formula = f'IF(ABS(C{row + 1}-D{row + 1})<={_TOLERANCE}*MAX(1,ABS(C{row + 1})),"holds","differs")'
        one, other = float(left.value), float(right.value)
        held = abs(one - other) <= float(_TOLERANCE) * max(1.0, abs(one))
        verdict = Live(formula, "holds" if held else "differs")
        book.line(sheet, row, [words, verdict, left, right], number=["", "", "#,##0.000", "#,##0.000"])
    row = _OWN + len(_SUMS)
    verdict = Live(f'IF({CHANGED}=0,"holds","edited")', "holds")
    book.line(sheet, row, ["Assumptions are those of the solve", verdict])
    _colour(book, sheet, _OWN, row, good="holds", bad="differs", fair="edited")
    head_row = row + 5
    book.text(sheet, head_row - 2, 0, "Rules that the checker tested on the plan", "section")
    end = write_table(book, sheet, "Checks", book.run.tables["checks"], CHECKS.fields, head_row=head_row)
    _colour(book, sheet, head_row + 1, end - 1, good=YES, bad=NO)
    sheet.freeze_panes(3, 1)


def _side(run: Run, terms: list[str]) -> Live:
    """Return the sum of columns of lists; of a name that is none, the objective of the solve."""
    values = [
        float(run.tables[LISTS[table]][column.rstrip("]")].sum())
        for table, _, column in (term.partition("[") for term in terms)
        if column
    ]
    if not values:
        return Live(terms[0], float(run.tables["solution"][terms[0]].iloc[0]))
    return Live("+".join(f"SUM({term})" for term in terms), sum(values))


def _colour(book: Book, sheet: Worksheet, first: int, last: int, **lights: str) -> None:
    """Show verdicts as a traffic light; the words say the same."""
    for style, word in lights.items():
        light = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": book.style(style)}
        sheet.conditional_format(first, 1, last, 1, light)


# --- Sheets for looking things up: orders, figures, sites, latency, sources -----------------------

_FIGURES: Final = (
    text("table", "Table of the data"),
    text("item", "Name of the figure"),
    text("where", "Region it applies to, empty: everywhere"),
    number("value", "see unit", "Value", missing=True),
    text("unit", "Unit of the value"),
    number("low", "see unit", "Low end", missing=True),
    number("high", "see unit", "High end", missing=True),
    text("kind", "published, derived, estimate, seed or own"),
    text("source", "Where it is from"),
)
_SITE_MORE: Final = (
    text("first_year", "First model year with racks in use, empty where never"),
    number("nameplate_mw", "MW", "Nameplate in use in the last model year"),
    number("training_frac", "-", "Share of training in the racks in use then", missing=True),
    number("facility_peak_mw", "MW", "Peak at the meter in the last model year"),
    number("new_firm_mw", "MW", "Firm connection added by the plan until then"),
    number("capex_musd", "MUSD", "Overnight cost of all that enters service"),
    number("lead_months", "month", "Shortest lead of the hall designs there", missing=True),
)
_SOURCES: Final = (
    text("table", "Table of the data"),
    text("source", "Where its figures are from"),
    text("year", "Year of the source"),
    text("kind", "published, derived, estimate, seed or own"),
    whole("rows", "rows", "Rows from this source"),
    text("sha256", "Start of the hash of the file that was read"),
)


_ORDERS: Final = (
    text("order_by", "Last month to order, as year-month; committed where it is under way"),
    text("kind", "What is ordered"),
    text("site_name", "Name of the site"),
    *(field for field in RUN_TABLES["orders"].fields if field.name not in {"kind", "order_by", "serves_from"}),
    text("serves_from", "Month in which it serves, as year-month"),
)


def write_orders(book: Book) -> None:
    """Write sheet Orders: what to order, the first first."""
    orders = with_site_names(book, book.run.tables["orders"])
    months = {name: [_month(year) for year in orders[name]] for name in ("order_by", "serves_from")}
    about = "What to order, where, for how much, serving from when; the first to be placed first."
    _write(book, "Orders", "Orders", about, orders.assign(**months), _ORDERS)


def _month(year: float) -> str:
    """Write a moment as a month that sorts; what has none is committed already."""
    months = round(year * 12.0) if year == year else 0  # noqa: PLR0124  nan
    return f"{months // 12}-{months % 12 + 1:02d}" if months else "committed"


def write_figures(book: Book) -> None:
    """Write sheet Figures: every table of single figures, one figure a row."""
    parts = [
        frame.assign(table=name, where=frame.get("region", ""))
        for name, frame in book.run.inputs_tables.items()
        if {"item", "value", "unit", "source"} <= set(frame.columns)
    ]
    about = "Single figures of the data as read. Where the scenario has its own, it is used."
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    _write(book, "Figures", "Figures", about, frame, _FIGURES)


def write_site_list(book: Book) -> None:
    """Write sheet Site list."""
    about = "Sites in scope, the largest of the last model year first."
    frame = sites_of(book.run)
    frame = frame.assign(first_year=[f"{year:.0f}" if year == year else "" for year in frame["first_year"]])  # noqa: PLR0124
    _write(book, "Site list", "Sites", about, frame, (*RUN_TABLES["sites"].fields, *_SITE_MORE))


def write_source_list(book: Book) -> None:
    """Write sheet Source list: one row per table, source and honesty flag."""
    keys = ["table", "source", "year", "kind"]
    parts = [
        pd.DataFrame({"table": name, "source": frame["source"], "kind": frame["kind"]}).assign(
            year=frame["source_year"].astype("str") if "source_year" in frame else ""
        )
        for name, frame in _with_sources(book.run)
    ]
    known = pd.concat(parts) if parts else pd.DataFrame(columns=keys)
    frame = known.groupby(keys, sort=False, dropna=False).size().rename("rows").reset_index()
    hashes = {table: entry["sha256"][:16] for table, entry in book.run.meta["data"].items()}
    about = "Every input keeps its source and whether it is published, derived, an estimate, seed or your own."
    _write(book, "Source list", "Sources", about, frame.assign(sha256=frame["table"].map(hashes)), _SOURCES)


def _with_sources(run: Run) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the tables that say where their figures are from."""
    return ((name, frame) for name, frame in run.inputs_tables.items() if {"source", "kind"} <= set(frame.columns))


def _write(book: Book, sheet: str, name: str, about: str, frame: pd.DataFrame, columns: tuple[Field, ...]) -> None:
    """Write the named columns of a frame in their types; labels that are missing are empty."""
    shaped = frame.reindex(columns=[column.name for column in columns])
    for column in columns:
        cells = shaped[column.name]
        cells = cells.astype("object").fillna("") if column.dtype == "str" else cells
        shaped[column.name] = cells.astype(column.dtype)
    write_table(book, book.sheet(sheet, about), name, shaped, columns)


# --- Sheets of several lists: latency, the grid, lifetime, openings, resilience -------------------


def write_latency(book: Book) -> None:
    """Write sheet Latency: round trips by workload and year, and regions that no site can serve."""
    sheet = book.sheet("Latency", RUN_TABLES["latency"].description)
    lists = (
        TableList("", "Latency", "latency"),
        TableList("Regions without a route", "NoRoute", "no_route", has_about=True),
    )
    write_lists(book, sheet, HEAD_ROW, lists)


MOST_LISTED: Final = 100_000
"""Rows of a list up to which it is on the sheet: a plan of all hours may have millions."""


def write_grid(book: Book) -> None:
    """Write sheet Grid: headroom by zone and year, then what the scenario has next to it."""
    tables = book.run.tables
    sheet = book.sheet("Grid", RUN_TABLES["headroom"].description)
    tight = {"type": "cell", "criteria": "==", "value": f'"{YES}"', "format": book.style("bad")}
    for at, column in enumerate(RUN_TABLES["headroom"].columns):
        if column in {"binds", "firm_binds"}:
            sheet.conditional_format(HEAD_ROW + 1, at, HEAD_ROW + len(tables["headroom"]), at, tight)
    prices = tables["prices"]
    # Prices of demand and of single time slices are many; they are in the table files.
    of_limits = prices[(prices["region"] == "") & (prices["period"] == "") & (prices["slot"] == "")]
    columns = [one for one in RUN_TABLES["prices"].fields if of_limits.empty or (of_limits[one.name] != "").any()]
    lists = (
        TableList("", "Headroom", "headroom"),
        TableList("Non-firm connection", "NonFirm", "non_firm_year", has_about=True),
        TableList("Stress hours: what is curtailed, and how load is met", "StressSlots", "stress_slot", has_about=True),
        TableList("Price that rises with new load", "LoadPrice", "load_price", has_about=True),
        TableList("Shadow prices of limits", "ShadowPrices", "prices", of_limits, columns, has_about=True),
    )
    row = HEAD_ROW
    for one in lists:
        rows = len(tables[one.table] if one.frame is None else one.frame)
        if rows > MOST_LISTED:
            book.text(sheet, row, 0, one.title, "section")
            book.text(sheet, row + 1, 0, RUN_TABLES[one.table].description, "about")
            book.text(sheet, row + 3, 0, _too_long(one.table, rows), "bad")
            row += 5
        elif rows or one.table in {"headroom", "prices"}:
            row = write_lists(book, sheet, row, [one])


def _too_long(table: str, rows: int) -> str:
    """Say that a list is not on the sheet, and where it is."""
    return (
        f"Not listed here: {rows:,} rows, more than {MOST_LISTED:,}. All are in"
        f" tables/{table}.parquet of the run folder; dcplan export writes them as CSV."
    )


_LIFETIME: Final = (
    "What training and inference cost by model year, existing racks and halls at their instalments "
    "and rent included, and what the final training run of known AI models would cost on the racks "
    "of a year. "
    "As solved."
)


def write_lifetime(book: Book) -> None:
    """Write sheet Lifetime: both tables, one below the other."""
    known = TableList("Final training runs of known AI models", "ModelsTrained", "models_trained")
    lists = (TableList("", "Lifetime", "lifetime"), known)
    write_lists(book, book.sheet("Lifetime", _LIFETIME), HEAD_ROW, lists)


_OPENINGS: Final = (
    "New sites open at the end (integers where the scenario says so), their cost, and phases and "
    "blocks. As solved: it does not follow edited assumptions."
)
_OPENING_LISTS: Final = (
    TableList("", "Openings", "openings"),
    TableList("Phases of new halls", "Phases", "phases"),
    TableList("Racks in blocks", "Blocks", "blocks"),
)


def has_openings(run: Run) -> bool:
    """Return whether a run opens sites, or builds in phases or blocks."""
    return any(len(run.tables[one.table]) > 0 for one in _OPENING_LISTS)


def write_openings(book: Book) -> None:
    """Write sheet Openings: lists one below the other, those that are empty left out."""
    tables = book.run.tables
    lists = [one for one in _OPENING_LISTS if len(tables[one.table]) or one.table == "openings"]
    write_lists(book, book.sheet("Openings", _OPENINGS), HEAD_ROW, lists)


_RESILIENCE: Final = (
    "One site fails at a time; reserves are shared between outages. Below: each reserve, outage "
    "and failover. As solved: it does not follow edited assumptions."
)


def is_resilient(run: Run) -> bool:
    """Return whether a run has workloads that must survive the outage of a site."""
    return len(run.tables["resilience"]) > 0


def write_resilience(book: Book) -> None:
    """Write sheet Resilience: four lists, one below the other."""
    of = RUN_TABLES["takeovers"].field
    keys, names = ["site", "standby", "workload", "year"], book.run.sites.set_index("site")["name"]
    takeovers = book.run.tables["takeovers"].groupby(keys, as_index=False)[["taken_kh100e"]].sum()
    takeovers = takeovers.assign(
        site_name=takeovers["site"].map(names).astype("str"), standby_name=takeovers["standby"].map(names).astype("str")
    )
    columns = (
        *(of("site"), text("site_name", "Its name"), of("standby"), text("standby_name", "Its name")),
        *(of("workload"), of("year"), number("taken_kh100e", "kH100e", "Compute it takes over, of all regions")),
    )
    sheet = book.sheet("Resilience", _RESILIENCE)
    row = write_lists(
        book, sheet, HEAD_ROW, [TableList("", "Resilience", "resilience"), TableList("Reserves", "Reserves", "reserve")]
    )
    end = write_lists(book, sheet, row, [TableList("Losses", "Losses", "failures")])
    unserved = RUN_TABLES["failures"].columns.index("unserved_kh100e")
    left = {"type": "cell", "criteria": ">", "value": 0, "format": book.style("bad")}
    sheet.conditional_format(row + 3, unserved, end - 2, unserved, left)
    write_lists(book, sheet, end, [TableList("Who takes over", "Takeovers", "takeovers", takeovers, columns)])


# --- Sheet Sources: of every table of the data, how many figures are published and how many not ---

_HEAD: Final = 4
_KINDS: Final = ("published", "derived", "estimate", "seed", "own")
_SOURCES_ABOUT: Final = (
    "Rows of every table that was read, by how sure they are: published, derived from what is, an "
    "estimate, a seed of the brief, or your own. Sheet 'Source list' names every source."
)


def write_sources(book: Book) -> None:
    """Write sheet Sources."""
    counts = pd.DataFrame({name: frame["kind"].value_counts() for name, frame in _with_sources(book.run)}).T
    counts = counts.reindex(columns=list(_KINDS)).fillna(0.0).sort_index()
    sheet = book.sheet("Sources", _SOURCES_ABOUT, widths=(26, 74, *[11] * (len(_KINDS) + 1), 14))
    sheet.freeze_panes(_HEAD + 1, 1)
    sheet.repeat_rows(_HEAD)
    numbers = range(2, 3 + len(_KINDS))
    heads = ("table", "what it holds", *_KINDS, "rows", "file read")
    book.line(sheet, _HEAD, heads, "head", styles=dict.fromkeys(numbers, "head_right"))
    schemas, row = load_package().tables, _HEAD
    for row, (table, of_kind) in enumerate(counts.iterrows(), _HEAD + 1):
        total = Live(f"SUM({cell(row, 2)}:{cell(row, 1 + len(_KINDS))})", float(of_kind.sum()))
        entry = book.run.meta["data"].get(str(table), {})
        file = {True: "shipped", False: "your own"}.get(entry.get("shipped"), "")
        title = schemas[str(table)].title if str(table) in schemas else ""
        shown = ["", "", *["#,##0;;"] * len(_KINDS), "#,##0", ""]
        look = {1: "unit_left", 3 + len(_KINDS): "unit_left"}
        book.line(sheet, row, [str(table), title, *of_kind.tolist(), total, file], number=shown, styles=look)
    write_section(book, sheet, row + 1, "All tables", 4 + len(_KINDS), "total")
    sums = [*counts.sum().tolist(), float(counts.to_numpy().sum())]
    for column, value in zip(numbers, sums, strict=True):
        span = f"{cell(_HEAD + 1, column)}:{cell(max(row, _HEAD + 1), column)}"
        book.line(sheet, row + 1, [Live(f"SUM({span})", value)], "total", "#,##0", column=column)
