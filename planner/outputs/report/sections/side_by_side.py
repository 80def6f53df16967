"""Results of runs side by side, with their differences to the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.report.markup import NOTHING, Html, element
from planner.outputs.report.page import section
from planner.outputs.report.table import Column, figure_table
from planner.results.costs import PAID_FOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.outputs.report.figures import Figure, Figures

__all__ = ["common_years", "side_by_side"]

# Label, column of table `summary`, what numbers are divided by.
_OF_YEAR: Final = (
    ("Demand, kH100e", "demand_kh100e", 1.0),
    ("served by own sites, kH100e", "served_kh100e", 1.0),
    ("rented, kH100e", "rented_kh100e", 1.0),
    ("unmet, kH100e", "unmet_kh100e", 1.0),
    ("Sites in use", "sites_in_use", 1.0),
    ("Racks in use, MW", "nameplate_mw", 1.0),
    ("At the meter, mean MW", "facility_mean_mw", 1.0),
    ("At the meter, peak MW", "facility_peak_mw", 1.0),
    ("New firm connection, MW", "new_firm_mw", 1.0),
    ("Emissions, kt CO2", "emissions_kt", 1.0),
    ("Water, thousand m3", "water_m3", 1000.0),
    ("Payments of the year, MUSD", "cost_musd", 1.0),
)
_DIGITS: Final = 4


def common_years(figures: Sequence[Figures]) -> list[int]:
    """Return the model years that all runs have."""
    return [year for year in figures[0].years if all(year in of.years for of in figures)]


def side_by_side(figures: Sequence[Figures], letters: Sequence[str]) -> Html:
    """Show the cost of the plans, and their results in the last model year that all have."""
    heads = [*letters, *(f"{one} less {letters[0]}" for one in letters[1:])]
    columns = [Column(head) for head in heads]
    npv: tuple[tuple[str, dict[str, bool]], ...] = (
        ("Net present value, MUSD", {}),
        (f"of it {PAID_FOR[True]}", {"upfront": True}),
        (f"of it {PAID_FOR[False]}", {"upfront": False}),
    )
    cost = [
        (label, _row([of.sum("costs", "npv_musd", **where) for of in figures]))
        for label, where in npv
    ]
    parts = [_caution(figures), figure_table("Cost of the plans", "", columns, cost)]
    years = common_years(figures)
    if not years:
        parts.append(element("p", "The runs have no model year in common.", class_="note"))
        return section("answer", "Side by side", *parts)
    rows = [
        (label, _row([of.sum("summary", column, year=years[-1]) for of in figures], per))
        for label, column, per in _OF_YEAR
    ]
    caption = f"The plans in {years[-1]}"
    table = figure_table(caption, "", columns, rows, shows_caption=True)
    return section("answer", "Side by side", *parts, table)


def _row(of: Sequence[Figure], per: float = 1.0) -> list[Html]:
    """Return the numbers of the runs, then the differences of the others to the first."""
    all_of = [*of, *(one.above(of[0]) for one in of[1:])]
    return [one.html(per=per, digits=_DIGITS) for one in all_of]


def _caution(figures: Sequence[Figures]) -> Html:
    """Warn where costs are of other horizons or rates."""
    columns = ["first_year", "last_year", "discount_rate_frac", "end_of_horizon"]
    horizons = {tuple(of.run.tables["solution"][columns].iloc[0]) for of in figures}
    if len(horizons) == 1:
        return NOTHING
    text = (
        "The runs differ in horizon, discount rate or what follows the horizon: their net present "
        "values do not compare like with like."
    )
    return element("p", text, class_="bad")
