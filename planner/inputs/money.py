"""Rates, annuities, and what a hall costs to build."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from planner.base.arrays import Record
from planner.base.units import KW_PER_MW, MONTHS_PER_YEAR, USD_PER_MUSD
from planner.family.table_columns import floats, texts
from planner.inputs.case import trend_factor
from planner.money.finance import interest_during_construction_frac, real_rate, year_weights

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.case import ScopedCase

_ASSETS: Final[tuple[Literal["rack", "facility", "grid", "supply"], ...]] = ("rack", "facility", "grid", "supply")


class Rates(Record):
    """Real cost of capital by asset, from the scenario's nominal one or else table `finance`, and the life of halls."""

    def __init__(self, case: ScopedCase) -> None:
        settings = case.scenario.finance
        given, nominal = settings.inflation_frac, settings.wacc_nominal_frac
        inflation = case.finance_of("inflation", "world") if given is None else given
        nominal = case.finance_of("wacc_nominal", "world") if nominal is None else nominal
        self.plan = float(real_rate(nominal, inflation))  # discount rate, a year as all
        by_asset = {asset: settings.asset_wacc_nominal_frac.get(asset, nominal) for asset in _ASSETS}
        self.of_asset = {str(asset): float(real_rate(rate, inflation)) for asset, rate in by_asset.items()}
        # economic life of halls, retrofits, openings and connections. [yr]
        self.facility_life_years = case.item("facility_cost", "facility_life", "years")


class FinanceInputs(Record):
    """Rates, lives and horizon: what turns costs into payments by calendar year."""

    def __init__(self, case: ScopedCase, rates: Rates) -> None:
        years, settings = case.years, case.scenario.finance
        self.rate_frac = rates.plan  # real
        self.base_year = self.first_year = years.first
        self.last_year = int(case.last_year[-1])
        self.life_years = dict.fromkeys(("facility", "retrofit", "opening", "grid"), rates.facility_life_years)
        self.asset_rate_frac = rates.of_asset  # real WACC
        # real, on the rate of every asset: country risk, [site]
        no_adder = np.zeros(len(case.sites))
        self.site_rate_adder_frac = case.finance_by_site("wacc_adder") if settings.country_risk else no_adder
        # before service, over which what is paid while it is built is paid
        self.spend_months = case.item("facility_cost", "spend_profile_years", "years") * MONTHS_PER_YEAR
        self.build_idc_frac = float(interest_during_construction_frac(rates.of_asset["facility"], self.spend_months))
        self.end_of_horizon: str = settings.end_of_horizon  # annuity, truncated_salvage, perpetuity
        # sum of mid-year discount factors of the years that each stands for, [year]
        calendar = [years.calendar_years(t) for t in range(len(years))]
        self.year_weight = year_weights(rates.plan, calendar, years.first)
        # real, 1 in the base year of money, [year]
        self.opex_escalation = trend_factor(case.finance_of("om_real_escalation", "world"), case.year)


_M2_PER_ACRE: Final = 4046.856
_EDGE: Final = "edge"
_BUILDING: Final = ("shell_core", "site_development", "white_space_fitout", "back_of_house_office")


class HallCost:
    """Cost of halls per MW of critical IT, shape (site, cooling, redundancy).

    Building and plant follow the construction index of the market, the electrical plant the
    topology, the mechanical plant the cooling technology and the topology. Soft costs and
    contingency come on top; land is bought for the facility power behind a MW of IT.
    """

    def __init__(self, case: ScopedCase) -> None:
        items = {name: case.item("facility_cost", name, "USD/W IT") for name in (*_BUILDING, "electrical_N")}
        space = floats(case.redundancy, "space_ratio")
        building = items["shell_core"] * space + sum(items[name] for name in _BUILDING[1:])
        electrical = items["electrical_N"] * floats(case.redundancy, "electrical_capex_ratio")
        mechanical = (
            floats(case.cooling, "capex_usd_per_kw")[:, None]
            * floats(case.redundancy, "mechanical_capex_ratio")
            / KW_PER_MW  # USD/kW to USD/W, which is MUSD/MW
        )
        archetype = np.array(texts(case.sites, "archetype"))
        edge = np.where(archetype == _EDGE, case.item("facility_cost", "edge_site_multiplier", "-"), 1.0)
        local = (floats(case.sites, "index") * edge)[:, None, None]
        on_top = on_top_of_hard_cost(case)
        land = _land_musd_per_mw(case)[:, None, None]
        # overnight, land included, in the money and at the prices of the base year of money
        self.capex_musd_per_mw: Floats = local * on_top * (building + electrical + mechanical) + land
        maintenance = floats(case.redundancy, "maintenance_ratio") * (
            case.item("facility_cost", "maintenance", "1/year of plant capex") * electrical
            + floats(case.cooling, "opex_frac")[:, None] * mechanical
        )
        taxed = local * on_top * building + land
        # maintenance, staff, property tax, insurance and connectivity; no energy
        self.opex_musd_per_mw_year: Floats = (
            local * maintenance
            + (case.finance_by_site("property_tax") * float(case.scenario.finance.property_tax))[:, None, None] * taxed
            + case.finance_by_site("insurance")[:, None, None] * self.capex_musd_per_mw
            + _staff_musd_per_mw_year(case, archetype == _EDGE)[:, None, None]
            + case.item("facility_cost", "connectivity", "USD/kW IT-year") * KW_PER_MW / USD_PER_MUSD
        )


def on_top_of_hard_cost(case: ScopedCase) -> float:
    """Return what halls cost over their hard cost: soft costs and contingency."""
    return (
        1.0
        + case.item("facility_cost", "soft_costs", "fraction of hard cost")
        + case.item("facility_cost", "contingency", "fraction of hard cost")
    )


def construction_factor(case: ScopedCase, start: Floats) -> Floats:
    """Return what building costs at a moment over what it cost in the base year of money."""
    return trend_factor(case.finance_of("construction_real_escalation", "world"), start)


def _land_musd_per_mw(case: ScopedCase) -> Floats:
    acre_per_mw = case.item("facility_cost", "site_area", "acre/MW facility")
    facility_mw = case.scenario.demand.facility_mw_per_rack_mw
    return floats(case.sites, "land_usd_per_m2") * _M2_PER_ACRE * acre_per_mw * facility_mw / USD_PER_MUSD


def _staff_musd_per_mw_year(case: ScopedCase, is_edge: np.ndarray) -> Floats:
    """Staff beyond the least crew of a site, which is a fixed cost of its archetype."""
    fte = np.where(
        is_edge,
        case.item("facility_cost", "staff_fte_small", "FTE/MW IT"),
        case.item("facility_cost", "staff_fte_large", "FTE/MW IT"),
    )
    return np.asarray(fte * case.item("facility_cost", "staff_cost", "USD/FTE-year") / USD_PER_MUSD)
