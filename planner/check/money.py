"""Money: every line of the cost table, discounting, the objective."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.bills import BILLS
from planner.check.frames import at, by, tally, together
from planner.check.payments import discounts
from planner.check.verdict import Excess, Rule, rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.check.case import Case

__all__ = ["FACTS", "RULES"]


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


_MONEY_YEAR = 2025
_STEPS = 100_000


def _real(case: Case, nominal: float | None) -> float:
    """Real rate that belongs to a nominal one, or to that of the tables."""
    settings = case.scenario.finance
    inflation = settings.inflation_frac
    inflation = case.finance_of("inflation", "world") if inflation is None else inflation
    nominal = case.finance_of("wacc_nominal", "world") if nominal is None else nominal
    return (nominal - inflation) / (1.0 + inflation)


@rule(unit="1/year")
def rates_from_tables(case: Case) -> Excess:
    """Rates are real, of the plan, of kinds of assets and of countries; upkeep grows from 2025."""
    settings, told = case.scenario.finance, case.inputs.finance
    plan = settings.wacc_nominal_frac
    kinds = sorted(told.asset_rate_frac)
    own = [_real(case, plan)]
    own += [_real(case, settings.asset_wacc_nominal_frac.get(kind, plan)) for kind in kinds]  # type: ignore[call-overload]
    given = [told.rate_frac, *(told.asset_rate_frac[kind] for kind in kinds)]
    place = pd.DataFrame({"rate": ["plan", *kinds]})
    sites = pd.DataFrame({"rate": list(case.inputs.sets.site.labels)})
    risk = case.finance_of_sites("wacc_adder") * float(settings.country_risk)
    years = np.array([told.base_year - case.years[0]], dtype=np.float64)
    upkeep = 1.0 + case.finance_of("om_real_escalation", "world")
    later = np.clip(np.array(case.years) - _MONEY_YEAR, 0, None)
    return Excess.differs(place, np.array(given), np.array(own)).and_also(
        Excess.differs(sites, told.site_rate_adder_frac, at(risk, sites, ("rate",), np.nan)),
        Excess.differs(pd.DataFrame({"rate": ["base year"]}), years, np.zeros(1)),
        Excess.differs(pd.DataFrame({"rate": case.years}), told.opex_escalation, upkeep**later),
    )


@rule(unit="-")
def interest_during_construction(case: Case) -> Excess:
    """Halls carry interest on even spending until service, here added up step by step."""
    items = by(case.data("facility_cost"), "item", "value")
    years = float(items["spend_profile_years"])
    rate = case.inputs.finance.asset_rate_frac["facility"]
    waits = (np.arange(_STEPS) + 0.5) / _STEPS * years
    own = np.mean((1.0 + rate) ** waits) - 1.0
    told = np.array([case.inputs.finance.build_idc_frac])
    return Excess.differs(pd.DataFrame({"what": ["halls"]}), told, np.array([own]))


@rule(unit="years or -")
def horizon_from_scenario(case: Case) -> Excess:
    """Plans are paid over their model years, halls and connections over the life in the tables.

    The weight of a model year is a payment in the middle of each of its years, discounted.
    """
    told = case.inputs.finance
    life = float(by(case.data("facility_cost"), "item", "value")["facility_life"])
    lives = dict.fromkeys(("facility", "retrofit", "opening", "grid"), life)
    kinds = sorted({*lives, *told.life_years})
    given = [told.first_year, told.last_year, *(told.life_years.get(k, np.nan) for k in kinds)]
    own = [case.years[0], case.years[-1], *(lives.get(kind, np.nan) for kind in kinds)]
    place = pd.DataFrame({"what": ["first year", "last year", *kinds]})
    rate = _real(case, case.scenario.finance.wacc_nominal_frac)
    years = pd.Series(case.calendar)
    worth = np.exp(-np.log1p(rate) * (years - case.years[0] + 0.5))
    model_year = [max(year for year in case.years if year <= now) for now in years]
    weight = worth.groupby(model_year).sum()
    return Excess.differs(
        place, np.array(given, dtype=np.float64), np.array(own, dtype=np.float64)
    ).and_also(
        Excess.differs(
            pd.DataFrame({"what": case.years}),
            told.year_weight,
            weight.loc[list(case.years)].to_numpy(dtype=np.float64),
        )
    )


FACTS = (rates_from_tables, interest_during_construction, horizon_from_scenario)
