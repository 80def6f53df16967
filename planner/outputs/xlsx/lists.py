"""Sheets that are lists, their checks, and sheets Risks, Estimates and Limits: what decides and what binds."""

from __future__ import annotations

from collections import Counter
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.outputs.canvas import LAYOUT, Live
from planner.outputs.labels import (
    MARK,
    DisplayNames,
    cannot_hold,
    cost_of,
    decider_words,
    figure_names,
    first_order_words,
)
from planner.outputs.measures import sites_of
from planner.outputs.solver_files import binding_of_run, few_that_bind, fullest_zones, sentence_text, what_one_more_does
from planner.outputs.study_files import read_estimates, stress_tables, worst_years
from planner.outputs.xlsx.assumptions import CHANGED, billed_years, cash_groups, site_ratio
from planner.outputs.xlsx.book import (
    HEAD_ROW,
    NO,
    SHEETS,
    SITE_NAME,
    TABLE_OF,
    YES,
    TableList,
    lists_of,
    named,
    this_row,
    with_model_year,
    with_site_names,
    write_lists,
    write_section,
    write_table,
)
from planner.results.schema import CHECKS, RUN_TABLES
from planner.tables import load_package

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book, Formula
    from planner.tables.descriptor import Field


_LIVE: Final = "Columns called live follow edited cells of sheets Assumptions and Sites."
_IT_FACTOR: Final = named("it_load_factor")


def write_site_years(book: Book) -> None:
    """Write sheet Site-years: what the plan does at a site in a year, and power that is live."""
    fields, frame = RUN_TABLES["site_year"].fields, with_site_names(book, book.run.tables["site_year"])

    def at(column: str, solved: str = "") -> Formula:
        return this_row("SiteYears", column, frame[solved or column].to_numpy(np.float64))

    ratio, mean = this_row("SiteYears", "mw_ratio"), at("facility_mean_mw")
    load, live_mean = (at(f"{what}_mean_mw", "facility_mean_mw") for what in ("load", "live_facility"))
    peak, energy = (at(column) * live_mean for column in ("facility_peak_mw", "energy_mwh"))
    it = at("it_mean_mw")
    racks_and_it = (site_ratio("site_mw_ratios", "SiteYears"), at("nameplate_mw") * ratio, _IT_FACTOR * it * ratio)
    at_the_meter = (_load(it, mean), load * ratio, peak.over(mean, 0), energy.over(mean, 0))
    columns = (fields[0], SITE_NAME, *fields[1:])
    _write_live(book, "Site-years", frame, columns, *racks_and_it, *at_the_meter)


def _write_live(book: Book, sheet: str, frame: pd.DataFrame, columns: Sequence[Field], *live: Formula) -> None:
    """Write the list of a sheet, the last of whose own columns are formulas."""
    (of,) = lists_of(sheet)
    fields = SHEETS[sheet].fields[-len(live) :]
    above = f"{RUN_TABLES[of.table].description} {_LIVE}"
    write_table(book, book.sheet(sheet, above), of.name, frame, columns, dict(zip(fields, live, strict=True)))


def _load(it: Formula, facility: Formula) -> Formula:
    return _IT_FACTOR * (it + named("overhead_factor") * (facility - it))


def write_class_years(book: Book) -> None:
    """Write sheet Class-years."""
    table, frame = RUN_TABLES["power_class"], book.run.tables["power_class"]
    it, facility = (this_row("ClassYears", name, frame[name].to_numpy()) for name in ("it_mean_mw", "facility_mean_mw"))
    live = _load(it, facility) * _of_year("mw_ratios", this_row("ClassYears", "year"))
    _write_live(book, "Class-years", frame, table.fields, live)


def write_cost_lines(book: Book) -> None:
    """Write sheet Cost lines: payments as solved, and with the price factors."""
    table, frame = RUN_TABLES["costs"], with_model_year(book.run, book.run.tables["costs"])
    billed = billed_years(book.run)
    at = zip(frame["site"], frame["calendar_year"], strict=True)
    frame = frame.assign(pays_price=[int(one not in billed) for one in at])
    group, pays = (this_row("CostLines", name).text for name in ("group", "pays_price"))
    paid = f"IF({pays}=1,{site_ratio('site_price_ratios', 'CostLines').text},1)"
    energy = f"{_of_year('energy_ratios', this_row('CostLines', 'model_year')).text}*{paid}"
    live = _live_money("CostLines", "musd", frame, named(f'IF({group}="energy",{energy},1)'))
    _write_live(book, "Cost lines", frame, [*table.fields, *SHEETS["Cost lines"].fields[:2]], live)


def write_cash_lines(book: Book) -> None:
    """Write sheet Cash lines: money spent on assets, as solved and with the price factors."""
    item, *others = RUN_TABLES["cash"].fields
    group, model_year, *_ = SHEETS["Cash lines"].fields
    frame = with_model_year(book.run, book.run.tables["cash"].assign(group=cash_groups(book.run)))
    live = (_live_money("CashLines", name, frame) for name in ("cash_musd", "overnight_musd"))
    _write_live(book, "Cash lines", frame, [item, group, *others, model_year], *live)


def _live_money(table: str, column: str, frame: pd.DataFrame, *more: Formula) -> Formula:
    """Return an amount with the price factor of its heading and the edited MW of its site."""
    factor = named(f"INDEX(price_factors,MATCH({this_row(table, 'group').text},price_groups,0))")
    live = this_row(table, column, frame[column].to_numpy()) * factor
    for one in more:
        live = live * one
    return live * site_ratio("site_mw_ratios", table)


def _of_year(name: str, year: Formula) -> Formula:
    """Return what sheet Summary has for a model year."""
    return named(f"INDEX({name},MATCH({year.text},model_years,0))")


_OWN: Final = 4  # first row of the workbook's own checks
_TOLERANCE: Final = "0.000001"
_SUMS: Final = LAYOUT["checks"]  # what is said, and what both sides add up


def write_checks(book: Book) -> None:
    """Write sheet Checks."""
    sheet = book.sheet("Checks", widths=(44, 10, 70, 16, 10, 12, 14, 44, 12), freeze=(3, 1))
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


def _side(run: Run, terms: list[str]) -> Live:
    """Return the sum of columns of lists; of a name that is none, the objective of the solve."""
    places = [term.rstrip("]").split("[") for term in terms]
    if len(places[0]) == 1:
        return Live(terms[0], float(run.tables["solution"][terms[0]].iloc[0]))
    total = sum(float(run.tables[TABLE_OF[table]][column].sum()) for table, column in places)
    return Live("+".join(f"SUM({term})" for term in terms), total)


def _colour(book: Book, sheet: Worksheet, first: int, last: int, **lights: str) -> None:
    """Show verdicts as a traffic light; the words say the same."""
    for style, word in lights.items():
        book.mark(sheet, (first, 1, last, 1), "==", f'"{word}"', style)


def write_orders(book: Book) -> None:
    """Write sheet Orders: what to order, the first first."""
    orders = with_site_names(book, book.run.tables["orders"])
    months = {name: [_month(year) for year in orders[name]] for name in ("order_by", "serves_from")}
    *first, last = SHEETS["Orders"].fields
    others = (field for field in RUN_TABLES["orders"].fields if field.name not in SHEETS["Orders"].columns)
    _write(book, "Orders", "Orders", orders.assign(**months), (*first, *others, last))


def _month(year: float) -> str:
    """Write a moment as a month that sorts; what has none is committed already."""
    months = round(year * 12.0) if year == year else 0  # noqa: PLR0124  nan
    return f"{months // 12}-{months % 12 + 1:02d}" if months else "committed"


def write_figures(book: Book) -> None:
    """Write sheet Figures: every table of single figures, one figure a row."""
    columns = SHEETS["Figures"].fields
    parts = [
        {one.name: _cells(frame, one) for one in columns}
        | {"table": repeat(name), "where": frame.get("region", repeat(""))}
        for name, frame in book.run.inputs_tables.items()
        if {"item", "value", "unit", "source"} <= set(frame.columns)
    ]
    rows = (row for part in parts for row in zip(*part.values(), strict=False))
    _write(book, "Figures", "Figures", pd.DataFrame(rows, columns=[one.name for one in columns]))


def write_site_list(book: Book) -> None:
    """Write sheet Site list."""
    fields = (*RUN_TABLES["sites"].fields, *SHEETS["Site list"].fields)
    _write(book, "Site list", "Sites", sites_of(book.run), fields)


def write_source_list(book: Book) -> None:
    """Write sheet Source list: one row per table, source and honesty flag."""
    rows = Counter[tuple[str, ...]]()
    for name, frame in _with_sources(book.run):
        years = frame["source_year"].astype("str").tolist() if "source_year" in frame else repeat("")
        rows.update(zip(repeat(name), frame["source"].tolist(), years, frame["kind"].tolist()))
    names = ("table", "source", "year", "kind", "rows")
    frame = pd.DataFrame([(*key, count) for key, count in rows.items()], columns=names)
    hashes = {table: entry["sha256"][:16] for table, entry in book.run.meta["data"].items()}
    _write(book, "Source list", "Sources", frame.assign(sha256=frame["table"].map(hashes)))


def _with_sources(run: Run) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the tables that say where their figures are from."""
    return ((name, frame) for name, frame in run.inputs_tables.items() if {"source", "kind"} <= set(frame.columns))


def _write(
    book: Book, sheet: str, name: str, frame: pd.DataFrame, columns: Sequence[Field] = (), totals: Collection[str] = ()
) -> None:
    """Write the named columns of a frame in their types; labels that are missing are empty."""
    columns = columns or SHEETS[sheet].fields
    shaped = pd.DataFrame({column.name: _cells(frame, column) for column in columns})
    write_table(book, book.sheet(sheet, repeat=[HEAD_ROW - 1]), name, shaped, columns, totals=totals)


def _cells(frame: pd.DataFrame, column: Field) -> Any:
    if column.name not in frame:
        return [""] * len(frame) if column.dtype == "str" else np.full(len(frame), np.nan)
    if column.dtype != "str":
        return frame[column.name].to_numpy(column.dtype)
    return [one if isinstance(one, str) else "" if pd.isna(one) else str(one) for one in frame[column.name].tolist()]


def write_grid(book: Book) -> None:
    """Write sheet Grid: headroom by zone and year, then what the scenario has next to it."""
    sheet, prices = book.sheet("Grid", RUN_TABLES["headroom"].description), book.run.tables["prices"]
    # Prices of demand and of single time slices are many; they are in the table files.
    of_limits = prices[(prices["region"] == "") & (prices["period"] == "") & (prices["slot"] == "")]
    columns = [one for one in RUN_TABLES["prices"].fields if of_limits.empty or (of_limits[one.name] != "").any()]
    *others, shadow_prices = lists_of("Grid")
    write_lists(book, sheet, HEAD_ROW, [*others, shadow_prices._replace(frame=of_limits, columns=columns)])


_KINDS: Final = ("published", "derived", "estimate", "seed", "own")


def write_sources(book: Book) -> None:
    """Write sheet Sources."""
    counts = pd.DataFrame({name: Counter(frame["kind"].tolist()) for name, frame in _with_sources(book.run)}).T
    counts = counts.reindex(columns=list(_KINDS)).fillna(0.0).sort_index()
    schemas = load_package().tables
    files = {table: "shipped" if entry["shipped"] else "your own" for table, entry in book.run.meta["data"].items()}
    frame = counts.assign(
        table=counts.index,
        holds=[schemas[table].title if table in schemas else "" for table in counts.index],
        rows=counts.sum(axis=1),
        file=[files.get(table, "") for table in counts.index],
    )
    _write(book, "Sources", "SourceKinds", frame, totals=(*_KINDS, "rows"))


# --- Sheet Risks: what to know about the plan, where it is exposed, and what studies of it found ---

_COLUMNS: Final = 6
_A_LITTLE: Final = 5e-4
_WORST: Final = LAYOUT["heads"]["worst"]


def write_risks(book: Book) -> None:
    """Write sheet Risks."""
    sheet = book.sheet("Risks", widths=(54, *[22] * (_COLUMNS - 1)))
    row = 3
    parts: tuple[tuple[str, Callable[[int], int]], ...] = (
        ("Where the plan is exposed", lambda row: _said(book, sheet, row, _exposed(book.run))),
        ("Hours, outages and events", lambda row: _stress(book, sheet, row)),
        ("Figures that decide", lambda row: _said(book, sheet, row, _deciding(book.run))),
        ("Notes of the solve", lambda row: _said(book, sheet, row, map(str, book.run.meta["notes"]))),
    )
    for title, write in parts:
        write_section(book, sheet, row + 1, title, _COLUMNS)
        row = write(row + 2)


def _said(book: Book, sheet: Worksheet, row: int, sentences: Iterable[str]) -> int:
    for sentence_ in sentences:
        row = book.paragraph(sheet, row, sentence_, _COLUMNS, 150)
    return row


def _exposed(run: Run) -> Iterator[str]:
    """Say how much hangs on one site, one zone, connections to come, and on others."""
    last, labels = run.years[-1], DisplayNames(run)
    site_year = run.tables["site_year"]
    of_year = site_year[site_year["year"] == last]
    total = float(of_year["nameplate_mw"].sum())
    if total <= 0.0:
        yield f"No rack is in use in {last}."
        return
    sites = of_year.set_index("site")["nameplate_mw"]
    zones = of_year.groupby("zone")["nameplate_mw"].sum()
    largest, zone = str(sites.idxmax()), str(zones.idxmax())
    yield (
        f"{sites.max() / total:.0%} of the racks of {last} are at one site, "
        f"{labels.site(largest)}; {zones.max() / total:.0%} are in one grid zone, "
        f"{labels.zone(zone)}."
    )
    peak, new = (float(of_year[name].sum()) for name in ("facility_peak_mw", "new_firm_mw"))
    if new > _A_LITTLE * peak:
        yield (
            f"{new:,.0f} MW of firm connection do not exist yet, for a peak of {peak:,.0f} MW in "
            f"{last}: a queue that takes longer than planned delays what hangs on it."
        )
    demand = run.tables["demand"].groupby("year")[["demand_kh100e", "rented_kh100e"]].sum()
    share = (demand["rented_kh100e"] / demand["demand_kh100e"]).fillna(0.0)
    if share.max() > _A_LITTLE:
        yield f"Up to {share.max():.1%} of the demand of a year is rented, in {share.idxmax()}."
    yield (
        "Prices, demand and deliveries are those of the tables; sheet Sources says how many are "
        "published and how many are estimates."
    )


def _stress(book: Book, sheet: Worksheet, row: int) -> int:
    """Write for each case and model year the draw in which least is served."""
    study = stress_tables(book.run)
    if "stress_year" not in study:
        command = f"dcplan stress {book.run.meta['run']}"
        return _said(book, sheet, row, [f"No stress study is stored with this run; `{command}` makes one."])
    book.line(sheet, row, ["worst drawn year of each case", *_WORST.values()], "head_right", styles={0: "head"})
    worst = worst_years(study["stress_year"]).to_dict("records")
    for at, one in enumerate(worst, row + 1):
        figures = [float(one[name]) for name in _WORST]
        book.line(sheet, at, [f"{one['case']}, {one['year']}", *figures], number="#,##0.0")
    return row + 1 + len(worst)


def _deciding(run: Run) -> Iterator[str]:
    """Name the first figures that decide, or say how to ask for them."""
    found = read_estimates(run)
    if found is None:
        yield f"`dcplan estimates {run.meta['run']}` says which figures of the data decide what the plan costs."
        return
    names, cost = figure_names(run.inputs_tables), cost_of(run)
    for one in found.head(5).to_dict("records"):
        low, high = (f"{one[end]:+,.0f}{MARK * cannot_hold(one[end], cost)}" for end in ("low_musd", "high_musd"))
        yield f"{decider_words(one, names)} ({one['kind']}): {low} MUSD at its low, {high} at its high."
    yield first_order_words(found, run, MARK)


def write_estimates(book: Book) -> None:
    """Write sheet Estimates."""
    frame = read_estimates(book.run)
    if frame is not None:
        sheet = book.sheet("Estimates", more=str(frame.attrs.get("note", "")))
        write_table(book, sheet, "Estimates", frame, SHEETS["Estimates"].fields)


def write_limits(book: Book) -> None:
    """Write sheet Limits: a row for each limit, then grid zones of which some is taken, the fullest first."""
    run, labels, row = book.run, DisplayNames(book.run), HEAD_ROW
    sheet = book.sheet("Limits", widths=(80, 13, 13, 24, 13, 20, 16), repeat=[HEAD_ROW - 1])
    few = few_that_bind(run, binding_of_run(run), most=16, most_of_a_kind=4)
    if isinstance(few, str):
        book.text(sheet, row, 0, few, "wrap")
    else:
        frame = few.assign(
            what_binds_and_why=[f"{sentence_text(one, run.tables, labels)}." for _, one in few.iterrows()],
            what_one_more_does=[what_one_more_does(one) for _, one in few.iterrows()],
            worth=few["value"],
            worth_unit=few["unit"],
        )
        row = write_table(book, sheet, "Binding", frame, SHEETS["Limits"].fields)
    zones = fullest_zones(run, most=12)
    named = zones.assign(zone=[labels.zone(str(zone)) for zone in zones["zone"]])
    columns = [RUN_TABLES["headroom"].field(name) for name in LAYOUT["headroom"]]
    title = f"Headroom of grid zones, {run.years[-1]}, the fullest first"
    write_lists(book, sheet, row + 1, [TableList("Fullest", "headroom", title, named, columns, needs_rows=True)])
