"""Discounting, cost of capital and lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from planner.base.units import MONTHS_PER_YEAR
from planner.inputs.case import trend_factor
from planner.money.finance import interest_during_construction_frac, real_rate, year_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.inputs.case import ScopedCase

__all__ = ["FinanceInputs", "Rates", "finance_inputs", "real_rates"]

_ASSETS: Final[tuple[Literal["rack", "facility", "grid", "supply"], ...]] = ("rack", "facility", "grid", "supply")


@dataclass(frozen=True)
class FinanceInputs:
    """Rates, lives and horizon: what turns costs into payments by calendar year."""

    rate_frac: float  # real
    base_year: int
    first_year: int
    last_year: int
    life_years: Mapping[str, float]  # facility, retrofit, opening, grid
    asset_rate_frac: Mapping[str, float]  # real WACC per asset class (rack, facility, grid)
    site_rate_adder_frac: Floats  # [site], real, on the rate of every asset: country risk
    build_idc_frac: float
    spend_months: float  # before service, over which what is paid while it is built is paid
    end_of_horizon: str  # annuity, truncated_salvage, perpetuity
    year_weight: Floats  # [year]: sum of mid-year discount factors of the years it stands for
    opex_escalation: Floats  # [year], real, 1 in the base year of money


@dataclass(frozen=True)
class Rates:
    """Real cost of capital by asset, and the life of halls."""

    plan: float  # real yearly rates; `plan` is the discount rate
    rack: float
    facility: float
    grid: float
    supply: float
    facility_life_years: float  # economic life of halls, retrofits, openings and connections. [yr]


def real_rates(case: ScopedCase) -> Rates:
    """Return real rates from the scenario's nominal ones, or else from table `finance`."""
    settings = case.scenario.finance
    inflation = settings.inflation_frac
    if inflation is None:
        inflation = case.finance_of("inflation", "world")
    nominal = settings.wacc_nominal_frac
    if nominal is None:
        nominal = case.finance_of("wacc_nominal", "world")
    plan = float(real_rate(nominal, inflation))
    own = {
        asset: float(real_rate(settings.asset_wacc_nominal_frac[asset], inflation))
        if asset in settings.asset_wacc_nominal_frac
        else plan
        for asset in _ASSETS
    }
    return Rates(plan, **own, facility_life_years=case.item("facility_cost", "facility_life", "years"))


def finance_inputs(case: ScopedCase, rates: Rates) -> FinanceInputs:
    """Return what the cost list needs to know of money and time."""
    years = case.years
    life = rates.facility_life_years
    calendar = [years.calendar_years(t) for t in range(len(years))]
    months = case.item("facility_cost", "spend_profile_years", "years") * MONTHS_PER_YEAR
    return FinanceInputs(
        rate_frac=rates.plan,
        base_year=years.first,
        first_year=years.first,
        last_year=int(case.last_year[-1]),
        life_years={"facility": life, "retrofit": life, "opening": life, "grid": life},
        asset_rate_frac={asset: getattr(rates, asset) for asset in _ASSETS},
        site_rate_adder_frac=_country_risk(case),
        spend_months=months,
        build_idc_frac=float(interest_during_construction_frac(rates.facility, months)),
        end_of_horizon=case.scenario.finance.end_of_horizon,
        year_weight=year_weights(rates.plan, calendar, years.first),
        opex_escalation=trend_factor(case.finance_of("om_real_escalation", "world"), case.year),
    )


def _country_risk(case: ScopedCase) -> np.ndarray:
    """Premium of every site's country on the cost of capital, shape (site,)."""
    if not case.scenario.finance.country_risk:
        return np.zeros(len(case.sites))
    return case.finance_by_site("wacc_adder")
