"""From the folder of a stochastic program to one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.report.figures import TableFigures
from planner.outputs.report.markup import element, joined, name
from planner.outputs.report.page import page
from planner.outputs.report.sections.futures import fans_section
from planner.outputs.report.sections.no_regret import no_regret_section
from planner.outputs.report.sections.orders import answer_of_orders, orders_section, plans_section, weighed_section
from planner.outputs.report.sections.verdict import signs

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.study_folders import StoredStochastic

__all__ = ["stochastic_html"]


def stochastic_html(study: StoredStochastic) -> str:
    """Return the report of a stochastic program as one HTML document."""
    figures = TableFigures(study.tables, 0)
    sections = [
        ("answer", "Answer", answer_of_orders(figures, study)),
        ("orders", "Orders", orders_section(figures)),
        ("plans", "Other orders", plans_section(figures, has_cvar=study.cvar_tail is not None)),
        ("fans", "Spread", fans_section(figures)),
        ("no-regret", "In every future", no_regret_section(figures)),
        ("futures", "Futures", weighed_section(figures)),
    ]
    head = joined(
        [
            element("h1", name(study.title or study.name)),
            element("p", name(study.question or f"Futures of {study.scenario}"), class_="question"),
            signs(_lights(study.tables["futures"])),
        ]
    )
    foot = element("p", "dcplan, of ", name(str(study.folder)))
    return page(study.title or study.name, head, sections, foot)


def _lights(futures: pd.DataFrame) -> list[tuple[str, str]]:
    """Say whether each plan was checked."""
    broken = futures[futures["broken"].astype(str) != ""]
    if len(broken):
        return [("bad", f"The check failed in {len(broken)}: {broken.iloc[0]['future']}")]
    return [("good", "Every plan was checked independently: all rules hold")]
