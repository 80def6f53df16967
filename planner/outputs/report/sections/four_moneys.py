"""The four moneys of a plan, each with its rule, and the sums that lead from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.report.markup import Html, element
from planner.outputs.report.table import NumberColumn, figure_table
from planner.results.four_moneys import moneys

if TYPE_CHECKING:
    from planner.outputs.report.figures import Figures, ReportFigure
    from planner.results.four_moneys import Term

__all__ = ["four_figures", "four_moneys", "reconciled"]


def four_figures(figures: Figures) -> tuple[ReportFigure, ReportFigure, ReportFigure, ReportFigure]:
    """Return net present value, cash, overnight capex, and what is paid after the horizon."""
    return (
        figures.sum("money_years", "npv_musd"),
        figures.sum("money_years", "cash_musd"),
        figures.sum("money_items", "overnight_musd"),
        figures.sum("money_items", "after_musd"),
    )


def four_moneys(figures: Figures) -> Html:
    """Show the four moneys and the rule of each. [MUSD]"""
    of_plan = moneys(figures.run.tables)
    rows: list[tuple[str, list[ReportFigure | str]]] = [
        (label, [figure, rule]) for figure, (label, _, rule) in zip(four_figures(figures), of_plan.lines, strict=True)
    ]
    heads = [NumberColumn("MUSD", decimals=0), NumberColumn("rule")]
    return figure_table("The four moneys [MUSD]", "", heads, rows)


def reconciled(figures: Figures) -> Html:
    """Show the sums from one money to another, each adding up to its last line. [MUSD]"""
    parts = []
    for title, terms in moneys(figures.run.tables).sums:
        rows = [(term.label, [_amount(figures, term)]) for term in terms]
        head = f"{title[0].upper()}{title[1:]}"
        table = figure_table(
            f"{head} [MUSD]", "", [NumberColumn("MUSD")], rows, totals=[len(rows) - 1], shows_caption=True
        )
        parts.append(table)
    return element("div", parts, class_="charts")


def _amount(figures: Figures, term: Term) -> Html:
    """Show a term, with a minus where it is taken off."""
    where = {"kind": term.kind} if term.kind else {}
    figure = figures.sum(term.table, term.column, **where)
    if term.less:
        figure = figure.above(figures.sum(term.table, term.less, **where))
    return figure.html(per=-1.0 if term.is_taken_off else 1.0, decimals=1)
