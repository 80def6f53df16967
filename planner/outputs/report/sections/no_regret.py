"""What every future of a sweep orders, and what only some of them do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.labels import order_words
from planner.outputs.no_regret import LEAST_MW, first_decided
from planner.outputs.report.markup import NOTHING, Html, element
from planner.outputs.report.page import section
from planner.outputs.report.table import NumberColumn, figure_table

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.report.figures import ReportFigure, TableFigures

__all__ = ["no_regret_section"]

_THING: Final = ("kind", "site", "item")
_MOST_ROWS: Final = 40


def no_regret_section(figures: TableFigures) -> Html:
    """List what is ordered by each year in every future with a plan, then what only some order."""
    table = figures.tables["no_regret"]
    if len(figures.tables["futures"]) < 2 or table.empty:
        return NOTHING
    in_all = _things(table[table["least_mw"] >= LEAST_MW], table, "least_mw")
    some = table[~table.set_index([*_THING]).index.isin(in_all)]
    in_some = _things(some[some["most_mw"] >= LEAST_MW], some, "most_mw")
    nothing = element("p", "Nothing is ordered in every future.")
    about = (
        "Ordered by the end of that year, at least, in every future with a plan: a decision that"
        " none of these futures regrets. Halls are first decided as the longest lead time of"
        " those chosen there asks for, connections and on-site power as their own does; racks in"
        " the year in which they serve. Committed halls were ordered before decisions start."
    )
    return section(
        "no-regret",
        "What every future orders",
        element("p", about, class_="note"),
        _table(figures, "In every future, at least [MW]", in_all, "least_mw") or nothing,
        element("h3", "What only some futures order") if in_some else NOTHING,
        _table(figures, "In some futures, at most [MW]", in_some, "most_mw"),
    )


def _things(chosen: pd.DataFrame, table: pd.DataFrame, column: str) -> list[tuple[str, str, str]]:
    """Return kind, site and item of the rows, those with most in the last year first."""
    last = table[table["year"] == table["year"].max()].set_index([*_THING])[column]
    things = chosen[[*_THING]].drop_duplicates().itertuples(index=False, name=None)
    return sorted(things, key=lambda thing: -float(last.get(thing, 0.0)))


def _table(figures: TableFigures, caption: str, things: list[tuple[str, str, str]], column: str) -> Html:
    table = figures.tables["no_regret"]
    years = sorted(int(year) for year in table["year"].unique())
    rows: list[tuple[str, list[ReportFigure | str | None]]] = []
    for kind, site, item in things[:_MOST_ROWS]:
        where = {"kind": kind, "site": site, "item": item}
        cells: list[ReportFigure | str | None] = [
            figures.sum("no_regret", column, year=year, **where) for year in years
        ]
        cells.append(figures.sum("no_regret", "futures", year=years[-1], **where))
        of = table[(table[list(where)] == list(where.values())).all(axis=1)]
        cells.append(first_decided(of, column))
        rows.append((order_words(kind, site, item), cells))
    heads = [NumberColumn(str(year), decimals=1) for year in years]
    heads += [NumberColumn(f"futures, {years[-1]}", decimals=0), NumberColumn("first decided by")]
    shown = figure_table(caption, "what", heads, rows, shows_caption=True)
    more = len(things) - _MOST_ROWS
    note = element("p", f"and {more} more in table no_regret", class_="note") if more > 0 else ""
    return element("div", shown, note) if rows else NOTHING
