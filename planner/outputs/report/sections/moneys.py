"""The four moneys of a plan, each with its rule, and the sums that lead from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.outputs.report.markup import Html, element
from planner.outputs.report.table import Column, figure_table
from planner.results.moneys import moneys

if TYPE_CHECKING:
    from planner.outputs.report.figures import Figure, Figures

__all__ = ["four_figures", "four_moneys", "reconciled"]


def four_figures(figures: Figures) -> tuple[Figure, Figure, Figure, Figure]:
    """Return net present value, cash, overnight capex, and what is paid after the horizon."""
    return (
        figures.sum("money_years", "npv_musd"),
        figures.sum("money_years", "cash_musd"),
        figures.sum("money_items", "overnight_musd"),
        figures.sum("money_items", "after_musd"),
    )


def four_moneys(figures: Figures) -> Html:
    """Show the four moneys and the rule of each. [MUSD]"""
    of_plan = moneys(figures.run.tables)
    rows: list[tuple[str, list[Figure | str]]] = [
        (label, [figure, rule])
        for figure, (label, _, rule) in zip(four_figures(figures), of_plan.lines, strict=True)
    ]
    heads = [Column("MUSD", decimals=0), Column("rule")]
    return figure_table("The four moneys [MUSD]", "", heads, rows)


def reconciled(figures: Figures) -> Html:
    """Show the sums from one money to another, each adding up to its last line. [MUSD]"""
    parts = []
    for title, terms in moneys(figures.run.tables).reconciled:
        known = _terms(figures)
        rows = [(label, [_amount(*known[label])]) for label, _ in terms]
        head = f"{title[0].upper()}{title[1:]}"
        table = figure_table(
            f"{head} [MUSD]",
            "",
            [Column("MUSD")],
            rows,
            totals=[len(rows) - 1],
            shows_caption=True,
        )
        parts.append(table)
    return element("div", parts, class_="charts")


def _amount(figure: Figure, sign: float) -> Html:
    return figure.html(per=sign, decimals=1)


def _terms(figures: Figures) -> dict[str, tuple[Figure, float]]:
    """Return each term of the sums by its name, with 1 or, for what is taken off, -1."""

    def years(column: str) -> Figure:
        return figures.sum("money_years", column)

    def assets(column: str) -> Figure:
        return figures.sum("money_items", column, kind="asset")

    npv, cash, _, after = four_figures(figures)
    return {
        "overnight capex of what is bought": (assets("overnight_musd"), 1.0),
        "interest while it is built": (assets("building_interest_musd"), 1.0),
        "interest over its life": (assets("interest_musd"), 1.0),
        "repaid inside the horizon": (assets("paid_musd"), -1.0),
        "contracts that run on": (figures.sum("money_items", "after_musd", kind="contract"), 1.0),
        "paid after the horizon": (after, 1.0),
        "spent before the first year": (assets("before_musd"), -1.0),
        "paid as it is used": (years("running_musd"), 1.0),
        "cash": (cash, 1.0),
        "cash for assets": (years("asset_cash_musd"), -1.0),
        "repaid inside the horizon instead": (years("repaid_musd"), 1.0),
        "price of work not done, which nobody is paid": (years("unmet_musd"), 1.0),
        "discounting to the base year": (npv.above(years("payments_musd")), 1.0),
        "net present value": (npv, 1.0),
    }
