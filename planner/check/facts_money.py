"""Rates and prices of money and rent, reckoned a second time from the data and the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, by
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]

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


RULES = (rates_from_tables, interest_during_construction, horizon_from_scenario)
