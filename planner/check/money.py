"""Money: every line of the cost table, discounting, the objective."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.bills import BILLS
from planner.check.frames import at, tally, together
from planner.check.payments import discounts
from planner.check.verdict import Excess, Rule, rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.check.case import Case

__all__ = ["RULES"]

_FLOOR_MUSD = 10.0  # sums of a site are told to 10 USD: they hold decisions of 1e-7 MW
_LINE = ("item", "site", "calendar_year")
_PAID = ("site", "calendar_year")
_UNMET = ("unmet_compute", "shed_load_worth")
_RENTED = "rented_compute"


def _bill(item: str, make: Callable[[Case], pd.DataFrame]) -> Rule:
    """Make the rule that a line of the cost table is what the plan's tables add up to."""

    def test(case: Case) -> Excess:
        own = make(case)
        table = case.plan("costs")
        told = table[table["item"] == item]
        right = tally(own, _PAID, own["musd"])
        left = tally(told, _PAID, told["musd"])
        place = together(_PAID, own, told)
        return Excess.differs(place, at(left, place, _PAID), at(right, place, _PAID))

    what = item.replace("_", " ")
    words = f"The cost line {what} follows, site by site and year by year, from the plan's tables."
    return Rule(f"cost_{item}", words, "MUSD", _FLOOR_MUSD, test)


@rule(unit="lines")
def cost_lines_known(case: Case) -> Excess:
    """The cost table holds no line but those of the cost list."""
    table = case.plan("costs")
    return Excess.where(table[list(_LINE)], ~table["item"].isin(list(BILLS)).to_numpy())


@rule(unit="MUSD", floor=_FLOOR_MUSD)
def discounting(case: Case) -> Excess:
    """Each payment is discounted from the middle of its calendar year to the base year."""
    table = case.plan("costs")
    worth = table["musd"] * table["calendar_year"].map(discounts(case))
    return Excess.differs(table[list(_LINE)], table["npv_musd"].to_numpy(), worth.to_numpy())


@rule(unit="MUSD")
def objective(case: Case) -> Excess:
    """The solver's objective is the sum of the cost table, discounted."""
    total = np.array([case.plan("costs")["npv_musd"].sum()])
    place = pd.DataFrame({"total": ["cost table"]})
    told = float(case.plan("solution")["objective_musd"].sum())  # of one row
    return Excess.differs(place, total, np.array([case.objective_musd])).and_also(
        Excess.differs(place, np.array([told]), np.array([case.objective_musd]))
    )


@rule(unit="MUSD")
def rent_and_unmet_apart(case: Case) -> Excess:
    """Rent, unmet demand and shed load stand on lines of their own, in costs and in the summary."""
    table, summary = case.plan("costs"), case.plan("summary")
    spans = pd.Series(
        {
            year: float(last - year + 1)
            for year, last in zip(
                case.years, case.last_calendar_year(pd.Series(case.years)), strict=True
            )
        }
    )
    model_year = {year: max(t for t in case.years if t <= year) for year in case.calendar}
    paid = table.assign(year=table["calendar_year"].map(model_year))
    own = ~table["item"].isin([*_UNMET, _RENTED])
    parts = []
    for name, rows in (
        ("unmet_musd", table["item"].isin(_UNMET)),
        ("rent_musd", table["item"] == _RENTED),
        ("opex_musd", own & ~table["upfront"]),
        ("upfront_musd", own & table["upfront"]),
        ("cost_musd", table["item"].notna()),
    ):
        sums = tally(paid[rows], ("year",), paid.loc[rows, "musd"])
        mean = at(sums, summary, ("year",)) / at(spans, summary, ("year",), np.nan)
        parts.append(
            Excess.differs(summary[["year"]].assign(what=name), summary[name].to_numpy(), mean)
        )
    return parts[0].and_also(*parts[1:])


RULES = (
    *(_bill(item, make) for item, make in BILLS.items()),
    cost_lines_known,
    discounting,
    objective,
    rent_and_unmet_apart,
)
