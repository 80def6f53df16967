"""Sections of a stochastic program: what is ordered, what plans cost, and every future."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from planner.outputs.labels import order_words, words
from planner.outputs.no_regret import ordered_by
from planner.outputs.report.charts import Series, dots
from planner.outputs.report.markup import NOTHING, Html, element, name
from planner.outputs.report.page import section
from planner.outputs.report.table import NumberColumn, figure_table
from planner.results.cost_difference import penalty_share_words
from planner.results.ended import PLANNED

if TYPE_CHECKING:
    from planner.outputs.report.figures import ReportFigure, TableFigures
    from planner.outputs.study_folders import StoredStochastic

__all__ = ["answer_of_orders", "objective_words", "orders_section", "plan_name", "plans_section", "weighed_section"]

_PLANS: Final = {
    "stochastic": "stochastic",
    "mean": "for the mean of the futures",
    "central": "for the central future",
    "minimax_regret": "of least greatest regret",
}
"""What plans are called; those of a single future have its name."""
_LEAST: Final = 0.05  # 0.1, rounded
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
