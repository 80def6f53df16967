"""From the folders of studies to one page: sweeps with their futures, and frontiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.report.figures import TableFigures
from planner.outputs.report.markup import NOTHING, Html, element, joined, name
from planner.outputs.report.page import page
from planner.outputs.report.sections.frontier import frontier_section
from planner.outputs.report.sections.futures import answer_of_sweep, effects_section, fans_section, futures_section
from planner.outputs.report.sections.no_regret import no_regret_section
from planner.outputs.report.sections.verdict import signs
from planner.results.ended import PLANNED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.study_folders import StoredFrontier, StoredSweep

__all__ = ["studies_html"]


def studies_html(sweep: StoredSweep | None, frontiers: Sequence[StoredFrontier]) -> str:
    """Return the report of studies as one HTML document, as `report_html` does of a run."""
    sections: list[tuple[str, str, Html]] = []
    first = len(sections)
    if sweep is not None:
        figures = TableFigures(sweep.tables, first)
        sections += [
            ("answer", "Answer", answer_of_sweep(figures, sweep.axes)),
            ("effects", "What cost depends on", effects_section(figures)),
            ("fans", "Spread", fans_section(figures)),
            ("no-regret", "In every future", no_regret_section(figures)),
            ("futures", "Futures", futures_section(figures, sweep.axes, sweep.changes)),
        ]
        first = 1
    for number, study in enumerate(frontiers):
        of = TableFigures({"frontier": study.table}, first + number)
        identifier = "answer" if sweep is None and number == 0 else f"frontier-{number + 1}"
        sections.append((identifier, study.label, frontier_section(identifier, of, study)))
    title = _title(sweep, frontiers)
    head = joined([element("h1", name(title)), _question(sweep), _lights(sweep)])
    folders = [str(study.folder) for study in (sweep, *frontiers) if study is not None]
    foot = element("p", "dcplan, of ", name(", ".join(folders)))
    return page(title, head, sections, foot)


def _title(sweep: StoredSweep | None, frontiers: Sequence[StoredFrontier]) -> str:
    if sweep is not None:
        return sweep.title or sweep.name
    return f"Trade-offs of {', '.join(dict.fromkeys(study.scenario for study in frontiers))}"


def _question(sweep: StoredSweep | None) -> Html:
    if sweep is None:
        return NOTHING
    asked = sweep.question or f"Many futures of {sweep.base}"
    return element("p", name(asked), class_="question")


def _lights(sweep: StoredSweep | None) -> Html:
    """Say how many futures have a plan, and whether each plan was checked."""
    if sweep is None:
        return NOTHING
    futures = sweep.tables["futures"]
    has_plan = futures["status"].isin(sorted(PLANNED))
    without, broken = int((~has_plan).sum()), futures[futures["broken"].astype(str) != ""]
    shown = [
        ("fair", f"{without} of {len(futures)} futures have no plan as asked.")
        if without
        else ("good", f"All {len(futures)} futures have a plan")
    ]
    if len(broken):
        shown.append(("bad", f"The check failed in {len(broken)}: {broken.iloc[0]['future']}"))
    elif has_plan.any():
        shown.append(("good", "Every plan was checked independently: all rules hold"))
    return signs(shown)
