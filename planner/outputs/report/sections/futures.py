"""Sections of a sweep and of a frontier."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.base.words import unit_of_money, within_sentence
from planner.outputs.labels import words
from planner.outputs.measures import OF_YEAR
from planner.outputs.report.charts import bars, curve, fan
from planner.outputs.report.figures import NumberColumn, figure_table
from planner.outputs.report.markup import NOTHING, Html, element, name
from planner.outputs.report.page import section
from planner.outputs.study_folders import QUANTILES
from planner.results.cost_difference import GAPS_RANK, WITHIN_GAPS, PlanCost, rank_words
from planner.results.ended import PLANNED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.outputs.report.figures import ReportFigure, TableFigures
    from planner.outputs.study_folders import StoredFrontier
    from planner.results.cost_difference import CostDifference

# --- Sections of a sweep: what plans cost over its futures, what that depends on, and each future ---

_MOST_BARS: Final = 24
_MOST_ROWS: Final = 500
_DIGITS: Final = 4
_SAME_FRAC: Final = 1e-3


def answer_of_sweep(figures: TableFigures, axes: Sequence[str]) -> Html:
    """Say how many futures have a plan, from where to where cost goes, and what that depends on."""
    futures = figures.tables["futures"]
    planned = _planned(futures)
    said = [[f"{len(planned)} of {len(futures)} futures have a plan."]]
    if len(planned) > 1:
        low, high = planned.iloc[0]["future"], planned.iloc[-1]["future"]
        unit, per = _money(planned)
        cheapest, dearest = _cost(figures, low), _cost(figures, high)
        said.append(
            [
                "The plan of least cost has a net present value of ",
                cheapest.html(per=per, digits=_DIGITS),
                f" {unit} (",
                name(low),
                "), the most expensive one of ",
                dearest.html(per=per, digits=_DIGITS),
                f" {unit} (",
                name(high),
                "): ",
                dearest.above(cheapest).html(per=per),
                f" {unit}",
                *_why(_of(planned, high).less(_of(planned, low))),
                ".",
            ]
        )
        if (planned["rank_low"] < planned["rank_high"]).any():
            said.append([GAPS_RANK])
        said.append(_widest(figures, [axis for axis in axes if planned[axis].nunique() > 1], unit, per))
    items = element("ul", (element("li", of) for of in said if of), class_="sentences")
    return section("answer", "The answer", items, _above_the_cheapest(figures, planned))


def _money(planned: pd.DataFrame) -> tuple[str, float]:
    """Return the unit in which costs of plans are read, and what MUSD are divided by for it."""
    unit, factor, _ = unit_of_money(planned["objective_musd"])
    return unit, 1.0 / factor


def _widest(figures: TableFigures, axes: Sequence[str], unit: str, per: float) -> list[str]:
    """Name the axis over whose values mean cost goes furthest, if that is known of all axes."""
    effects = figures.tables["effects"]
    if effects.empty or not set(axes) <= set(effects["axis"]):
        return []
    means = effects.groupby("axis", sort=False)["mean_musd"]
    reach = (means.max() - means.min()).sort_values(ascending=False, kind="stable")
    if len(reach) > 1 and isclose(*reach.iloc[:2]):
        return []  # axes whose values go together, or without any effect
    axis = str(reach.index[0])
    of = effects[effects["axis"] == axis].sort_values("mean_musd")
    low, high = (figures.sum("effects", "mean_musd", axis=axis, value=str(of.iloc[at]["value"])) for at in (0, -1))
    return [
        "Cost depends most on ",
        name(axis),
        ": on average it is ",
        low.html(per=per, digits=_DIGITS),
        f" {unit} at ",
        name(str(of.iloc[0]["value"])),
        " and ",
        high.html(per=per, digits=_DIGITS),
        f" {unit} at ",
        name(str(of.iloc[-1]["value"])),
        *_why(_of_mean(of.iloc[-1]).less(_of_mean(of.iloc[0]))),
        ".",
    ]


def _why(difference: CostDifference) -> list[str]:
    return [f", {difference.explanation}"] if difference.explanation else []


def _of(futures: pd.DataFrame, future: str) -> PlanCost:
    return PlanCost.from_row(futures[futures["future"] == future].iloc[0])


def _of_mean(row: pd.Series) -> PlanCost:
    names = {"mean_musd": "objective_musd", "mean_bound_musd": "bound_musd"}
    return PlanCost.from_row(row.rename({**names, "mean_penalty_musd": "penalty_musd"}))


def _above_the_cheapest(figures: TableFigures, planned: pd.DataFrame) -> Html:
    if len(planned) < 2:
        return NOTHING
    cheapest = _cost(figures, planned.iloc[0]["future"])
    shown = planned.iloc[1:].iloc[::-1].head(_MOST_BARS)["future"]
    least = _of(planned, planned.iloc[0]["future"])
    rows = [
        (
            f"{future} ({WITHIN_GAPS})" if _of(planned, future).less(least).is_within_gaps else future,
            _cost(figures, future).above(cheapest),
        )
        for future in shown
    ]
    note = f"the {_MOST_BARS} most expensive" if len(planned) - 1 > _MOST_BARS else ""
    return bars(f"Cost above that of {planned.iloc[0]['future']}", "MUSD", rows, note=note)


def effects_section(figures: TableFigures) -> Html:
    """Show mean cost by the values of each axis."""
    effects = figures.tables["effects"]
    tables = []
    for axis in dict.fromkeys(effects["axis"]):
        values = effects.loc[effects["axis"] == axis, "value"]
        columns = ("mean_musd", "mean_penalty_musd", "least_musd", "most_musd", "futures")
        rows = [
            (value, [figures.sum("effects", column, axis=axis, value=value) for column in columns]) for value in values
        ]
        names = ("mean", "of which penalty of unmet demand", "least", "most")
        heads = [NumberColumn(f"{head}, MUSD", decimals=1) for head in names]
        heads.append(NumberColumn("futures", decimals=0))
        tables.append(figure_table(axis, axis, heads, rows, shows_caption=True))
    if not tables:
        return NOTHING
    about = (
        "Net present value of the plans at each value of an axis, whatever the others are. Where an"
        " axis has many values, or few futures at each, they are put into three parts or two; an"
        " axis with too few futures for that is left out."
    )
    return section(
        "effects", "What cost depends on", element("p", about, class_="note"), element("div", tables, class_="charts")
    )


def fans_section(figures: TableFigures) -> Html:
    """Show how far the figures of the plans spread over the futures, year by year."""
    fans = figures.tables["fans"]
    drawn, same = [], []
    for one in OF_YEAR:
        rows = fans[fans["figure"] == one.column]
        label = one.label[:1].upper() + one.label[1:]
        if (rows["most"] - rows["least"] <= _SAME_FRAC * rows["most"].abs()).all():
            same += [label] if rows["most"].abs().max() > 0.0 else []
            continue
        years = sorted(int(year) for year in rows["year"])
        of = {
            quantile: [figures.sum("fans", quantile, figure=one.column, year=year) for year in years]
            for quantile in QUANTILES
        }
        places = [str(year) for year in years]
        drawn.append(fan(label, one.unit or "number", places, of, per=one.per))
    if not (drawn or same):
        return NOTHING
    about = "Of the futures with a plan, each year by itself: no line is that of one future."
    said = f"The same in every future, to {_SAME_FRAC:.1%}: {', '.join(same)}."
    return section(
        "fans",
        "How far plans spread",
        element("p", about, class_="note"),
        element("div", drawn, class_="charts"),
        element("p", said) if same else NOTHING,
    )


def futures_section(figures: TableFigures, axes: Sequence[str], changes: Mapping[str, str]) -> Html:
    """List the futures: the values of their axes or what they set, how each ended, its cost."""
    futures = figures.tables["futures"]
    rows: list[tuple[str, list[ReportFigure | str | None]]] = []
    for row in futures.head(_MOST_ROWS).to_dict("records"):
        is_planned = row["status"] in PLANNED
        broken = f"FAILED: {row['broken']}" if row["broken"] else "ok" if is_planned else "-"
        cells: list[ReportFigure | str | None] = [_cell(row[axis]) for axis in axes]
        if changes:
            # A future that is not of the list is a point of the axes, whose values are beside it.
            cells.append(changes.get(str(row["future"]), "the values of its axes") or "nothing")
        cells += [words(str(row["status"])), broken]
        cells.append(rank_words(row["rank_low"], row["rank_high"]) if is_planned else None)
        cells.append(_cost(figures, row["future"]) if is_planned else None)
        penalty = figures.sum("futures", "penalty_musd", future=row["future"])
        cells.append(penalty if is_planned else None)
        rows.append((str(row["future"]), cells))
    heads = [*(NumberColumn(axis) for axis in axes), *([NumberColumn("sets")] if changes else [])]
    heads += [NumberColumn("ended"), NumberColumn("check"), NumberColumn("rank by cost")]
    heads += [NumberColumn(f"{head}, MUSD", decimals=1) for head in ("cost", "of which penalty of unmet demand")]
    table = figure_table("Futures", "future", heads, rows)
    more = len(futures) - _MOST_ROWS
    note = element("p", f"and {more} more in table futures", class_="note") if more > 0 else NOTHING
    failed = futures[futures["message"].astype(str) != ""].head(_MOST_ROWS)
    said = [
        element("details", element("summary", name(str(future))), element("pre", str(message)))
        for future, message in zip(failed["future"], failed["message"], strict=True)
    ]
    why = [element("h3", "Without a plan as asked"), *said] if said else []
    return section("futures", "Futures", table, note, *why)


def _planned(futures: pd.DataFrame) -> pd.DataFrame:
    """Return the futures with a plan, the cheapest first."""
    planned = futures[futures["status"].isin(sorted(PLANNED))]
    return planned.sort_values("objective_musd", kind="stable")


def _cost(figures: TableFigures, future: str) -> ReportFigure:
    return figures.sum("futures", "objective_musd", future=future)


def _cell(value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]
        return "-"  # of a future that is no point of the axes
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


# --- A frontier: what less of a measure costs -----------------------------------------------------


def frontier_section(identifier: str, figures: TableFigures, study: StoredFrontier) -> Html:
    """Show cost over the measure, and what one less of it costs at each point."""
    points, rows = [], []
    for row in study.table.to_dict("records"):
        point = int(row["point"])
        measure, cost, more, penalty, price = (
            figures.sum("frontier", column, point=point)
            for column in ("measure", "cost_musd", "extra_frac", "extra_penalty_musd", "price")
        )
        points.append((measure, cost, bool(row["is_knee"])))
        cells: list[ReportFigure | str | None] = [measure, cost, more, penalty, price]
        rows.append((f"{point}{', knee' if row['is_knee'] else ''}", cells))
    heads = [
        NumberColumn(f"{study.label} [{study.unit}]"),
        NumberColumn("cost, MUSD", decimals=1),
        NumberColumn("more, %", per=0.01, decimals=2),
        NumberColumn("of which penalty of unmet demand, MUSD", decimals=1),
        NumberColumn(f"one unit less costs [{study.price_unit}]"),
    ]
    title = f"Cost against {within_sentence(study.label)}"
    said = [*study.notes]
    if study.table["is_knee"].any():
        said.append("At the knee, which is marked, the price of one less begins to rise most.")
    if len(study.table) == 1:
        said.append("There is nothing to trade: the plan of least cost has the least of it.")
    return section(
        identifier,
        title,
        element("p", "Scenario ", name(study.scenario), ".", class_="note"),
        element(
            "div",
            curve(title, (f"{study.label} [{study.unit}]", "MUSD"), points),
            figure_table(f"{title}, points", "point", heads, rows),
            class_="pair",
        ),
        element("ul", (element("li", one) for one in said), class_="note"),
    )
