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
from planner.outputs.xlsx.book import SHEETS, write_section, write_table

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

_HEAD: Final = 4
_POINTS: Final = 15.0
_ZONE_HEADS: Final = LAYOUT["heads"]["headroom"]


def write_limits(book: Book) -> None:
    """Write sheet Limits."""
    widths = (80, 13, 13, 24, 13, 20, 16)
    sheet = book.sheet("Limits", widths=widths, freeze=(_HEAD + 1, 0), repeat=[_HEAD])
    for column, (head, style) in enumerate(LAYOUT["heads"]["limits"]):
        sheet.write_string(_HEAD, column, head, book.style(style, text_wrap=True))
    sheet.set_row(_HEAD, 2 * _POINTS + 2.0)
    row = _binding(book, sheet, _HEAD + 1)
    _headroom(book, sheet, row + 1)


def _binding(book: Book, sheet: Worksheet, row: int) -> int:
    """Write a row for each limit. Returns the next row."""
    run, labels = book.run, DisplayNames(book.run)
    few = few_that_bind(run, binding_of_run(run), most=16, most_of_a_kind=4)
    if isinstance(few, str):
        book.text(sheet, row, 0, few, "wrap")
        return row + 1
    for at, (_, one) in enumerate(few.iterrows(), row):
        words = sentence_text(one, run.tables, labels)
        sheet.set_row(at, _POINTS * (1 + len(words) // 88) + 2.0)
        limit, value, percent = (float(one[name]) for name in ("limit", "value", "one_percent_musd"))
        cells = (f"{words}.", limit, str(one["limit_unit"]), what_one_more_does(one), value, str(one["unit"]), percent)
        shown = ("", "#,##0.0", "", "", "[>=100]#,##0;0.0###", "", "#,##0.00")
        looks = {0: "wrap", 1: "top", 4: "top", 6: "top"}
        book.line(sheet, at, cells, "top_label", shown, styles=looks)
    return row + len(few)


def _headroom(book: Book, sheet: Worksheet, row: int) -> None:
    """Write what is left of the headroom of zones of which some is taken, the fullest first."""
    year, labels = book.run.years[-1], DisplayNames(book.run)
    fullest = fullest_zones(book.run, most=12)
    if fullest.empty:
        return
    title = f"Headroom of grid zones, {year}, the fullest first, MW"
    book.line(sheet, row, [title, *_ZONE_HEADS.values()], "head_right", styles={0: "head"})
    for at, one in enumerate(fullest.to_dict("records"), start=row + 1):
        figures = [float(one[name]) for name in _ZONE_HEADS]
        book.line(sheet, at, [labels.zone(str(one["zone"])), *figures], number="#,##0")
