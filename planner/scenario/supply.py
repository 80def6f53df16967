"""Settings of power: grid, on-site supply, contracts, carbon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from planner.family.declared import HELD, PAID_AT_START, SWITCH, Switch
from planner.family.references import (
    ConnectionServiceId,
    FuelId,
    PlannedSiteId,
    PlannedZoneId,
    PpaTechnologyId,
    SourceId,
)
from planner.family.values import (
    AllOrSome,
    Block,
    Flag,
    Frac,
    FracByYear,
    Ids,
    Months,
    NonNegative,
    NonNegativeByYear,
    Override,
    Positive,
    Text,
    Year,
)

# --- Blocks of a scenario about power made or stored at the sites themselves ----------------------

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
    export: Export = Export.model_construct()
    """Selling power of on-site sources to the grid."""
    bridge: Bridge = Bridge.model_construct()
    """Sources that serve until the grid arrives, then leave for another place or owner."""
    standby: Standby = Standby.model_construct()
    """Generators that halls have for outages, run to carry load in ordinary times."""


# --- Blocks of a scenario about the grid: connections, headroom, non-firm power, shedding ---------

_CURTAILMENT_RATES_PCT = (0.25, 0.5, 1.0, 5.0)


def _studied_rate(rate_pct: float) -> float:
    if rate_pct not in _CURTAILMENT_RATES_PCT:
        msg = "0.25, 0.5, 1 or 5, the rates that the headroom study gives"
        raise ValueError(msg)
    return rate_pct


class Shed(Block):
    """Load left unserved in stress time slices: deferrable work is not done at all."""

    allow: Switch = False
    """Whether load may be shed at sites with non-firm power."""
    usd_per_mwh: NonNegative = 5000.0
    """What a MWh that is not served costs: the worth of the work that is lost. [USD/MWh]"""
    max_hours_per_year: Annotated[NonNegative, Field(le=8760)] = 100.0
    """Hours of a year in which load may be shed, the most stressed first. [h/year]"""
    max_energy_frac: Frac = 0.005
    """Most energy shed at a site in a year, over what it would use. [-]"""


class NonFirm(Block):
    """Connection that the grid may switch off in the stress time slices of its zone."""

    allow: Switch = False
    """Whether non-firm connection may be bought in addition to firm."""
    sites: AllOrSome[PlannedSiteId] = "all"
    """Sites at which it may be had, or `all`."""
    service: ConnectionServiceId = "nonfirm"
    """Kind of service, by its id in table `connection_services`."""
    usd_per_mw: NonNegative | None = None
    """Cost of non-firm connection instead of the service's share of that of firm. [USD/MW]"""
    lead_months: Months | None = None
    """Months until it serves instead of the service's share of the zone's lead. [months]"""
    curtail: Literal["pro_rata", "last_in"] = "pro_rata"
    """Who is off: all alike, for the curtailment rate's hours of a year; or those last in, so that
    what a zone takes at a lower rate is off for that rate's hours alone."""
    shed: Shed = Shed.model_construct()
    """Load left unserved in stress time slices."""


class Grid(Block):
    """Connections and what the grid has room for."""

    curtailment_rate_pct: Annotated[
        Positive, AfterValidator(_studied_rate), Field(json_schema_extra={"enum": list(_CURTAILMENT_RATES_PCT)})
    ] = 0.5
    """Share of new load's energy that may be curtailed; sets the headroom. [%]"""
    headroom_growth: Flag = True
    """Whether headroom grows over the years as table `zone_headroom_growth` says."""
    headroom_scale_frac: NonNegative = 1.0
    """Factor on the headroom of every zone. [-]"""
    firm_headroom_frac: Frac | None = None
    """New firm connection that a zone takes, over its headroom at the lowest rate; null: firm
    connection may take all of the headroom, as if nothing of it were curtailed. [-]"""
    expansion_usd_per_mw: NonNegative | None = None
    """Cost of new connection instead of the table's figure. [USD/MW]"""
    contract_min_nameplate_frac: Frac = 0.0
    """Least connection per MW of nameplate load in service. [-]"""
    non_firm: NonFirm = NonFirm.model_construct()
    """Connection that the grid may switch off in the stress time slices of its zone."""


# --- Blocks of a scenario about carbon and water --------------------------------------------------


class Carbon(Block):
    """Emissions: what they cost, and how much there may be."""

    accounting: Literal["location", "market"] = "location"
    """What cap and price count of power drawn: location: the grid at the site; market: the same
    less power under contract, as far as `contracts.matching.mode` lets it count."""
    embodied: Flag = False
    """Whether cap and price also count the making of racks, halls and on-site sources, in the model
    year they enter service."""
    fuel_schemes: Flag = False
    """Whether fuel burnt at sites pays the carbon price of its state or country, as in table
    `carbon_prices`; the price of grid power holds it already."""
    cap_kt: Annotated[NonNegativeByYear, HELD] | None = None
    """Most emissions a year, held until the next given year; none before the first. [kt CO2]"""
    price_usd_per_t: Annotated[NonNegativeByYear, HELD] = 0.0
    """Price of emissions, held until the next given year; none before the first. [USD/t CO2]"""


class Water(Block):
    """Water for cooling."""

    limit: Flag = True
    """Whether the water limits of sites hold."""
    price_scale_frac: NonNegative = 1.0
    """Factor on the price of water. [-]"""
    stress_prices: Flag = False
    """Whether a price rises with the water stress of its basin, as table `water_classes` says."""
    stress_limits: Flag = False
    """Whether permits limit water per MW of critical IT by water stress, as that table says."""
    max_stress_score: Annotated[NonNegative, Field(le=5)] | None = None
    """Sites above this water stress build no halls that evaporate water; null: no rule. [0-5]"""


# --- Blocks of a scenario about power bought under contract, and what of the use must be clean ----


class Agreement(Block):
    """What a power purchase agreement delivers, signed already or on offer."""

    technology: PpaTechnologyId
    """Technology, as in table `ppa_prices`, where the strike of one on offer is looked up."""
    kind: Literal["physical", "financial"] = "financial"
    """physical: the power is delivered to the sites of its zone, which pay no wholesale price for
    it but all that is added to it (a site billed by a bundled tariff pays no wholesale price and
    saves nothing); financial: the plant sells to the market and the plan receives what the market
    pays."""
    profile: Literal["solar", "wind", "flat"] | None = None
    """How it delivers by the hour; left out: that of its technology, flat for those that follow
    neither sun nor wind."""
    capacity_factor_frac: Annotated[Frac, Field(gt=0)] | None = None
    """Mean output over capacity instead of that of the profile, which is 1 where it is flat. [-]"""


class Ppa(Agreement):
    """One kind of power purchase agreement on offer: the plan chooses where, when and how much.

    What the plant makes is paid at the strike, whether it is needed or not.
    """

    zones: AllOrSome[PlannedZoneId] = "all"
    """Grid zones in which it is on offer, or `all` that have sites."""
    price_usd_per_mwh: NonNegativeByYear | None = None
    """Strike by the year in which delivery begins, straight lines between the given years;
    left out: that of table `ppa_prices`. [USD/MWh]"""
    term_years: Annotated[int, Field(strict=True, ge=1, le=40)] = 12
    """Years of delivery; the strike stays what it was, in money of constant worth. [years]"""
    lead_months: Months = 24.0
    """Time from the decision to delivery. [months]"""
    max_mw: NonNegative = 1000.0
    """Most capacity in force in one zone. [MW]"""


class ExistingPpa(Agreement):
    """A power purchase agreement that is signed already: the plan keeps it to its end.

    What the plant makes is paid at its price, whether it is needed or not.
    """

    zone: PlannedZoneId
    """Grid zone that it delivers in."""
    mw: NonNegative
    """Capacity under contract. [MW]"""
    first_year: Year
    """First calendar year of delivery, from 1 January. [year]"""
    last_year: Year
    """Last calendar year of delivery, to 31 December. [year]"""
    price_usd_per_mwh: NonNegative
    """What is paid for a MWh, in money of constant worth. [USD/MWh]"""


class Matching(Block):
    """Which share of the energy used must be clean: bought, made at the sites, or of the grid."""

    mode: Literal["annual", "hourly"] = "annual"
    """Whether contracts count against the use of the whole year, or only time slice by time slice
    as they deliver (24/7)."""
    target_frac: Annotated[FracByYear, HELD] | None = None
    """Least clean share of the energy used, held until the next given year; none before the
    first. [-]"""


class Contracts(Block):
    """Power bought under contract; nothing is on offer or signed unless it is listed here."""

    ppa: Mapping[Text, Ppa] = Field(default_factory=dict)
    """Power purchase agreements on offer, by names of one's own."""
    existing: Mapping[Text, ExistingPpa] = Field(default_factory=dict)
    """Power purchase agreements that are signed already, by names of one's own."""
    area: Literal["zone", "country", "operator"] = "country"
    """Where what a contract delivers may count as clean, and where the target holds: at the sites
    of its zone, of its country, or at all sites."""
    matching: Matching = Matching.model_construct()
    """Which share of the energy used must be clean."""

    @property
    def agreements(self) -> Mapping[str, Agreement]:
        """Agreements on offer, then those that are signed already."""
        return {**self.ppa, **self.existing}
