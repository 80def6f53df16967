"""Sheets Limits, Risks and Estimates: what binds, where the plan is exposed, what decides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError
from planner.limits import BY_NAME
from planner.limits.binding import ONE_MORE
from planner.outputs.labels import (
    CANNOT_HOLD,
    DisplayNames,
    cannot_hold,
    cost_of,
    decider_words,
    figure_names,
    first_order_words,
)
from planner.outputs.solver_files import binding_of_run, sentence, weightiest
from planner.outputs.study_files import read_estimates, stress_tables
from planner.outputs.xlsx.book import number, text, whole, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

# --- Sheet Estimates: the figures whose own low and high move the cost of the plan most -----------

# --- Sheet Limits: what binds and why, what one more is worth, and the headroom of grid zones -----

# --- Sheet Risks: what to know about the plan, where it is exposed, and what studies of it found ---

_ABOUT: Final = "What may turn out otherwise, and what the plan does not know."
_LINE: Final = 150
"""Characters across the page."""
_POINTS: Final = 15.0
_COLUMNS: Final = 6
_FIGURES: Final = 5
_A_LITTLE: Final = 5e-4
_WORST: Final = (
    ("unserved_mwh", "not served, MWh"),
    ("overload_mwh", "overload, MWh"),
    ("generator_mwh", "standby generators, MWh"),
    ("energy_cost_musd", "energy cost, MUSD"),
)


def write_risks(book: Book) -> None:
    """Write sheet Risks."""
    sheet = book.sheet("Risks", _ABOUT, widths=(54, 22, 22, 22, 22, 22))
    row = _section(book, sheet, 4, "Where the plan is exposed")
    for said in _exposed(book.run):
        row = _paragraph(book, sheet, row, said)
    row = _section(book, sheet, row + 1, "Hours, outages and events")
    row = _stress(book, sheet, row)
    row = _section(book, sheet, row + 1, "Figures that decide")
    row = _estimates(book, sheet, row)
    row = _section(book, sheet, row + 1, "Notes of the solve")
    for note in book.run.meta["notes"]:
        row = _paragraph(book, sheet, row, str(note))


def _section(book: Book, sheet: Worksheet, row: int, title: str) -> int:
    for column in range(_COLUMNS):
        book.text(sheet, row, column, title if column == 0 else "", "section")
    return row + 1


def _paragraph(book: Book, sheet: Worksheet, row: int, text: str) -> int:
    """Write text across the page, with the height it needs. Returns the next row."""
    sheet.merge_range(row, 0, row, _COLUMNS - 1, "", book.style("wrap"))
    book.text(sheet, row, 0, text, "wrap")
    sheet.set_row(row, _POINTS * math.ceil(len(text) / _LINE) + 2.0)
    return row + 1


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
    study = stress_tables(book.run)
    command = f"dcplan stress {book.run.meta['run']}"
    if "stress_year" not in study:
        text = f"No stress study is stored with this run; `{command}` makes one."
        return _paragraph(book, sheet, row, text)
    return _worst_years(book, sheet, row, study["stress_year"])


def _worst_years(book: Book, sheet: Worksheet, row: int, frame: pd.DataFrame) -> int:
    """Write for each case and model year the draw in which least is served."""
    by = ["unserved_mwh", "overload_mwh", "generator_mwh"]
    in_order = frame.sort_values(by, ascending=False, kind="stable")
    worst = in_order.drop_duplicates(["case", "year"]).sort_index()
    book.text(sheet, row, 0, "worst drawn year of each case", "head")
    for column, (_, head) in enumerate(_WORST, start=1):
        book.text(sheet, row, column, head, "head_right")
    for one in worst.to_dict("records"):
        row += 1
        book.text(sheet, row, 0, f"{one['case']}, {one['year']}")
        for column, (name, _) in enumerate(_WORST, start=1):
            book.number(sheet, row, column, float(one[name]), "#,##0.0")
    return row + 1


def _estimates(book: Book, sheet: Worksheet, row: int) -> int:
    found = read_estimates(book.run)
    if found is None:
        text = f"`dcplan estimates {book.run.meta['run']}` says which figures of the data decide what the plan costs."
        return _paragraph(book, sheet, row, text)
    names, cost = figure_names(book.run.inputs_tables), cost_of(book.run)
    for column, head in enumerate(("figure", "kind", "at its low, MUSD", "at its high, MUSD")):
        book.text(sheet, row, column, head, "head" if column < 2 else "head_right")
    for one in found.head(_FIGURES).to_dict("records"):
        row += 1
        book.text(sheet, row, 0, decider_words(one, names), "wrap")
        book.text(sheet, row, 1, str(one["kind"]))
        for column, name in ((2, "low_musd"), (3, "high_musd")):
            book.number(sheet, row, column, float(one[name]), "+#,##0;-#,##0;0")
        if any(cannot_hold(float(one[name]), cost) for name in ("low_musd", "high_musd")):
            book.text(sheet, row, 4, f"saves {CANNOT_HOLD}")
    return _paragraph(book, sheet, row + 1, first_order_words(found, book.run))


_ESTIMATES_ABOUT: Final = (
    "Figures of the data, each moved to its own low and high with all others as they are: what "
    "that does to the cost, to first order, and solved again where asked."
)
_ESTIMATES_COLUMNS: Final = (
    whole("rank", "", "Place by the larger change of cost"),
    text("table", "Table of the data"),
    text("item", "Row or rows, by their key"),
    text("column", "Column"),
    text("unit", "Unit of the figure"),
    text("kind", "published, derived, estimate, seed (of the brief) or own"),
    number("value", "see unit", "As the plan takes it"),
    number("low", "see unit", "Its low"),
    number("high", "see unit", "Its high"),
    number("low_musd", "MUSD", "Change of cost at the low, first order"),
    number("high_musd", "MUSD", "Change of cost at the high, first order"),
    number("low_resolved_musd", "MUSD", "The same at the low, solved again", missing=True),
    number("high_resolved_musd", "MUSD", "The same at the high, solved again", missing=True),
    number("racks_moved_mw", "MW", "Racks of another type bought then", missing=True),
    text("source", "Where the figure is from"),
)
_AGAIN: Final = ("low_resolved_musd", "high_resolved_musd", "racks_moved_mw")
"""Columns that say nothing where nothing was solved again."""


def has_estimates(run: Run) -> bool:
    """Return whether it is known of a run which figures decide."""
    return read_estimates(run) is not None


def write_estimates_sheet(book: Book) -> None:
    """Write sheet Estimates."""
    frame = read_estimates(book.run)
    if frame is not None:
        about = f"{_ESTIMATES_ABOUT} {frame.attrs.get('note', '')}".rstrip()
        is_again = bool(frame[list(_AGAIN)].notna().any(axis=None))
        columns = [one for one in _ESTIMATES_COLUMNS if is_again or one.name not in _AGAIN]
        write_table(book, book.sheet("Estimates", about), "Estimates", frame, columns)


_HEAD: Final = 4
_MOST: Final = 16
_OF_A_KIND: Final = 4
_ZONES: Final = 12
_LIMITS_LINE: Final = 88
"""Characters on a line of a sentence."""
_LIMITS_ABOUT: Final = (
    "The limits by which the plan loses most, each in the year in which it binds hardest. "
    "Shadow prices hold for small changes, one at a time."
)
_HEADS: Final = (
    ("what binds, and why", "head"),
    ("limit", "head_right"),
    ("unit", "head_label"),
    ("what one more does", "head_label"),
    ("worth", "head_right"),
    ("unit", "head_label"),
    ("value of 1 % more, MUSD", "head_right"),
)
_ZONE_HEADS: Final = (
    ("limit_mw", "limit"),
    ("committed_mw", "committed"),
    ("new_firm_mw", "new, firm"),
    ("new_non_firm_mw", "new, non-firm"),
    ("spare_mw", "left"),
)


def write_limits(book: Book) -> None:
    """Write sheet Limits."""
    sheet = book.sheet("Limits", _LIMITS_ABOUT, widths=(80, 13, 13, 24, 13, 20, 16))
    sheet.freeze_panes(_HEAD + 1, 0)
    sheet.repeat_rows(_HEAD)
    for column, (head, style) in enumerate(_HEADS):
        sheet.write_string(_HEAD, column, head, book.style(style, text_wrap=True))
    sheet.set_row(_HEAD, 2 * _POINTS + 2.0)
    row = _binding(book, sheet, _HEAD + 1)
    _headroom(book, sheet, row + 1)


def _binding(book: Book, sheet: Worksheet, row: int) -> int:
    """Write a row for each limit. Returns the next row."""
    run = book.run
    found = binding_of_run(run)
    if isinstance(found, InputError):
        text = f"This version does not read the inputs of the run: {found.problems[0].what_is}."
        book.text(sheet, row, 0, text, "wrap")
        return row + 1
    few = weightiest(found, _MOST, _OF_A_KIND)
    if few.empty:
        has_duals = bool(run.tables["solution"]["has_duals"].iloc[0])
        nothing = "No limit binds that spending more could not lift."
        unknown = "The solve ended without shadow prices, so nothing is said of limits."
        book.text(sheet, row, 0, nothing if has_duals else unknown, "wrap")
        return row + 1
    labels = DisplayNames(run)
    for _, one in few.iterrows():
        words = "".join(text for text, _ in sentence(one, run.tables, labels)).rstrip(".: ")
        book.text(sheet, row, 0, f"{words}.", "wrap")
        sheet.set_row(row, _POINTS * (1 + len(words) // _LIMITS_LINE) + 2.0)
        price = BY_NAME[str(one["block"])].price
        is_asked = price is not None and price.sign == 1
        does = "one more MWh costs" if is_asked else f"{ONE_MORE[str(one['limit_unit'])]} saves"
        book.number(sheet, row, 1, float(one["limit"]), "#,##0.0", "top")
        book.text(sheet, row, 2, str(one["limit_unit"]), "top_label")
        book.text(sheet, row, 3, does, "top_label")
        book.number(sheet, row, 4, float(one["value"]), "[>=100]#,##0;0.0###", "top")
        book.text(sheet, row, 5, str(one["unit"]), "top_label")
        book.number(sheet, row, 6, float(one["one_percent_musd"]), "#,##0.00", "top")
        row += 1
    return row


def _headroom(book: Book, sheet: Worksheet, row: int) -> None:
    """Write what is left of the headroom of zones of which some is taken, the fullest first."""
    year = book.run.years[-1]
    headroom = book.run.tables["headroom"]
    of_year = headroom[(headroom["year"] == year)]
    in_use = of_year[of_year["limit_mw"] - of_year["spare_mw"] > 1.0]
    if in_use.empty:
        return
    left = (in_use["spare_mw"] / in_use["limit_mw"].where(in_use["limit_mw"] > 0.0)).fillna(0.0)
    ordered = in_use.assign(left=left).sort_values("left", kind="stable").head(_ZONES)
    title = f"Headroom of grid zones, {year}, the fullest first, MW"
    book.text(sheet, row, 0, title, "head")
    for column, (_, head) in enumerate(_ZONE_HEADS, start=1):
        book.text(sheet, row, column, head, "head_right")
    labels = DisplayNames(book.run)
    for at, one in enumerate(ordered.to_dict("records"), start=row + 1):
        book.text(sheet, at, 0, labels.zone(str(one["zone"])))
        for column, (name, _) in enumerate(_ZONE_HEADS, start=1):
            book.number(sheet, at, column, float(one[name]), "#,##0")
