"""What decides: the figures of the data whose own low and high move the cost of the plan most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.first_order import MARK, cannot_hold, cost_of, first_order_words
from planner.outputs.labels import decider_words, figure_names
from planner.outputs.report.markup import Html, element, name
from planner.outputs.report.page import section
from planner.outputs.report.table import NumberColumn, figure_table

if TYPE_CHECKING:
    from planner.outputs.report.figures import Figures, ReportFigure

__all__ = ["decides_section"]

_KINDS: Final = {"seed": "of the brief", "own": "your own"}
_COLUMNS: Final = ("value", "low", "high")
_EFFECTS: Final = ("low_musd", "high_musd")
_AGAIN: Final = ("low_resolved_musd", "high_resolved_musd")
_DIGITS: Final = 4


def decides_section(figures: Figures) -> Html:
    """Show the figures that decide, where `dcplan estimates` was asked; else how to ask."""
    heading = "What decides"
    run = str(figures.run.meta["run"])
    if not figures.has_rows("estimates"):
        asked = element("code", name(f"dcplan estimates {run}"))
        again = element("code", name(f"dcplan report {run}"))
        text = ["Which figures of the data decide the cost was not asked yet: ", asked]
        return section("decides", heading, element("p", *text, ", then ", again, "."))
    table = figures.run.tables["estimates"]
    is_again = bool(table[list(_AGAIN)].notna().any(axis=None))
    effects = (*_EFFECTS, *_AGAIN) if is_again else _EFFECTS
    names = figure_names(figures.run.inputs_tables)
    cost_musd = cost_of(figures.run)
    rows: list[tuple[str, list[ReportFigure | str]]] = []
    for row in table.to_dict("records"):
        rank, kind = int(row["rank"]), str(row["kind"])
        of = {column: figures.sum("estimates", column, rank=rank) for column in (*_COLUMNS, *effects)}
        label = decider_words(row, names)
        cells: list[ReportFigure | str] = [_KINDS.get(kind, kind), str(row["unit"])]
        cells += [of[column].html(digits=_DIGITS) for column in _COLUMNS]
        cells += [_effect(of[column], cost_musd, is_first_order=column in _EFFECTS) for column in effects]
        rows.append((label, cells))
    heads = [NumberColumn(head) for head in ("kind", "unit", "value", "low", "high")]
    heads += [NumberColumn(f"cost at its {end}, MUSD", decimals=0) for end in ("low", "high")]
    if is_again:
        heads += [NumberColumn(f"solved again, at its {end}", decimals=0) for end in ("low", "high")]
    about = (
        "Each figure is moved to its own low and high with all others as they are; its cost there "
        f"is the change of the net present value. {first_order_words(table, figures.run, MARK)}"
    )
    note = str(table.attrs.get("note", ""))
    shown = figure_table("Figures that decide", "figure", heads, rows)
    return section("decides", heading, element("p", about), shown, element("p", note))


def _effect(change: ReportFigure, cost_musd: float, *, is_first_order: bool) -> ReportFigure | Html:
    """Show a change of cost, with a mark if first order makes it a saving that cannot hold."""
    if is_first_order and cannot_hold(change.shown_value, cost_musd):
        return element("span", change.html(decimals=0), MARK)
    return change
