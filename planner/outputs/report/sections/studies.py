"""Sections of studies: of a sweep, of a frontier, of a stochastic program, and what every future orders."""

from __future__ import annotations

from math import isclose, isfinite
from typing import TYPE_CHECKING, Final

import pandas as pd

from planner.base.words import unit_of_money, within_sentence
from planner.outputs.labels import LEAST_MW, first_decided, order_words, ordered_by, words
from planner.outputs.measures import OF_YEAR
from planner.outputs.report.charts import Series, bars, curve, dots, fan
from planner.outputs.report.figures import (
    COLUMNS,
    DECLARED,
    NumberColumn,
    about,
    figure_table,
    filled,
    left_out,
    sentences,
)
from planner.outputs.report.markup import NOTHING, Html, element, name, section
from planner.outputs.study_folders import QUANTILES
from planner.results.cost_difference import GAPS_RANK, WITHIN_GAPS, PlanCost, penalty_share_words, rank_words
from planner.results.ended import PLANNED

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from typing import Any

    from planner.outputs.report.figures import Cell, ReportFigure, TableFigures
    from planner.outputs.study_folders import StoredFrontier, StoredStochastic
    from planner.results.cost_difference import CostDifference

_DIGITS: Final = 4


def _note(text: str) -> Html:
    return element("p", text, class_="note")


def _ended(row: Mapping[Hashable, Any]) -> list[Cell]:
    """Return how a future ended, and what its check found."""
    broken = f"FAILED: {row['broken']}" if row["broken"] else "ok" if row["status"] in PLANNED else "-"
    return [words(str(row["status"])), broken]


_MOST_BARS: Final = 24
_MOST_FUTURES: Final = 500
_SAME_FRAC: Final = 1e-3
_PENALTY: Final = "of which penalty of unmet demand"


def answer_of_sweep(figures: TableFigures, axes: Sequence[str]) -> Html:
    """Say how many futures have a plan, from where to where cost goes, and what that depends on."""
    futures = figures.tables["futures"]
    planned = futures[futures["status"].isin(sorted(PLANNED))].sort_values("objective_musd", kind="stable")
    said = [filled(f"{len(planned)} of {len(futures)} futures have a plan.")]
    if len(planned) > 1:
        unit, factor, _ = unit_of_money(planned["objective_musd"])
        per = 1.0 / factor
        low, high = (planned.iloc[at] for at in (0, -1))
        cheapest, dearest = (_cost(figures, of["future"]) for of in (low, high))
        why = _why(PlanCost.from_row(high).less(PlanCost.from_row(low)))
        said.append(
            filled(
                f"The plan of least cost has a net present value of {{}} {unit} ({{}}), the most expensive one of {{}}"
                f" {unit} ({{}}): {{}} {unit}{{}}.",
                *(cheapest.html(per=per, digits=_DIGITS), name(low["future"])),
                *(dearest.html(per=per, digits=_DIGITS), name(high["future"])),
                *(dearest.above(cheapest).html(per=per), why),
            )
        )
        if (planned["rank_low"] < planned["rank_high"]).any():
            said.append(filled(GAPS_RANK))
        said += _widest(figures, [axis for axis in axes if planned[axis].nunique() > 1], unit, per)
    return section("answer", "The answer", sentences(said), _above_the_cheapest(figures, planned))


def _widest(figures: TableFigures, axes: Sequence[str], unit: str, per: float) -> list[Html]:
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
    ends = [of.iloc[at] for at in (0, -1)]
    low, high = (figures.sum("effects", "mean_musd", axis=axis, value=str(end["value"])) for end in ends)
    names = {"mean_musd": "objective_musd", "mean_bound_musd": "bound_musd", "mean_penalty_musd": "penalty_musd"}
    cheap, dear = (PlanCost.from_row(end.rename(names)) for end in ends)
    return [
        filled(
            f"Cost depends most on {{}}: on average it is {{}} {unit} at {{}} and {{}} {unit} at {{}}{{}}.",
            *(name(axis), low.html(per=per, digits=_DIGITS), name(str(ends[0]["value"]))),
            *(high.html(per=per, digits=_DIGITS), name(str(ends[1]["value"])), _why(dear.less(cheap))),
        )
    ]


def _why(difference: CostDifference) -> str:
    return f", {difference.explanation}" if difference.explanation else ""


def _above_the_cheapest(figures: TableFigures, planned: pd.DataFrame) -> Html:
    if len(planned) < 2:
        return NOTHING
    least, *others = (row for _, row in planned.iterrows())
    rows = []
    for row in others[::-1][:_MOST_BARS]:
        is_within = PlanCost.from_row(row).less(PlanCost.from_row(least)).is_within_gaps
        label = f"{row['future']} ({WITHIN_GAPS})" if is_within else row["future"]
        rows.append((label, _cost(figures, row["future"]).above(_cost(figures, least["future"]))))
    note = f"the {_MOST_BARS} most expensive" if len(others) > _MOST_BARS else ""
    return bars(f"Cost above that of {least['future']}", "MUSD", rows, note=note)


def effects_section(figures: TableFigures) -> Html:
    """Show mean cost by the values of each axis."""
    effects = figures.tables["effects"]
    columns, tables = COLUMNS["effects"], []
    for axis, of in effects.groupby("axis", sort=False):
        rows = [(value, figures.cells("effects", columns, axis=str(axis), value=value)) for value in of["value"]]
        tables.append(figure_table(str(axis), str(axis), columns.values(), rows, shows_caption=True))
    parts = (about("effects", look="note"), element("div", tables, class_="charts")) if tables else ()
    return section("effects", "What cost depends on", *parts)


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
        drawn.append(fan(label, one.unit or "number", years, of, per=one.per))
    if not (drawn or same):
        return NOTHING
    said = f"The same in every future, to {_SAME_FRAC:.1%}: {', '.join(same)}."
    return section(
        "fans",
        "How far plans spread",
        _note("Of the futures with a plan, each year by itself: no line is that of one future."),
        element("div", drawn, class_="charts"),
        element("p", said) if same else NOTHING,
    )


def futures_section(figures: TableFigures, axes: Sequence[str], changes: Mapping[str, Mapping[str, Any]]) -> Html:
    """List the futures: the values of their axes or what they set, how each ended, its cost."""
    futures = figures.tables["futures"]
    rows: list[tuple[str, list[Cell]]] = []
    for row in futures.head(_MOST_FUTURES).to_dict("records"):
        is_planned, future = row["status"] in PLANNED, str(row["future"])
        cells: list[Cell] = [_cell(row[axis]) for axis in axes]
        if changes:
            # A future that is not of the list is a point of the axes, whose values are beside it.
            sets = ", ".join(f"{key}={value}" for key, value in changes.get(future, {}).items())
            cells.append((sets or "nothing") if future in changes else "the values of its axes")
        figures_of = figures.cells("futures", ("objective_musd", "penalty_musd"), future=future)
        costs: list[Cell] = [rank_words(row["rank_low"], row["rank_high"]), *figures_of] if is_planned else [None] * 3
        rows.append((future, [*cells, *_ended(row), *costs]))
    costs_of = (NumberColumn(f"{head}, MUSD", decimals=1) for head in ("cost", _PENALTY))
    ended = ("ended", "check", "rank by cost")
    heads: list[NumberColumn | str] = [*axes, *(["sets"] if changes else []), *ended, *costs_of]
    table = figure_table("Futures", "future", heads, rows)
    failed = futures[futures["message"].astype(str) != ""].head(_MOST_FUTURES)
    said = [
        element("details", element("summary", name(str(future))), element("pre", str(message)))
        for future, message in zip(failed["future"], failed["message"], strict=True)
    ]
    why = [element("h3", "Without a plan as asked"), *said] if said else []
    return section("futures", "Futures", table, left_out(len(futures) - _MOST_FUTURES, "futures"), *why)


def _cost(figures: TableFigures, future: str) -> ReportFigure:
    return figures.sum("futures", "objective_musd", future=future)


def _cell(value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]
        return "-"  # of a future that is no point of the axes
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def frontier_section(identifier: str, figures: TableFigures, study: StoredFrontier) -> Html:
    """Show cost over the measure, and what one less of it costs at each point."""
    heads = {
        "measure": NumberColumn(f"{study.label} [{study.unit}]"),
        "cost_musd": NumberColumn("cost, MUSD", decimals=1),
        "extra_frac": NumberColumn("more, %", per=0.01, decimals=2),
        "extra_penalty_musd": NumberColumn(f"{_PENALTY}, MUSD", decimals=1),
        "price": NumberColumn(f"one unit less costs [{study.price_unit}]"),
    }
    points, rows = [], []
    for point, is_knee in zip(study.table["point"], study.table["is_knee"].astype(bool), strict=True):
        cells = figures.cells("frontier", heads, point=int(point))
        points.append((cells[0], cells[1], is_knee))
        rows.append((f"{point}{', knee' if is_knee else ''}", cells))
    title = f"Cost against {within_sentence(study.label)}"
    said = [*study.notes]
    if study.table["is_knee"].any():
        said.append("At the knee, which is marked, the price of one less begins to rise most.")
    if len(study.table) == 1:
        said.append("There is nothing to trade: the plan of least cost has the least of it.")
    drawn = curve(title, (f"{study.label} [{study.unit}]", "MUSD"), points)
    return section(
        identifier,
        title,
        element("p", "Scenario ", name(study.scenario), ".", class_="note"),
        element("div", drawn, figure_table(f"{title}, points", "point", heads.values(), rows), class_="pair"),
        sentences(said, "note"),
    )


# --- Sections of a stochastic program: what is ordered, what plans cost, and every future ---------

_MOST_ORDERS: Final = 200


def plan_name(plan: str) -> str:
    """Return what a plan of a stochastic program is called.

    >>> plan_name("minimax_regret"), plan_name("alone: low")
    ('of least greatest regret', 'for low')
    """
    return str(DECLARED["plans"].get(plan, plan.replace("alone: ", "for ", 1)))


def objective_words(weight: float, tail: float) -> str:
    """Say what the objective of a stochastic program with a CVaR is.

    >>> objective_words(0.0, 0.2)
    'The objective is the expected cost; the CVaR (mean of the worst 0.2) has no weight in it.'
    """
    if not weight:
        return f"The objective is the expected cost; the CVaR (mean of the worst {tail:.3g}) has no weight in it."
    return (
        f"The objective is {1.0 - weight:.3g} of the expected cost and {weight:.3g} of the mean of"
        f" the worst {tail:.3g} (CVaR); EVPI and VSS are differences of it."
    )


def answer_of_orders(figures: TableFigures, study: StoredStochastic) -> Html:
    """Say how much is ordered before the futures are known, and what it is worth to know them."""
    tables = figures.tables
    single = plan_name(next(one for one in tables["plans"]["plan"] if one in {"mean", "central"}))
    expected, penalty = figures.cells("plans", ("expected_musd", "penalty_musd"), plan="stochastic")
    (evpi, of_evpi), (vss, of_vss) = (
        figures.cells("worth", ("value_musd", "penalty_musd"), measure=one) for one in ("evpi", "vss")
    )
    said = [
        f"Which of {len(tables['futures'])} futures comes is known from {study.known_from}; the orders below are placed"
        " before, the same in all of them.",
        filled(
            "The expected cost is {} MUSD, net present value{}.",
            *(expected.html(digits=_DIGITS), _penalty(penalty, expected)),
        ),
    ]
    if study.cvar_tail is not None:
        cvar = figures.sum("plans", "cvar_musd", plan="stochastic")
        said.append(filled("The CVaR is {} MUSD.", cvar.html(digits=_DIGITS)))
    known = "To know which future comes would be worth {} MUSD (EVPI){}."
    said.append(filled(known, evpi.html(), _penalty(of_evpi, evpi)))
    if isfinite(vss.value):
        instead = f"Planning {single} instead would cost {{}} MUSD more (VSS){{}}."
        said.append(filled(instead, vss.html(), _penalty(of_vss, vss)))
    else:
        said.append(f"Planning {single} instead leaves no plan in some future.")
    if study.cvar_tail is not None:
        said.append(objective_words(study.cvar_weight, study.cvar_tail))
    if study.is_relaxed:
        said.append("Costs, regrets, EVPI and VSS: LP relaxation; the checked plans of the futures have integers.")
    return section("answer", "The answer", sentences(said))


def _penalty(penalty: ReportFigure, of: ReportFigure) -> str:
    """Say how much of a cost is the penalty of unmet demand, if any is."""
    if not penalty_share_words(penalty.value, of.value):
        return ""
    return filled(", of which {} MUSD is the penalty of unmet demand", penalty.html(digits=_DIGITS))


def orders_section(figures: TableFigures) -> Html:
    """List the orders, and what futures that are planned alone would order at that date."""
    table = figures.tables["decided"]
    shown = table[table["ordered"] >= 0.05]  # 0.1, rounded
    columns = COLUMNS["decided"]
    rows: list[tuple[str, list[Cell]]] = [
        (
            order_words(str(row["kind"]), str(row["site"]), str(row["item"])),
            [ordered_by(row), str(row["unit"]), *figures.cells("decided", columns, order=int(row["order"]))],
        )
        for row in shown.head(_MOST_ORDERS).to_dict("records")
    ]
    heads: list[NumberColumn | str] = ["order by", "unit", *columns.values()]
    nothing = element("p", "Nothing is ordered before the futures are known.")
    listed = figure_table("Orders", "what", heads, rows) or nothing
    more = left_out(len(shown) - _MOST_ORDERS, "decided")
    return section("orders", "What is ordered before the futures are known", listed, more)


def plans_section(figures: TableFigures, *, has_cvar: bool) -> Html:
    """Compare plans over all futures: expected cost, and what each would regret in each."""
    of_cvar = {"cvar_musd", "objective_musd"}
    shown = {name: column for name, column in COLUMNS["plans"].items() if has_cvar or name not in of_cvar}
    names = figures.tables["plans"]["plan"].astype(str)
    rows = [(plan_name(plan), figures.cells("plans", shown, plan=plan)) for plan in names]
    plans, futures = (list(figures.tables["costs"][one].astype(str).unique()) for one in ("plan", "future"))
    regrets = [
        Series(plan_name(plan), tuple(figures.sum("costs", "regret_musd", plan=plan, future=one) for one in futures))
        for plan in plans[:24]  # plans; those for single futures come last
    ]
    return section(
        "plans",
        "What other orders would cost",
        about("plans", look="note"),
        dots("Regret by future", "MUSD", futures, regrets),
        figure_table("Plans", "plan", shown.values(), rows),
    )


def weighed_section(figures: TableFigures) -> Html:
    """List the futures: how likely each is, what it costs alone and with the orders."""
    columns = COLUMNS["weighed"]
    rows: list[tuple[str, list[Cell]]] = [
        (
            str(row["future"]),
            [*_ended(row), str(row["run"]), *figures.cells("futures", columns, future=str(row["future"]))],
        )
        for row in figures.tables["futures"].to_dict("records")
    ]
    heads: list[NumberColumn | str] = ["ended", "check", "run", *columns.values()]
    said = _note("Each future has a whole run, with a report of its own: ")
    code = element("code", name("dcplan report FOLDER/runs/RUN"))
    return section("futures", "Futures", said, element("p", code), figure_table("Futures", "future", heads, rows))


# --- What every future of a sweep orders, and what only some of them do ---------------------------

_THING: Final = ("kind", "site", "item")
_MOST_THINGS: Final = 40


def no_regret_section(figures: TableFigures) -> Html:
    """List what is ordered by each year in every future with a plan, then what only some order."""
    table = figures.tables["no_regret"]
    if len(figures.tables["futures"]) < 2 or table.empty:
        return NOTHING
    in_all = _things(table[table["least_mw"] >= LEAST_MW], table, "least_mw")
    some = table[~table.set_index([*_THING]).index.isin(in_all)]
    in_some = _things(some[some["most_mw"] >= LEAST_MW], some, "most_mw")
    return section(
        "no-regret",
        "What every future orders",
        about("no-regret", look="note"),
        _ordered(figures, "In every future, at least [MW]", in_all, "least_mw")
        or element("p", "Nothing is ordered in every future."),
        element("h3", "What only some futures order") if in_some else NOTHING,
        _ordered(figures, "In some futures, at most [MW]", in_some, "most_mw"),
    )


def _things(chosen: pd.DataFrame, table: pd.DataFrame, column: str) -> list[tuple[str, str, str]]:
    """Return kind, site and item of the rows, those with most in the last year first."""
    last = table[table["year"] == table["year"].max()].set_index([*_THING])[column]
    things = chosen[[*_THING]].drop_duplicates().itertuples(index=False, name=None)
    return sorted(things, key=lambda thing: -float(last.get(thing, 0.0)))


def _ordered(figures: TableFigures, caption: str, things: list[tuple[str, str, str]], column: str) -> Html:
    table = figures.tables["no_regret"]
    years = sorted(int(year) for year in table["year"].unique())
    rows: list[tuple[str, list[Cell]]] = []
    for thing in things[:_MOST_THINGS]:
        where = dict(zip(_THING, thing, strict=True))
        cells: list[Cell] = [figures.sum("no_regret", column, year=year, **where) for year in years]
        cells.append(figures.sum("no_regret", "futures", year=years[-1], **where))
        of = table[(table[list(where)] == list(where.values())).all(axis=1)]
        rows.append((order_words(*thing), [*cells, first_decided(of, column)]))
    heads = [NumberColumn(str(year), decimals=1) for year in years]
    heads += [NumberColumn(f"futures, {years[-1]}", decimals=0), NumberColumn("first decided by")]
    shown = figure_table(caption, "what", heads, rows, shows_caption=True)
    more = left_out(len(things) - _MOST_THINGS, "no_regret")
    return element("div", shown, more) if rows else NOTHING
