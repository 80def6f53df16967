"""What binds, and what one more unit of it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError
from planner.limits import BY_NAME
from planner.limits.binding import ONE_MORE, PLACES
from planner.outputs.binding import sentence, weightiest
from planner.outputs.report.figures import ReportFigure
from planner.outputs.report.markup import NOTHING, Html, element, joined, name
from planner.outputs.report.page import section
from planner.outputs.report.table import NumberColumn, figure_table

if TYPE_CHECKING:
    import pandas as pd

    from planner.limits.limit import Tables
    from planner.outputs.labels import DisplayNames
    from planner.outputs.report.figures import Figures, Label

__all__ = ["limits_section"]

_MOST: Final = 14
_OF_A_KIND: Final = 4
_LARGE: Final = 1e5
_PER_MILLION: Final = 1e6
_ZONES: Final = 12


def limits_section(figures: Figures, labels: DisplayNames, binding: pd.DataFrame | InputError) -> Html:
    """Show the limits that bind, the weightiest first, and the headroom of grid zones."""
    return section(
        "limits",
        "Binding limits and shadow prices",
        _binding(figures, labels, binding),
        _headroom(figures, labels),
        _compute(figures, labels),
    )


def _binding(figures: Figures, labels: DisplayNames, binding: pd.DataFrame | InputError) -> Html:
    if not bool(figures.run.tables["solution"]["has_duals"].iloc[0]):
        return element("p", "The solve ended without shadow prices, so nothing is said of limits.")
    if isinstance(binding, InputError):
        problem = binding.problems[0]
        by = figures.run.meta["versions"]["dcplan"]
        text = (
            "The limits that bind are left out: this version of dcplan does not read the inputs "
            f"of the run, which dcplan {by} wrote. {problem.file}: {problem.what_is}. "
            "The report in the run folder, and solving again, show them."
        )
        return element("p", text, class_="bad")
    few = weightiest(binding, _MOST, _OF_A_KIND)
    if few.empty:
        return element("p", "No limit binds that spending more could not lift.")
    rows = [element("li", _sentence(row, figures.run.tables, labels), _worth(row), ".") for _, row in few.iterrows()]
    about = (
        "The limits by which the plan loses most, each in the year in which it binds hardest. "
        "Shadow prices hold for small changes, one at a time."
    )
    return joined([element("p", about), element("ol", rows, class_="binding")])


def _sentence(row: pd.Series, tables: Tables, labels: DisplayNames) -> Html:
    """Say what binds, with names in place of ids."""
    pieces = sentence(row, tables, labels)
    return joined([name(text) if is_name else text for text, is_name in pieces])


def _worth(row: pd.Series) -> Html:
    where = {place: str(row[place]) for place in ("block", *PLACES) if row[place]}
    figure = ReportFigure(float(row["value"]), "prices", "value", {**where, "year": int(row["year"])})
    unit = str(row["unit"])
    price = BY_NAME[str(row["block"])].price
    is_asked = price is not None and price.sign == 1
    before = " one more MWh costs " if is_asked else f" {ONE_MORE[str(row['limit_unit'])]} saves "
    if abs(figure.value) >= _LARGE and unit.startswith("USD"):
        return joined([before, figure.html(per=_PER_MILLION), f" M{unit}"])
    return joined([before, figure.html(), f" {unit}"])


def _headroom(figures: Figures, labels: DisplayNames) -> Html:
    """Show what is left of the headroom of zones in use, the fullest first."""
    year = figures.last
    columns = (
        ("limit_mw", NumberColumn("limit, MW", decimals=0)),
        ("committed_mw", NumberColumn("committed, MW", decimals=0)),
        ("new_firm_mw", NumberColumn("new firm, MW", decimals=0)),
        ("new_non_firm_mw", NumberColumn("new non-firm, MW", decimals=0)),
        ("spare_mw", NumberColumn("left, MW", decimals=0)),
        ("value_usd_per_mw_year", NumberColumn("shadow price, thousand USD/MW-year", per=1e3)),
    )
    of = [figures.sums_by("headroom", column, "zone", year=year) for column, _ in columns]
    limit, spare = of[0], of[4]
    in_use = [key for key in limit if limit[key].value - spare[key].value > 1.0]
    in_use.sort(key=lambda key: spare[key].value / limit[key].value if limit[key].value else 0.0)
    rows = [(labels.zone(str(key[0])), [column.get(key) for column in of]) for key in in_use[:_ZONES]]
    if not rows:
        return NOTHING
    caption = f"Headroom of the grid zones of which some is taken, {year}, the fullest first"
    heads = [column for _, column in columns]
    return figure_table(caption, "zone", heads, rows, shows_caption=True)


def _compute(figures: Figures, labels: DisplayNames) -> Html:
    """Show what one more unit of demand costs at the most expensive region of each workload."""
    prices = figures.run.tables["prices"]
    year = figures.last
    asked = prices[(prices["block"] == "demand_balance") & (prices["year"] == year)]
    if asked.empty:
        return NOTHING
    worst = asked.loc[asked.groupby("workload", sort=False)["value"].idxmax()]
    rows: list[tuple[str, list[ReportFigure | str]]] = []
    for row in worst.to_dict("records"):
        region, workload = str(row["region"]), str(row["workload"])
        where: dict[str, Label] = {"region": region, "workload": workload, "year": year}
        where["block"] = "demand_balance"
        figure = ReportFigure(float(row["value"]), "prices", "value", where)
        rows.append((labels.workload(workload), [figure, labels.region(region)]))
    caption = f"What one more unit of demand costs where it costs most, {year}"
    heads = [NumberColumn("USD/H100e-hour"), NumberColumn("users in")]
    return figure_table(caption, "workload", heads, rows, shows_caption=True)
