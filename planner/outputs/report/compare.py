"""From several runs to one page: what differs, side by side, on the map and in the cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.comparison.measures import MOST_RUNS, common_years, letters_of
from planner.outputs.report.figures import Figures
from planner.outputs.report.map import difference_map
from planner.outputs.report.markup import NOTHING, Html, element, joined, name
from planner.outputs.report.page import page, section
from planner.outputs.report.sections.causes import causes_section
from planner.outputs.report.sections.cost_bridge import cost_bridge
from planner.outputs.report.sections.differences import differences
from planner.outputs.report.sections.side_by_side import side_by_side
from planner.outputs.report.sections.verdict import lights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.comparison.causes import CostSplit
    from planner.outputs.run import Run

__all__ = ["MOST_RUNS", "comparison_html"]


def comparison_html(runs: Sequence[Run], splits: Sequence[CostSplit] = ()) -> str:
    """Return the comparison of runs as one HTML document, as `report_html` does of one."""
    figures = [Figures(run, number) for number, run in enumerate(runs)]
    letters = letters_of(runs)
    sections = [
        ("answer", "Side by side", side_by_side(figures, letters)),
        ("map-section", "Map", _maps(figures, letters)),
        ("cost-bridge", "Cost", cost_bridge(figures, letters)),
        ("causes", "Causes", causes_section(splits)),
        ("differences", "Inputs", differences(runs, letters)),
    ]
    title = f"Comparison of {', '.join(run.label for run in runs)}"
    heads = [_head(run, letter) for run, letter in zip(runs, letters, strict=True)]
    made = "; ".join(f"run {run.meta['run']}, {run.meta['created']}" for run in runs)
    head = joined([element("h1", name(title)), element("div", heads, class_="pair")])
    return page(title, head, sections, element("p", name(made)))


def _head(run: Run, letter: str) -> Html:
    asked = str(run.meta["question"] or run.title)
    return element(
        "div",
        element("p", element("strong", f"{letter}: ", name(run.label))),
        element("p", name(asked), class_="question"),
        lights(run),
    )


def _maps(figures: Sequence[Figures], letters: str) -> Html:
    """Draw each further run less the first: the first map with a slider of the years that all have."""
    years = common_years([of.run for of in figures])
    if not years:
        return NOTHING
    maps = (
        difference_map((figures[0], of), (letters[0], letter), years if at == 0 else years[-1:])
        for at, (of, letter) in enumerate(zip(figures[1:], letters[1:], strict=True))
    )
    return section("map-section", "Where they differ", *maps)
