"""Sheet Risks: what to know about the plan, where it is exposed, and what studies of it found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from planner.outputs.first_order import CANNOT_HOLD, cannot_hold, cost_of, first_order_words
from planner.outputs.labels import DisplayNames, decider_words, figure_names
from planner.outputs.studies import read_estimates, stress_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from xlsxwriter.worksheet import Worksheet

    from planner.outputs.run import Run
    from planner.outputs.xlsx.book import Book

__all__ = ["write_risks"]

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
    for text in _exposed(book.run):
        row = _paragraph(book, sheet, row, text)
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
