"""Why one plan costs more than another: the difference by cost item, which adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.labels import item_words
from planner.outputs.report.charts import waterfall
from planner.outputs.report.markup import Html, element, name
from planner.outputs.report.page import section
from planner.outputs.report.table import NumberColumn, figure_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.report.figures import Figures, ReportFigure

__all__ = ["cost_bridge"]


def cost_bridge(figures: Sequence[Figures], letters: Sequence[str]) -> Html:
    """Show for each further run by which items its cost differs from that of the first."""
    about = element("p", "Net present value. The differences of the items add up to the last row.")
    parts = (
        element(
            "div",
            element("h3", "From ", name(letters[0]), " to ", name(letters[number])),
            _bridge((figures[0], figures[number]), (letters[0], letters[number])),
        )
        for number in range(1, len(figures))
    )
    return section("cost-bridge", "Where the difference in cost comes from", about, *parts)


def _bridge(pair: tuple[Figures, Figures], letters: tuple[str, str]) -> Html:
    total = _difference(pair)
    headings = [(label, of[-1]) for label, of in _rows(pair, "group") if of[-1].shown_value]
    chart = waterfall(f"{letters[1]} less {letters[0]} by heading", "MUSD", [*headings, ("together", total[-1])])
    items = [(item_words(label), of) for label, of in _rows(pair, "item")]
    table = figure_table(
        "Net present value by item [MUSD]",
        "item",
        [NumberColumn(head, decimals=1) for head in (*letters, f"{letters[1]} less {letters[0]}")],
        [*items, ("Net present value", total)],
        totals=[len(items)],
    )
    return element("div", chart, table, class_="charts")


def _rows(pair: tuple[Figures, Figures], key: str) -> list[tuple[str, list[ReportFigure]]]:
    """Return both costs and their difference by item or heading, the largest difference first."""
    known = dict.fromkeys(str(label) for of in pair for (label,) in of.sums_by("costs", "npv_musd", key))
    rows = [(label, _difference(pair, **{key: label})) for label in known]
    return sorted(rows, key=lambda row: -abs(row[1][-1].shown_value))


def _difference(pair: tuple[Figures, Figures], **where: str) -> list[ReportFigure]:
    before, after = (of.sum("costs", "npv_musd", **where) for of in pair)
    return [before, after, after.above(before)]
