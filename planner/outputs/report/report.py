"""From runs and studies to pages: the sections of each in order; and runs compared."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING, Final, cast

from planner.outputs.comparison.comparison import (
    cause_notes,
    dollars,
    setting_differences,
    split_sentences,
    table_differences,
)
from planner.outputs.labels import item_words, shortened
from planner.outputs.measures import (
    OF_YEAR,
    OTHER_HORIZON,
    common_years,
    difference_columns,
    have_one_horizon,
    letters_of,
)
from planner.outputs.report.charts import waterfall
from planner.outputs.report.figures import Figures, NumberColumn, TableFigures, figure_table, text_table
from planner.outputs.report.map import difference_map
from planner.outputs.report.markup import NOTHING, Html, element, joined, name, page, section, write_page
from planner.outputs.report.sections.plan import (
    answer,
    costs_section,
    lights,
    signs,
    sources_section,
    unit_costs_section,
)
from planner.outputs.report.sections.power import (
    days_section,
    decides_section,
    latency_section,
    limits_section,
    power_section,
    risks_section,
)
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
from planner.results.four_moneys import PAID_FOR
from planner.results.power import sources_of_power

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from planner.outputs.comparison.comparison import CostSplit
    from planner.outputs.report.figures import Cell, ReportFigure
    from planner.outputs.run import Run
    from planner.outputs.study_folders import Stored, StoredFrontier, StoredStochastic, StoredSweep


def causes_section(splits: Sequence[CostSplit]) -> Html:
    """List the parts of each difference; nothing where none was split."""
    parts = (_split(split) for split in splits if split.method is not None)
    return section("causes", "What each input is of the difference", *parts)


def _split(split: CostSplit) -> Html:
    parts = zip(split.causes["cause"].astype(str), split.cents(), cause_notes(split), strict=True)
    rows: list[tuple[str, list[Cell]]] = [(cause, [Html(dollars(part)), note]) for cause, part, note in parts]
    rows.append(("together", [Html(dollars(sum(split.cents()))), ""]))
    table = figure_table(f"{split.difference} by cause", "cause", ("USD", ""), rows, totals=[len(rows) - 1])
    said = (element("p", sentence) for sentence in split_sentences(split))
    return element("div", element("h3", split.difference), said, table)


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


_CELLS: Final = 40  # of a table


def differences(runs: Sequence[Run], letters: Sequence[str]) -> Html:
    """List the settings, the cells of input tables and the files in which the runs are not the same."""
    heading, settings, cells = "What differs in the inputs", setting_differences(runs), table_differences(runs)
    if not settings and not cells:
        return section("differences", heading, element("p", "Nothing differs."))
    shown, more = [*settings], list[Html]()
    for table in dict.fromkeys(one.table for one in cells):
        of = [one for one in cells if one.table == table]
        shown += of[:_CELLS]
        if len(of) > _CELLS:
            said = f"Of table {table} {_CELLS} of {len(of):,} cells or rows that differ are shown."
            more.append(element("p", said, class_="note"))
    rows = ((one.name, *(shortened(text, 160) for text in one.texts)) for one in shown)
    listed = text_table("Settings, cells and files that differ", ("setting, cell or file", *letters), rows)
    return section("differences", heading, listed, *more)


def side_by_side(figures: Sequence[Figures], letters: Sequence[str]) -> Html:
    """Show the cost of the plans, and their results in the last model year that all have."""
    runs = [of.run for of in figures]
    heads = [*letters, *difference_columns(runs)]
    npv = {"Net present value, MUSD": {}, **{f"of it {of}": {"upfront": one} for one, of in PAID_FOR.items()}}
    cost = [(label, _row([of.sum("costs", "npv_musd", **where) for of in figures])) for label, where in npv.items()]
    caution = NOTHING if have_one_horizon(runs) else element("p", OTHER_HORIZON, class_="bad")
    parts = [caution, figure_table("Cost of the plans", "", heads, cost)]
    if years := common_years(runs):
        rows = []
        for one in OF_YEAR:
            of_runs = [of.sum("summary", one.column, year=years[-1]) for of in figures]
            rows.append((f"{one.label}{f', {one.unit}' if one.unit else ''}", _row(of_runs, one.per)))
        parts.append(figure_table(f"The plans in {years[-1]}", "", heads, rows, shows_caption=True))
    else:
        parts.append(element("p", "The runs have no model year in common.", class_="note"))
    return section("answer", "Side by side", *parts)


def _row(of: Sequence[ReportFigure], per: float = 1.0) -> list[Html]:
    """Return the numbers of the runs, then the differences of the others to the first."""
    all_of = [*of, *(one.above(of[0]) for one in of[1:])]
    return [one.html(per=per, digits=4) for one in all_of]


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
    asked = str(run.meta["question"])
    question = element("p", name(asked), class_="question") if asked else NOTHING
    head = joined([element("h1", name(run.title)), question, lights(run)])
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
    return run.having(tables=ChainMap(found, others))


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
    titled = element("p", element("strong", f"{letter}: ", name(run.label)))
    return element("div", titled, element("p", name(asked), class_="question"), lights(run))


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
    asked = _asked(study.question or f"Futures of {study.scenario}", _lights(study.tables["futures"]))
    return _study_page(study.title or study.name, asked, sections, study)


def _asked(question: str, shown: list[tuple[str, str]]) -> Html:
    return joined([element("p", name(question), class_="question"), signs(shown)])


def _study_page(title: str, asked: Html, sections: Sequence[tuple[str, str, Html]], *studies: Stored) -> str:
    """Put the page of studies together, below whose sections their folders are named."""
    foot = element("p", "dcplan, of ", name(", ".join(str(study.folder) for study in studies)))
    return page(title, joined([element("h1", name(title)), asked]), sections, foot)


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
        asked = _asked(sweep.question or f"Many futures of {sweep.base}", _study_lights(sweep.tables["futures"]))
    for number, study in enumerate(frontiers):
        of = TableFigures(study.tables, number + (sweep is not None))
        identifier = "answer" if sweep is None and number == 0 else f"frontier-{number + 1}"
        sections.append((identifier, study.label, frontier_section(identifier, of, study)))
    return _study_page(title, asked, sections, *(study for study in (sweep, *frontiers) if study is not None))


def _study_lights(futures: pd.DataFrame) -> list[tuple[str, str]]:
    """Say how many futures have a plan, and whether each plan was checked."""
    has_plan = futures["status"].isin(sorted(PLANNED))
    without = int((~has_plan).sum())
    lacking = ("fair", f"{without} of {len(futures)} futures have no plan as asked.")
    shown = lacking if without else ("good", f"All {len(futures)} futures have a plan")
    is_broken = (futures["broken"].astype(str) != "").any()
    return [shown, *(_lights(futures) if is_broken or has_plan.any() else [])]
