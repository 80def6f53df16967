"""Blocks of a scenario about power made or stored at the sites themselves."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from planner.scenario.effects import PAID_AT_START, SWITCH, Switch
from planner.scenario.references import FuelId, PlannedSiteId, SourceId
from planner.scenario.values import (
    AllOrSome,
    Block,
    Flag,
    Frac,
    Ids,
    Months,
    NonNegative,
    NonNegativeByYear,
    Override,
    Positive,
)

__all__ = ["Bridge", "Export", "SourceOverride", "Standby", "Supply"]

_Efficiency = Annotated[Positive, Field(le=1)]


class SourceOverride(Override):
    """Figures of one source that replace those of table `onsite_sources`, in every year."""

    MAY_BE_NULL: ClassVar[frozenset[str]] = frozenset({"max_hours_per_year"})

    capex_usd_per_kw: Annotated[NonNegativeByYear, PAID_AT_START] | None = None
    """Overnight cost; of a battery, its power. Straight lines between the given years. [USD/kW]"""
    energy_capex_usd_per_kwh: Annotated[NonNegativeByYear, PAID_AT_START] | None = None
    """Overnight cost of a battery's energy, straight lines between the given years. [USD/kWh]"""
    fixed_usd_per_unit_year: NonNegative | None = None
    """Fixed upkeep, per kW; of a battery per kWh. [USD/kW-year or USD/kWh-year]"""
    variable_usd_per_mwh: NonNegative | None = None
    """Upkeep that follows the output; of a battery, the energy that it delivers. [USD/MWh]"""
    heat_rate_mmbtu_per_mwh: NonNegative | None = None
    """Fuel for each MWh, higher heating value. [MMBtu/MWh]"""
    availability_frac: Frac | None = None
    """Share of capacity that can run; of sun and wind the mean over the year. [-]"""
    efficiency_frac: _Efficiency | None = None
    """Round trip of a battery, half of the loss each way. [-]"""
    charge_efficiency_frac: _Efficiency | None = None
    """Energy stored over energy charged, instead of the root of the round trip. [-]"""
    discharge_efficiency_frac: _Efficiency | None = None
    """Energy delivered over energy taken out, instead of the root of the round trip. [-]"""
    duration_h: Positive | None = None
    """Energy of a battery over its power; left out: the plan chooses. [h]"""
    cycle_life_cycles: Positive | None = None
    """Full cycles after which a battery is worn out. [cycles]"""
    life_years: Positive | None = None
    """Economic and technical life. [years]"""
    co2_t_per_mwh: NonNegative | None = None
    """Emissions at the site. [t CO2/MWh]"""
    min_size_mw: NonNegative | None = None
    """Smallest plant; of a battery, its power. Asked for by `supply.whole_sources`. [MW]"""
    lead_months: Months | None = None
    """Time from the decision to service. [months]"""
    max_hours_per_year: NonNegative | None = None
    """Most hours at full output a year; null: no limit. [h/year]"""


class Export(Block):
    """Selling power of on-site sources to the grid."""

    allow: Switch = False
    """Whether sites may export, within their firm connection."""
    wholesale_price_frac: NonNegative = 1.0
    """Price of a MWh sold over the wholesale price of its hour. [-]"""


class Bridge(Block):
    """Sources that serve until the grid arrives, then leave for another place or owner."""

    sources: Annotated[Ids[SourceId], SWITCH] = ()
    """Sources out of `supply.allow` that may leave; they must burn fuel."""
    until_grid: Flag = False
    """Whether they serve only up to the year in which a new connection ordered at the start of
    decisions is there; false: they may also stay, where that costs less."""
    residual_frac: Frac | None = None
    """Worth when leaving over the price of a new one, instead of table `bridge_power`. [-]"""
    redeploy_usd_per_kw: NonNegative | None = None
    """Taking down and hauling away instead of the table's figure. [USD/kW]"""


class Standby(Block):
    """Generators that halls have for outages, run to carry load in ordinary times."""

    allow: Switch = False
    """Whether they may run, within the hours of their permit."""
    source: SourceId | None = None
    """What they are, by its id in table `onsite_sources`: fuel, hours, emissions; left out:
    diesel_backup."""
    mw_per_hall_mw: NonNegative | None = None
    """Generators per MW of own hall, instead of the redundancy's figure. [MW/MW]"""

    @property
    def source_id(self) -> str:
        """The source that they are."""
        return self.source or "diesel_backup"


class Supply(Block):
    """Power made or stored at the sites; without an allowed source, all comes from the grid."""

    allow: Ids[SourceId] = ()
    """Sources that may be built, by their ids in table `onsite_sources`."""
    sites: AllOrSome[PlannedSiteId] = "all"
    """Sites at which they may be built and standby generators may run, or `all`."""
    whole_sources: Flag = False
    """Whether what is built of a source at a site in a year is nothing or at least its smallest
    plant, `min_size_mw`; else any part of one."""
    max_mw: Mapping[SourceId, NonNegative] = Field(default_factory=dict)
    """Most power of a source at one site, instead of the table's figure. [MW]"""
    override: Mapping[SourceId, SourceOverride] = Field(default_factory=dict)
    """Figures by source instead of those of table `onsite_sources`."""
    fuel_price_usd_per_mmbtu: Mapping[FuelId, NonNegativeByYear] = Field(default_factory=dict)
    """Price by fuel at every site instead of table `fuel_prices`; straight lines between the
    given years. [USD/MMBtu]"""
    export: Export = Export()
    """Selling power of on-site sources to the grid."""
    bridge: Bridge = Bridge()
    """Sources that serve until the grid arrives, then leave for another place or owner."""
    standby: Standby = Standby()
    """Generators that halls have for outages, run to carry load in ordinary times."""
