"""Results of runs side by side, with their differences to the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.comparison.measures import OTHER_HORIZON, common_years, difference_columns, have_one_horizon
from planner.outputs.measures import OF_YEAR
from planner.outputs.report.markup import NOTHING, Html, element
from planner.outputs.report.page import section
from planner.outputs.report.table import NumberColumn, figure_table
from planner.results.costs import PAID_FOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.report.figures import Figures, ReportFigure

__all__ = ["side_by_side"]

_DIGITS: Final = 4


def side_by_side(figures: Sequence[Figures], letters: Sequence[str]) -> Html:
    """Show the cost of the plans, and their results in the last model year that all have."""
    heads = [*letters, *difference_columns([of.run for of in figures])]
    columns = [NumberColumn(head) for head in heads]
    npv: tuple[tuple[str, dict[str, bool]], ...] = (
        ("Net present value, MUSD", {}),
        (f"of it {PAID_FOR[True]}", {"upfront": True}),
        (f"of it {PAID_FOR[False]}", {"upfront": False}),
    )
    cost = [(label, _row([of.sum("costs", "npv_musd", **where) for of in figures])) for label, where in npv]
    parts = [_caution(figures), figure_table("Cost of the plans", "", columns, cost)]
    years = common_years([of.run for of in figures])
    if not years:
        parts.append(element("p", "The runs have no model year in common.", class_="note"))
        return section("answer", "Side by side", *parts)
    rows = [
        (
            f"{one.label}{f', {one.unit}' if one.unit else ''}",
            _row([of.sum("summary", one.column, year=years[-1]) for of in figures], one.per),
        )
        for one in OF_YEAR
    ]
    caption = f"The plans in {years[-1]}"
    table = figure_table(caption, "", columns, rows, shows_caption=True)
    return section("answer", "Side by side", *parts, table)


def _row(of: Sequence[ReportFigure], per: float = 1.0) -> list[Html]:
    """Return the numbers of the runs, then the differences of the others to the first."""
    all_of = [*of, *(one.above(of[0]) for one in of[1:])]
    return [one.html(per=per, digits=_DIGITS) for one in all_of]


def _caution(figures: Sequence[Figures]) -> Html:
    """Warn where costs are of other horizons or rates."""
    if have_one_horizon([of.run for of in figures]):
        return NOTHING
    return element("p", OTHER_HORIZON, class_="bad")
