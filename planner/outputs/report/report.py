"""From runs to ``report.html``: the sections in order."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from planner.outputs.binding import binding_of_run
from planner.outputs.labels import DisplayNames
from planner.outputs.report.figures import Figures
from planner.outputs.report.markup import element, joined, name
from planner.outputs.report.page import page
from planner.outputs.report.sections.answer import answer
from planner.outputs.report.sections.costs import costs_section
from planner.outputs.report.sections.days import days_section
from planner.outputs.report.sections.decides import decides_section
from planner.outputs.report.sections.latency import latency_section
from planner.outputs.report.sections.limits import limits_section
from planner.outputs.report.sections.power import power_section
from planner.outputs.report.sections.risks import risks_section
from planner.outputs.report.sections.sources import sources_section
from planner.outputs.report.sections.unit_costs import unit_costs_section
from planner.outputs.report.sections.verdict import lights, question
from planner.outputs.studies import read_estimates, stress_tables
from planner.results.power_by_source import sources_of_power

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.run import Run

__all__ = ["report_html"]


def report_html(run: Run) -> str:
    """Return the report of a run as one HTML document."""
    run = _with_studies(run)
    figures, labels = Figures(run), DisplayNames(run)
    sections = [
        ("answer", "Answer", answer(figures, labels)),
        ("power", "Power", power_section(figures, labels)),
        ("days", "Days", days_section(figures)),
        ("costs", "Capex and opex", costs_section(figures)),
        ("unit-costs", "Unit costs", unit_costs_section(figures, labels)),
        ("latency", "Latency", latency_section(figures, labels)),
        ("limits", "What binds", limits_section(figures, labels, binding_of_run(run))),
        ("decides", "What decides", decides_section(figures)),
        ("risks", "Risks", risks_section(figures, labels)),
        ("sources", "Sources", sources_section(run)),
    ]
    made = f"dcplan {run.meta['versions']['dcplan']}, run {run.meta['run']}, {run.meta['created']}"
    head = joined([question(run), lights(run)])
    return page(run.title, head, sections, element("p", name(made)))


def _with_studies(run: Run) -> Run:
    """Return a run with what is made of its tables, and studies in its folder."""
    found = stress_tables(run)
    estimates = read_estimates(run)
    if estimates is not None:
        found["estimates"] = estimates
    if len(run.tables["source_year"]):
        found["power_by_source"] = sources_of_power(run.tables)
    if not found:
        return run
    # Tables of a stored run are read when they are asked for, and not all of them are.
    others = cast("dict[str, pd.DataFrame]", run.tables)
    return replace(run, tables=ChainMap(found, others))
