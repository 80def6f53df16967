"""Sheets Limits, Risks and Estimates: what binds, where the plan is exposed, what decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.canvas import LAYOUT
from planner.outputs.labels import (
    CANNOT_HOLD,
    DisplayNames,
    cannot_hold,
    cost_of,
    decider_words,
    figure_names,
    first_order_words,
)
from planner.outputs.solver_files import binding_of_run, few_that_bind, fullest_zones, sentence_text, what_one_more_does
from planner.outputs.study_files import read_estimates, stress_tables, worst_years
from planner.outputs.xlsx.book import HEAD_ROW, SHEETS, TableList, write_lists, write_section, write_table
from planner.results.schema import RUN_TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

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
        ("Figures that decide", lambda row: _estimates(book, sheet, row)),
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


def _estimates(book: Book, sheet: Worksheet, row: int) -> int:
    found = read_estimates(book.run)
    if found is None:
        text = f"`dcplan estimates {book.run.meta['run']}` says which figures of the data decide what the plan costs."
        return _said(book, sheet, row, [text])
    names, cost = figure_names(book.run.inputs_tables), cost_of(book.run)
    heads = ("figure", "kind", "at its low, MUSD", "at its high, MUSD")
    book.line(sheet, row, heads, "head", styles={2: "head_right", 3: "head_right"})
    shown = found.head(5).to_dict("records")
    for at, one in enumerate(shown, row + 1):
        ends = [float(one[name]) for name in ("low_musd", "high_musd")]
        more = [f"saves {CANNOT_HOLD}"] if any(cannot_hold(end, cost) for end in ends) else []
        cells = (decider_words(one, names), str(one["kind"]), *ends, *more)
        book.line(sheet, at, cells, number="+#,##0;-#,##0;0", styles={0: "wrap"})
    return _said(book, sheet, row + 1 + len(shown), [first_order_words(found, book.run)])


# --- Sheet Estimates: the figures whose own low and high move the cost of the plan most -----------


def write_estimates(book: Book) -> None:
    """Write sheet Estimates."""
    frame = read_estimates(book.run)
    if frame is not None:
        sheet = book.sheet("Estimates", more=str(frame.attrs.get("note", "")))
        write_table(book, sheet, "Estimates", frame, SHEETS["Estimates"].fields)


# --- Sheet Limits: what binds and why, what one more is worth, and the headroom of grid zones -----


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
