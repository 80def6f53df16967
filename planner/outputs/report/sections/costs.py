"""Capex and opex: payments by heading and year, cash for assets, and every item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.units import MUSD_PER_BUSD
from planner.outputs.labels import item_words
from planner.outputs.report.charts import Series, columns
from planner.outputs.report.markup import NOTHING, Html, element
from planner.outputs.report.page import section
from planner.outputs.report.sections.four_moneys import reconciled
from planner.outputs.report.table import NumberColumn, figure_table
from planner.results.costs import PAID_FOR

if TYPE_CHECKING:
    from planner.outputs.report.figures import Figures

__all__ = ["costs_section"]


def costs_section(figures: Figures) -> Html:
    """Show what is paid, when and for what."""
    return section(
        "costs",
        "Capex and opex",
        element(
            "p",
            "Real money of the price year. Payments for assets repay them year by year over their "
            "lives, others are paid as it is used; cash is what is spent on assets while they are "
            "built and bought.",
        ),
        element("div", _payments(figures), _cash(figures), class_="charts"),
        _items(figures),
        element("h3", "How the four moneys reconcile"),
        reconciled(figures),
    )


def _calendar(figures: Figures, table: str) -> list[int]:
    return sorted({int(year) for year in figures.run.tables[table]["calendar_year"]})


def _payments(figures: Figures) -> Html:
    years = _calendar(figures, "costs")
    of = figures.sums_by("costs", "musd", "group", "calendar_year")
    series = [
        Series(group, tuple(of.get((group, year)) for year in years))
        for group in dict.fromkeys(str(key[0]) for key in of)
    ]
    if not years:
        return NOTHING
    places = [str(year) for year in years]
    return columns("Payments by heading", "BUSD", places, series, per=MUSD_PER_BUSD)


def _cash(figures: Figures) -> Html:
    years = _calendar(figures, "cash")
    of = figures.sums_by("cash", "cash_musd", "item", "calendar_year")
    series = [
        Series(item_words(item), tuple(of.get((item, year)) for year in years))
        for item in dict.fromkeys(str(key[0]) for key in of)
    ]
    if not years:
        return NOTHING
    places = [str(year) for year in years]
    return columns("Cash spent on assets", "BUSD", places, series, per=MUSD_PER_BUSD)


def _items(figures: Figures) -> Html:
    """List every item of the cost list by calendar year."""
    years = _calendar(figures, "costs")
    of = figures.sums_by("costs", "musd", "item", "calendar_year")
    npv = figures.sums_by("costs", "npv_musd", "item")
    kind = figures.run.tables["costs"].groupby("item")["upfront"].first().to_dict()
    order = sorted(npv, key=lambda key: -npv[key].value)
    rows = [
        (
            _title(item_words(str(key[0]))),
            [PAID_FOR[bool(kind[key[0]])], *(of.get((*key, year)) for year in years), npv[key]],
        )
        for key in order
    ]
    totals = figures.sums_by("costs", "musd", "calendar_year")
    whole = figures.sum("costs", "npv_musd")
    rows.append(("All payments", ["", *(totals.get((year,)) for year in years), whole]))
    heads = [NumberColumn("kind"), *(NumberColumn(str(year), decimals=0) for year in years)]
    heads.append(NumberColumn("NPV", decimals=0))
    table = figure_table("Payments by item [MUSD]", "item", heads, rows, totals=[len(order)])
    return element("div", element("h3", "Every item [MUSD]"), table)


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]
