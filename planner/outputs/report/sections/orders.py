"""Sections of a stochastic program, and what every future orders."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from planner.outputs.labels import LEAST_MW, first_decided, order_words, ordered_by, words
from planner.outputs.report.charts import Series, dots
from planner.outputs.report.figures import NumberColumn, figure_table
from planner.outputs.report.markup import NOTHING, Html, element, name
from planner.outputs.report.page import section
from planner.results.cost_difference import penalty_share_words
from planner.results.ended import PLANNED

if TYPE_CHECKING:
    import pandas as pd

    from planner.outputs.report.figures import ReportFigure, TableFigures
    from planner.outputs.study_folders import StoredStochastic

# --- Sections of a stochastic program: what is ordered, what plans cost, and every future ---------

_PLANS: Final = {
    "stochastic": "stochastic",
    "mean": "for the mean of the futures",
    "central": "for the central future",
    "minimax_regret": "of least greatest regret",
}
"""What plans are called; those of a single future have its name."""
_LEAST: Final = 0.05  # 0.1, rounded
# --- What every future of a sweep orders, and what only some of them do ---------------------------

_MOST_ROWS: Final = 200
_MOST_DRAWN: Final = 24  # plans; those for single futures come last
_DIGITS: Final = 4


def plan_name(plan: str) -> str:
    """Return what a plan of a stochastic program is called.

    >>> plan_name("minimax_regret"), plan_name("alone: low")
    ('of least greatest regret', 'for low')
    """
    return _PLANS.get(plan, plan.replace("alone: ", "for ", 1))


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
    expected = figures.sum("plans", "expected_musd", plan="stochastic")
    evpi, vss = (figures.sum("worth", "value_musd", measure=one) for one in ("evpi", "vss"))
    of_evpi, of_vss = (figures.sum("worth", "penalty_musd", measure=m) for m in ("evpi", "vss"))
    single = next(one for one in figures.tables["plans"]["plan"] if one in {"mean", "central"})
    planned_for = plan_name(single)
    said: list[list[str]] = [
        [f"Which of {len(figures.tables['futures'])} futures comes is known from"
         f" {study.known_from}; the orders below are placed before, the same in all of them."],
        ["The expected cost is ", expected.html(digits=_DIGITS), " MUSD, net present value",
         *_penalty(figures.sum("plans", "penalty_musd", plan="stochastic"), expected), "."],
        ["To know which future comes would be worth ", evpi.html(), " MUSD (EVPI)",
         *_penalty(of_evpi, evpi), "."],
        [f"Planning {planned_for} instead would cost ", vss.html(), " MUSD more (VSS)",
         *_penalty(of_vss, vss), "."]
        if isfinite(vss.value)
        else [f"Planning {planned_for} instead leaves no plan in some future."],
    ]  # fmt: skip
    if study.cvar_tail is not None:
        cvar = figures.sum("plans", "cvar_musd", plan="stochastic")
        said.insert(2, ["The CVaR is ", cvar.html(digits=_DIGITS), " MUSD."])
        said.append([objective_words(study.cvar_weight, study.cvar_tail)])
    if study.is_relaxed:
        said.append(["Costs, regrets, EVPI and VSS: LP relaxation; the checked plans of the futures have integers."])
    return section("answer", "The answer", element("ul", (element("li", of) for of in said), class_="sentences"))


def _penalty(penalty: ReportFigure, of: ReportFigure) -> list[Html | str]:
    """Say how much of a cost is the penalty of unmet demand, if any is."""
    if not penalty_share_words(penalty.value, of.value):
        return []
    return [", of which ", penalty.html(digits=_DIGITS), " MUSD is the penalty of unmet demand"]


def orders_section(figures: TableFigures) -> Html:
    """List the orders, and what futures that are planned alone would order at that date."""
    table = figures.tables["decided"]
    shown = table[table["ordered"] >= _LEAST]
    columns = ("ordered", "least", "most", "minimax_regret")
    rows: list[tuple[str, list[ReportFigure | str | None]]] = [
        (
            order_words(str(row["kind"]), str(row["site"]), str(row["item"])),
            [
                ordered_by(row),
                str(row["unit"]),
                *(figures.sum("decided", column, order=int(row["order"])) for column in columns),
            ],
        )
        for row in shown.head(_MOST_ROWS).to_dict("records")
    ]
    heads = [NumberColumn("order by"), NumberColumn("unit"), NumberColumn("ordered", decimals=1)]
    heads += [NumberColumn(f"alone, {end}", decimals=1) for end in ("least", "most")]
    heads.append(NumberColumn("of least regret", decimals=1))
    more = len(shown) - _MOST_ROWS
    note = element("p", f"and {more} more in table decided", class_="note") if more > 0 else NOTHING
    nothing = element("p", "Nothing is ordered before the futures are known.")
    return section(
        "orders",
        "What is ordered before the futures are known",
        figure_table("Orders", "what", heads, rows) if rows else nothing,
        note,
    )


def plans_section(figures: TableFigures, *, has_cvar: bool) -> Html:
    """Compare plans over all futures: expected cost, and what each would regret in each."""
    shown = {"expected_musd": "expected cost", "penalty_musd": "of which penalty of unmet demand"}
    shown |= {"cvar_musd": "CVaR", "objective_musd": "objective"} if has_cvar else {}
    shown |= {"greatest_regret_musd": "greatest regret"}
    rows: list[tuple[str, list[ReportFigure | str | None]]] = [
        (plan_name(plan), [figures.sum("plans", column, plan=plan) for column in shown])
        for plan in figures.tables["plans"]["plan"].astype(str)
    ]
    heads = [NumberColumn(f"{head}, MUSD", decimals=1) for head in shown.values()]
    about = (
        "Each plan with its own orders, in every future; no number where they leave no plan in"
        " some future. Regret is cost above the least that the future can cost: each row is a plan,"
        " each dot a future, and the plan whose last dot is nearest to 0 can be wrong by least."
    )
    costs = figures.tables["costs"]
    futures = list(dict.fromkeys(costs["future"].astype(str)))
    regrets = [
        Series(plan_name(plan), tuple(figures.sum("costs", "regret_musd", plan=plan, future=one) for one in futures))
        for plan in list(dict.fromkeys(costs["plan"].astype(str)))[:_MOST_DRAWN]
    ]
    return section(
        "plans",
        "What other orders would cost",
        element("p", about, class_="note"),
        dots("Regret by future", "MUSD", futures, regrets),
        figure_table("Plans", "plan", heads, rows),
    )


def weighed_section(figures: TableFigures) -> Html:
    """List the futures: how likely each is, what it costs alone and with the orders."""
    rows: list[tuple[str, list[ReportFigure | str | None]]] = []
    columns = (
        *("alone_musd", "alone_penalty_musd", "cost_musd", "penalty_musd"),
        *("regret_musd", "regret_penalty_musd", "plan_musd", "plan_penalty_musd"),
    )
    for row in figures.tables["futures"].to_dict("records"):
        future, is_planned = str(row["future"]), row["status"] in PLANNED
        broken = f"FAILED: {row['broken']}" if row["broken"] else "ok" if is_planned else "-"
        cells: list[ReportFigure | str | None] = [words(str(row["status"])), broken, str(row["run"])]
        cells.append(figures.sum("futures", "weight", future=future))
        cells += [figures.sum("futures", column, future=future) for column in columns]
        rows.append((future, cells))
    heads = [NumberColumn("ended"), NumberColumn("check"), NumberColumn("run"), NumberColumn("weight", decimals=3)]
    heads += [
        NumberColumn(f"{one}, MUSD", decimals=1)
        for head in ("alone", "with the orders", "regret", "checked plan")
        for one in (head, "of which penalty of unmet demand")
    ]
    about = element("p", "Each future has a whole run, with a report of its own: ", class_="note")
    code = element("code", name("dcplan report FOLDER/runs/RUN"))
    return section("futures", "Futures", about, element("p", code), figure_table("Futures", "future", heads, rows))


_THING: Final = ("kind", "site", "item")
_NO_REGRET_MOST_ROWS: Final = 40


def no_regret_section(figures: TableFigures) -> Html:
    """List what is ordered by each year in every future with a plan, then what only some order."""
    table = figures.tables["no_regret"]
    if len(figures.tables["futures"]) < 2 or table.empty:
        return NOTHING
    in_all = _things(table[table["least_mw"] >= LEAST_MW], table, "least_mw")
    some = table[~table.set_index([*_THING]).index.isin(in_all)]
    in_some = _things(some[some["most_mw"] >= LEAST_MW], some, "most_mw")
    nothing = element("p", "Nothing is ordered in every future.")
    about = (
        "Ordered by the end of that year, at least, in every future with a plan: a decision that"
        " none of these futures regrets. Halls are first decided as the longest lead time of"
        " those chosen there asks for, connections and on-site power as their own does; racks in"
        " the year in which they serve. Committed halls were ordered before decisions start."
    )
    return section(
        "no-regret",
        "What every future orders",
        element("p", about, class_="note"),
        _table(figures, "In every future, at least [MW]", in_all, "least_mw") or nothing,
        element("h3", "What only some futures order") if in_some else NOTHING,
        _table(figures, "In some futures, at most [MW]", in_some, "most_mw"),
    )


def _things(chosen: pd.DataFrame, table: pd.DataFrame, column: str) -> list[tuple[str, str, str]]:
    """Return kind, site and item of the rows, those with most in the last year first."""
    last = table[table["year"] == table["year"].max()].set_index([*_THING])[column]
    things = chosen[[*_THING]].drop_duplicates().itertuples(index=False, name=None)
    return sorted(things, key=lambda thing: -float(last.get(thing, 0.0)))


def _table(figures: TableFigures, caption: str, things: list[tuple[str, str, str]], column: str) -> Html:
    table = figures.tables["no_regret"]
    years = sorted(int(year) for year in table["year"].unique())
    rows: list[tuple[str, list[ReportFigure | str | None]]] = []
    for kind, site, item in things[:_NO_REGRET_MOST_ROWS]:
        where = {"kind": kind, "site": site, "item": item}
        cells: list[ReportFigure | str | None] = [
            figures.sum("no_regret", column, year=year, **where) for year in years
        ]
        cells.append(figures.sum("no_regret", "futures", year=years[-1], **where))
        of = table[(table[list(where)] == list(where.values())).all(axis=1)]
        cells.append(first_decided(of, column))
        rows.append((order_words(kind, site, item), cells))
    heads = [NumberColumn(str(year), decimals=1) for year in years]
    heads += [NumberColumn(f"futures, {years[-1]}", decimals=0), NumberColumn("first decided by")]
    shown = figure_table(caption, "what", heads, rows, shows_caption=True)
    more = len(things) - _NO_REGRET_MOST_ROWS
    note = element("p", f"and {more} more in table no_regret", class_="note") if more > 0 else ""
    return element("div", shown, note) if rows else NOTHING
