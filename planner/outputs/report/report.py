"""From runs and studies to pages: the sections of each in order."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from planner.outputs.measures import common_years, letters_of
from planner.outputs.report.figures import Figures, TableFigures
from planner.outputs.report.map import difference_map
from planner.outputs.report.markup import NOTHING, Html, element, joined, name, page, section, write_page
from planner.outputs.report.sections.comparison import causes_section, cost_bridge, differences, side_by_side
from planner.outputs.report.sections.limits import decides_section, limits_section, risks_section
from planner.outputs.report.sections.plan import (
    answer,
    costs_section,
    lights,
    question,
    signs,
    sources_section,
    unit_costs_section,
)
from planner.outputs.report.sections.power import days_section, latency_section, power_section
from planner.outputs.report.sections.studies import (
    answer_of_orders,
    answer_of_sweep,
    effects_section,
    fans_section,
    frontier_section,
    futures_section,
    no_regret_section,
    orders_section,
    plans_section,
    weighed_section,
)
from planner.outputs.study_files import read_estimates, stress_tables
from planner.results.ended import PLANNED
from planner.results.power import sources_of_power

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from planner.outputs.comparison.comparison import CostSplit
    from planner.outputs.run import Run
    from planner.outputs.study_folders import StoredFrontier, StoredStochastic, StoredSweep

# --- From runs to ``report.html``: the sections in order ------------------------------------------


def report_html(run: Run) -> str:
    """Return the report of a run as one HTML document."""
    run = _with_studies(run)
    figures = Figures(run)
    sections = [
        ("answer", "Answer", answer(figures)),
        ("power", "Power", power_section(figures)),
        ("days", "Days", days_section(figures)),
        ("costs", "Capex and opex", costs_section(figures)),
        ("unit-costs", "Unit costs", unit_costs_section(figures)),
        ("latency", "Latency", latency_section(figures)),
        ("limits", "What binds", limits_section(figures)),
        ("decides", "What decides", decides_section(figures)),
        ("risks", "Risks", risks_section(figures)),
        ("sources", "Sources", sources_section(run)),
    ]
    made = f"dcplan {run.meta['versions']['dcplan']}, run {run.meta['run']}, {run.meta['created']}"
    head = joined([question(run), lights(run)])
    return page(run.title, head, sections, element("p", name(made)))


def write_report(run: Run, path: Path) -> list[Path]:
    """Write the report of a run to a file."""
    return write_page(report_html(run), path)


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


# --- From several runs to one page: what differs, side by side, on the map and in the cost --------


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


# --- From the folder of a stochastic program to one page ------------------------------------------


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


# --- From the folders of studies to one page: sweeps with their futures, and frontiers ------------


def _lights(futures: pd.DataFrame) -> list[tuple[str, str]]:
    """Say whether each plan was checked."""
    broken = futures[futures["broken"].astype(str) != ""]
    if len(broken):
        return [("bad", f"The check failed in {len(broken)}: {broken.iloc[0]['future']}")]
    return [("good", "Every plan was checked independently: all rules hold")]


def studies_html(sweep: StoredSweep | None, frontiers: Sequence[StoredFrontier]) -> str:
    """Return the report of studies as one HTML document, as `report_html` does of a run."""
    sections: list[tuple[str, str, Html]] = []
    title, asked = f"Trade-offs of {', '.join(dict.fromkeys(study.scenario for study in frontiers))}", NOTHING
    if sweep is not None:
        figures = TableFigures(sweep.tables, 0)
        sections = [
            ("answer", "Answer", answer_of_sweep(figures, sweep.axes)),
            ("effects", "What cost depends on", effects_section(figures)),
            ("fans", "Spread", fans_section(figures)),
            ("no-regret", "In every future", no_regret_section(figures)),
            ("futures", "Futures", futures_section(figures, sweep.axes, sweep.changes)),
        ]
        title = sweep.title or sweep.name
        question_of = name(sweep.question or f"Many futures of {sweep.base}")
        asked = joined([element("p", question_of, class_="question"), signs(_study_lights(sweep.tables["futures"]))])
    for number, study in enumerate(frontiers):
        of = TableFigures({"frontier": study.table}, number + (sweep is not None))
        identifier = "answer" if sweep is None and number == 0 else f"frontier-{number + 1}"
        sections.append((identifier, study.label, frontier_section(identifier, of, study)))
    folders = [str(study.folder) for study in (sweep, *frontiers) if study is not None]
    foot = element("p", "dcplan, of ", name(", ".join(folders)))
    return page(title, joined([element("h1", name(title)), asked]), sections, foot)


def _study_lights(futures: pd.DataFrame) -> list[tuple[str, str]]:
    """Say how many futures have a plan, and whether each plan was checked."""
    has_plan = futures["status"].isin(sorted(PLANNED))
    without = int((~has_plan).sum())
    shown = [
        ("fair", f"{without} of {len(futures)} futures have no plan as asked.")
        if without
        else ("good", f"All {len(futures)} futures have a plan")
    ]
    is_broken = (futures["broken"].astype(str) != "").any()
    return [*shown, *(_lights(futures) if is_broken or has_plan.any() else [])]
