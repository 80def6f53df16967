"""Blocks of a scenario about sites: lead times, pace of building, single sites and new ones."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from planner.family.effects import HELD
from planner.family.references import (
    KnownSiteId,
    MarketId,
    NewSiteCountry,
    PlannedMarketId,
    PlannedZoneId,
    SourceId,
    ZoneId,
)
from planner.family.values import Block, Flag, Months, NonNegative, NonNegativeByYear, Number, Override, Positive, Text

_State = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
_Delay = Annotated[float, Field(strict=True, ge=-120, le=120)]


class LeadTimes(Block):
    """Months until a decision serves; the critical path of a site is the longest chain."""

    delay_months: _Delay = 0.0
    """Delay of every new hall and connection; below 0 for faster. [months]"""
    interconnection_delay_months: _Delay = 0.0
    """Delay of grid connections alone; below 0 for faster. [months]"""
    permit_months: Months | None = None
    """Permits instead of the table's figure. [months]"""
    construction_months: Months | None = None
    """Construction instead of the table's figure. [months]"""
    switchgear_months: Months | None = None
    """Delivery of switchgear instead of the table's figure. [months]"""
    transformer_months: Months | None = None
    """Delivery of transformers instead of the table's figure. [months]"""
    interconnection_months: Months | None = None
    """Grid connection of every site instead of its zone's figure. [months]"""
    interconnection_months_by_zone: Mapping[PlannedZoneId, Months] = Field(default_factory=dict)
    """Grid connection by zone instead of either figure. [months]"""
    interconnection_delay_months_by_zone: Mapping[PlannedZoneId, _Delay] = Field(default_factory=dict)
    """Queue by zone: delay of grid connections there, on top of that of all. [months]"""


class Build(Block):
    """How fast halls may be built."""

    rate_scale_frac: NonNegative = 1.0
    """Factor on the build rate of every site. [-]"""
    market_rate_mw_per_year: Mapping[PlannedMarketId, NonNegative] = Field(default_factory=dict)
    """Most critical IT MW that this operator may commission a year, by market. [MW/year]"""
    capex_budget_musd: Annotated[NonNegativeByYear, HELD] | None = None
    """Most overnight capex a year, by year of service, without moves of racks; held until the next
    given year, none before the first. [MUSD]"""
    cash_budget_musd: Annotated[NonNegativeByYear, HELD] | None = None
    """Most cash for assets a calendar year, as table `cash` reports it: halls, connections and
    on-site technologies are paid while they are built, moves of racks are in it. Held until the
    next given year; none before the first. [MUSD]"""
    committed: Flag = True
    """Whether halls under construction may enter service before the lead time has passed."""


class SiteOverride(Override):
    """Figures of one site, this operator's own: no share of `operator` is taken of them."""

    MAY_BE_NULL: ClassVar[frozenset[str]] = frozenset({"water_limit_m3_per_year"})

    exclude: Flag = False
    """Whether the site is left out, with what exists there: it is not spread over other sites."""
    new_halls: Flag = True
    """Whether halls may be built or leased there; if not, what exists stays in service, its racks
    may be replaced and its halls retrofitted."""
    zone: ZoneId | None = None
    """Headroom zone, by its id in table `grid_zones`."""
    market: MarketId | None = None
    """Market of construction costs, by its id in table `facility_market`."""
    existing_mw: NonNegative | None = None
    """Facility power standing in the base year. [MW]"""
    grid_firm_mw: Annotated[NonNegativeByYear, HELD] | None = None
    """Firm connection, held until the next given year; before the first the table's. [MW]"""
    land_limit_mw: NonNegative | None = None
    """Most critical IT power the land can hold, halls that exist included. [MW]"""
    build_rate_mw_per_year: NonNegative | None = None
    """Most critical IT power commissioned a year. [MW/year]"""
    opening_usd: NonNegative | None = None
    """Cost of opening it: permits, studies, fibre, design. [USD]"""
    fixed_usd_per_year: NonNegative | None = None
    """Cost of an open site a year, whatever its size. [USD/year]"""
    minimum_size_mw: NonNegative | None = None
    """Least critical IT power of an open site. [MW]"""
    phase_mw: Positive | None = None
    """Critical IT power of one phase of new halls there, instead of `siting.phase_mw`. [MW]"""
    lead_time_months: Months | None = None
    """Months until a new hall or connection serves, instead of the critical path: whichever has no
    lead of its own; 600, the most, means never. [months]"""
    hall_lead_months: Months | None = None
    """Months until a new hall is built: permits, construction, switchgear and transformers. It
    serves once it has power too: firm or non-firm, of `grid_firm_mw`, or its own. [months]"""
    connection_lead_months: Months | None = None
    """Months until a new firm connection serves; non-firm comes after `grid.non_firm.lead_months`,
    or a share of these. [months]"""
    retail_usd_per_mwh: Positive | None = None
    """Delivered price of a flat load. [USD/MWh]"""
    wholesale_usd_per_mwh: Number | None = None
    """Mean wholesale price. [USD/MWh]"""
    demand_charge_usd_per_kw_month: NonNegative | None = None
    """Demand charge, carved out of the retail price. [USD/kW-month]"""
    water_limit_m3_per_year: NonNegative | None = None
    """Most water a year; null: no limit. [m3/year]"""
    other_load_mw: NonNegative | None = None
    """Load other than racks, at the same meter; constant, or along table `site_series`. It exists
    already: unless `grid_firm_mw` says otherwise, so is a connection for its highest hour. [MW]"""
    existing_source_mw: Mapping[SourceId, NonNegative] | None = None
    """On-site sources that exist and stay, by their ids in table `onsite_sources`. [MW]"""
    existing_storage_mwh: Mapping[SourceId, NonNegative] | None = None
    """Energy of batteries that exist and stay; left out, four hours of their power. [MWh]"""


class NewSite(SiteOverride):
    """A site of one's own; every figure not given is taken from the site in `like`."""

    name: Text
    """Name for reports and maps."""
    country: NewSiteCountry
    """Country, ISO 3166 alpha-2."""
    state: _State | None = None
    """State or province, as VA (ISO 3166-2 without the country), for exports to ReEDS and carbon
    prices of states; left out, that of `like` for carbon prices, and no export to ReEDS."""
    lat: Annotated[float, Field(strict=True, ge=-90, le=90)]
    """Latitude, WGS84. [degrees]"""
    lon: Annotated[float, Field(strict=True, ge=-180, le=180)]
    """Longitude, WGS84. [degrees]"""
    like: KnownSiteId
    """Site whose figures it takes where none are given."""
