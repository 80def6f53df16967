"""Settings of sites, halls and racks: scope, lead times, single sites, openings, latency, failover, what is bought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from planner.family.declared import HELD, OnlyWith, Switch
from planner.family.references import (
    CoolingId,
    CountryCode,
    DemandRegionId,
    KnownSiteId,
    MarketId,
    NewSiteCountry,
    OperatorId,
    PlannedMarketId,
    PlannedSiteId,
    PlannedWorkloadId,
    PlannedZoneId,
    RackId,
    RedundancyId,
    SiteId,
    SourceId,
    VendorId,
    WorkloadId,
    ZoneId,
)
from planner.family.values import (
    AllOrSome,
    Block,
    Flag,
    Frac,
    Ids,
    Months,
    NonNegative,
    NonNegativeByYear,
    NotASwitch,
    Number,
    Override,
    Positive,
    Text,
    Whole,
    WholeOrAll,
    Year,
)

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
    on-site technologies are paid while they are built, moves of racks are in it. Where model years
    are skipped, it holds for the calendar years since the one before together, and a note says
    where one of them has more. Held until the next given year; none before the first. [MUSD]"""
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


# --- Block of a scenario about where sites open, how many, and in what steps halls come -----------

_IN_WHOLE: Final = OnlyWith("whole_openings", True, "openings are not integers", "set siting.whole_openings: true")
_Count = Annotated[int, Field(strict=True, ge=1)]


class Siting(Block):
    """Where sites open, how many, and in what steps halls come; what must be integers."""

    whole_openings: Flag = False
    """Whether a site opens fully or not at all, with its least size; else a share of it may."""
    phase_mw: Positive | None = None
    """New halls come in an integer number of phases of this critical IT power; committed halls as
    they are. Left out: any size. [MW]"""
    block_mw: Mapping[PlannedWorkloadId, Positive] = Field(default_factory=dict)
    """Least racks in use of a workload at a site that has any of it, by workload: the block that a
    synchronous training cluster needs in one place, from the year in which racks ordered now can
    serve. Nameplate. [MW]"""
    block_rtt_ms: Mapping[PlannedWorkloadId, Positive] = Field(default_factory=dict)
    """Longest round trip between a site and those whose racks make up its block with it, by
    workload: one synchronous run over several sites. On fibre of their own: the slope of the line
    of the pair, at `latency.quantile`. Left out: a block is in one place. [ms]"""
    block_from_year: Mapping[PlannedWorkloadId, Year] = Field(default_factory=dict)
    """First year in which a workload needs its block, by workload: before it a site may have any
    amount of it, as where what exists is spread over sites that are smaller than a block. Left out:
    the year from which racks ordered now can serve."""
    table_blocks: Flag = False
    """Whether workloads that `block_mw` does not name have the block of table `workloads`, column
    `min_block_mw`."""
    exactly_sites: _Count | None = None
    """Number of sites open in the last model year, existing ones among them; with whole openings
    alone."""
    at_most_sites: _Count | None = None
    """Most sites open in the last model year, existing ones among them; with whole openings
    alone."""
    must_open: Ids[SiteId] = ()
    """Sites that are open in the last model year, whatever they cost."""
    must_not_open: Ids[SiteId] = ()
    """Sites that stay closed."""
    service_cost_table: Text | None = None
    """Cost of serving users from a site, as a file relative to this one with columns from (demand
    region), to (site), usd_per_h100e_year and, if it differs by workload, workload."""
    open_rows: Annotated[Literal["lazy", "all", "none"], _IN_WHOLE] = "lazy"
    """Rows that let each demand be served by open sites only: a stronger bound for many rows. All
    at once, none, or those that the bound breaks: in a search, and where a rounded plan may be more
    than 1 % from the best."""


# --- Blocks of a scenario about round trips: how they are found, and own measurements -------------

_OF_OWN_TABLE: Final = OnlyWith("rtt_table")


class Measured(Block):
    """Use of measured round trips."""

    use: Flag = True
    """Whether a measured pair overrides the fitted line."""
    radius_km: NonNegative = 50.0
    """Both ends of the pair must lie this near. [km]"""


class Latency(Block):
    """Round-trip times between users and sites."""

    quantile: Literal["p50", "p50_public", "p90"] = "p50"
    """Fitted line to plan with: the median (of cloud backbones, as far as there are enough pairs of
    regions), the median of the public internet, or nine in ten of the public internet."""
    metro_radius_km: NonNegative = 80.0
    """Within this distance the metro rule replaces the long-haul line. [km]"""
    metro_rtt_ms: NonNegative = 1.0
    """Round trip within a metro, without the last mile. [ms]"""
    measured: Measured = Measured.model_construct()
    """Use of measured round trips."""
    rtt_table: Text | None = None
    """File of round trips of one's own (from, to, rtt_ms[, one_way]), relative to this file: a row
    for each pair of a demand region and a site in scope."""
    own_rtt_includes_last_mile: Annotated[Flag | None, _OF_OWN_TABLE] = None
    """Whether the figures of `rtt_table` are from end to end. If not, the last mile of the workload
    is added to them, as to the lines; a plan whose scenario leaves this out says so in a note."""
    own_rtt_fill_missing: Annotated[Flag, _OF_OWN_TABLE] = False
    """Whether pairs that `rtt_table` lacks take the fitted line or a measured pair; a note counts
    and names them. Without it they are an error."""


# --- Block of a scenario about the outage of a site: who stands in for whom, and how it is planned ---

_AMONG_NEIGHBOURS: Final = OnlyWith("form", "neighbours", fix="take the form neighbours")
_IN_PAIRS: Final = OnlyWith("form", "pairs", fix="take the form pairs")
_Pair = Annotated[Ids[PlannedSiteId], Field(min_length=2, max_length=2)]
_Together = Annotated[Ids[PlannedSiteId], Field(min_length=2)]


class Failover(Block):
    """How sites cover for each other, for the workloads whose `failover` is true."""

    form: Literal["neighbours", "pairs"] = "neighbours"
    """How the reserve is planned: the neighbours of each site cover its load together, or each
    service has one standby of its own."""
    from_year: Year | None = None
    """First model year in which the outage of a site must be survived; left out: the first of the
    plan."""
    neighbour_users_frac: Annotated[Frac, _AMONG_NEIGHBOURS] = 0.5
    """Neighbours: a site is one of another when it reaches this share of its users in time; with
    0 any user in common is enough. [-]"""
    nearest_standbys: Annotated[WholeOrAll, _IN_PAIRS] = 5
    """Pairs: so many of the sites nearest to the users may stand by for each service, or all."""
    barred_pairs: tuple[_Pair, ...] = ()
    """Pairs of sites that do not stand in for each other."""
    barred_groups: Mapping[Text, _Together] = Field(default_factory=dict)
    """Groups of sites that one event may strike together, such as a flood zone or a substation:
    none stands in for another of its group."""
    barred_within_km: NonNegative = 0.0
    """Sites nearer to each other than this do not stand in for each other. [km]"""
    most_rounds: Annotated[Whole, Field(ge=1)] = 30
    """Most times in a row that a solve is done again with the failures that it did not survive."""


# --- Blocks of a scenario about what it looks at: places, years, the operator ---------------------

_OF_SEASONS: Final = OnlyWith("chronological", False, "time.chronological uses a series of days")
_REPEAT: Final = "representative days repeat themselves without it"


def _as_demand_share(data: dict[str, float]) -> float:
    # The share is missing here only when it is itself wrong, which is reported on its own.
    return data.get("demand_share_frac", 1.0)


class Scope(Block):
    """What the plan looks at; everything outside is left out of the program."""

    countries: AllOrSome[CountryCode] = ("US",)
    """Countries (ISO 3166 alpha-2) whose sites and demand regions take part, or `all`."""
    sites: AllOrSome[SiteId] = "all"
    """Sites that may be used, or `all` of the countries; a list leaves out every site that it does
    not name, those of `new_sites` as well."""
    exclude_sites: Ids[SiteId] = ()
    """Sites to leave out."""
    demand_regions: AllOrSome[DemandRegionId] = "all"
    """Demand regions to serve, or `all` of the countries."""
    exclude_demand_regions: Ids[DemandRegionId] = ()
    """Demand regions to leave out."""
    workloads: AllOrSome[WorkloadId] = "all"
    """Workloads to serve, or `all`."""


class Time(Block):
    """How days represent a year, and time slices a day."""

    chronological: Flag = False
    """Whether the days of table `series_days` tell the year, one after the other, instead of
    representative days; `season_days`, `peak_day_days` and `peak_month` then say nothing."""
    days_repeat: Annotated[Flag, OnlyWith("chronological", True, _REPEAT)] = False
    """Whether each day of that table repeats itself instead of going over into the next, as days
    that `dcplan data days` chooses do: batteries end it at the level they began with."""

    season_days: Annotated[Literal[4, 12], NotASwitch, _OF_SEASONS] = 4
    """Representative days of a year, without the peak day: one per season or per month. [days]"""
    slot_h: Annotated[Literal[1, 2, 3, 4, 6, 8, 12, 24], NotASwitch] = 3
    """Length of a time slice of a day. [h]"""
    peak_day_days: Annotated[Positive, Field(le=28), _OF_SEASONS] = 3.0
    """Days of the peak month that the peak day stands for. [days]"""
    peak_month: Annotated[int, Field(strict=True, ge=1, le=12), _OF_SEASONS] = 7
    """Month the peak day belongs to."""
    peak_weather: Literal["design", "extreme"] = "design"
    """Weather of the peak day: 0.4 % design conditions, or the 20-year extreme."""
    peak_hotter_k: Annotated[NonNegative, Field(le=15)] = 0.0
    """Heat on top of that weather in all hours of the peak day, dry and wet bulb alike. [K]"""


class Operator(Block):
    """How much of the market this plan is for."""

    demand_share_frac: Annotated[Positive, Field(le=1)] = 0.10
    """Share of the demand path that this operator serves. [-]"""
    headroom_share_frac: Frac = Field(default_factory=_as_demand_share)
    """Share of each zone's grid headroom; left out: the demand share. [-]"""
    stock_share_frac: Frac | None = None
    """Share of the market's halls and racks of the base year; left out: the demand share, or none
    where table `existing_halls` or `existing_racks` has a row. [-]"""
    stock_sites: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Number of largest markets that the stock is in; left out: every market in scope."""
    pipeline_share_frac: Frac | None = None
    """Share of the market's halls under construction; left out: as for `stock_share_frac`. [-]"""
    rent_share_frac: Frac = Field(default_factory=_as_demand_share)
    """Share of the compute that clouds rent out; left out: the demand share. [-]"""
    deliveries_share_frac: Frac = Field(default_factory=_as_demand_share)
    """Share of the racks that vendors deliver; left out: the demand share. [-]"""
    site_limit_share_frac: Frac = Field(default_factory=_as_demand_share)
    """Share of each site's land, build rate and water; left out: the demand share. [-]"""


# --- Halls and racks: which may be built and bought, and how they fill, change and move -----------


class Halls(Block):
    """Which halls may be built, and how they fill."""

    cooling: AllOrSome[CoolingId] = "all"
    """Cooling technologies of new halls, or `all`."""
    redundancy: AllOrSome[RedundancyId] = "all"
    """Redundancy topologies of new halls, or `all`."""
    ramp_months: Annotated[Months, Field(le=60)] = 12.0
    """Time after energisation until a hall is fully usable. [months]"""
    ramp_mean_frac: Annotated[Positive, Field(le=1)] = 0.6
    """Mean usable share during the ramp. [-]"""
    diversity_frac: Annotated[Positive, Field(le=1)] = 0.9
    """Hall power to hold per MW of rack nameplate, as racks do not peak together. [MW/MW]"""
    free_frac: Annotated[NonNegative, Field(lt=1)] = 0.0
    """Share of the power of halls that racks leave free: vacancy and reserve. [-]"""


class Retrofit(Block):
    """Turning a standing hall into another design."""

    allow: Flag = True
    """Whether halls may be retrofitted."""
    cost_usd_per_kw: NonNegative | None = None
    """Cost instead of the table's figure. [USD/kW]"""
    duration_months: Months | None = None
    """Time out of service instead of the table's figure. [months]"""


class Lease(Block):
    """Halls leased from a colocation provider, as many MW in each model year as it needs."""

    allow: Switch = False
    """Whether halls may be leased."""
    usd_per_kw_month: Positive | None = None
    """Rent instead of the table's figure. [USD/kW-month]"""
    depth_mw_per_site: NonNegative = 20.0
    """Most critical IT MW on offer at a site. [MW]"""


class RackOverride(Override):
    """Figures of one rack type that replace those of table `racks`."""

    MAY_BE_NULL: ClassVar[frozenset[str]] = frozenset({"training_h100e", "inference_h100e", "last_year"})

    peak_kw: Positive | None = None
    """Nameplate power. [kW]"""
    busy_frac: Annotated[Positive, Field(le=1)] | None = None
    """Power at full work over nameplate. [-]"""
    idle_frac: Frac | None = None
    """Idle power over busy power. [-]"""
    training_h100e: Positive | None = None
    """Training throughput; null: not for training. [H100e]"""
    inference_h100e: Positive | None = None
    """Inference throughput; null: not for inference. [H100e]"""
    memory_gb: NonNegative | None = None
    """Largest fast memory of the rack that works as one, that of a server or of what NVLink joins,
    instead of table `rack_memory`. [GB]"""
    capex_usd: NonNegative | None = None
    """Price of the rack. [USD]"""
    fabric_adder_frac: NonNegative | None = None
    """Network and storage on top of the price. [-]"""
    first_year: Year | None = None
    """First year in which it can be installed."""
    last_year: Year | None = None
    """Last year in which it is sold; null: sold without an end."""
    life_years: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Economic and technical life. [years]"""
    space_m2: Positive | None = None
    """Floor space with its share of aisles. [m2]"""
    liquid_heat_frac: Frac | None = None
    """Share of the heat taken by liquid. [-]"""


class Racks(Block):
    """Which racks may be bought, and their figures."""

    allow: AllOrSome[RackId] = "all"
    """Rack types that may be bought, or `all`."""
    exclude: Ids[RackId] = ()
    """Rack types that may not be bought; those that exist already stay."""
    vendors: AllOrSome[VendorId] = "all"
    """Vendors that racks are bought from, or `all`; standard equipment (`general`) always."""
    bought_as: OperatorId | None = None
    """Operator of table `operator_fleets` from whose vendors alone racks are bought."""
    end_of_sale: Flag = True
    """Whether a rack type is bought no later than its last year on sale."""
    whole: Flag = False
    """Whether racks are bought in integers: none of a type at a site in a year, or one at least."""
    override: Mapping[RackId, RackOverride] = Field(default_factory=dict)
    """Figures by rack type instead of table `racks`."""


class Cascade(Block):
    """Moving racks from training to inference."""

    allow: Flag = True
    """Whether racks may move."""
    cost_usd_per_kw: NonNegative = 400.0
    """Cost of a move per kW of nameplate. [USD/kW]"""
    min_age_years: Whole = 2
    """Age from which a rack may move. [years]"""


class Deliveries(Block):
    """Racks that vendors can deliver."""

    limit: Flag = True
    """Whether deliveries are limited."""
    scale_frac: NonNegative = 1.0
    """Factor on the limit of every vendor and year. [-]"""
