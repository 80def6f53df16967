"""Blocks of a scenario about what serves the demand: racks, halls, grid, rent, single sites."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from planner.scenario.price_blocks import LoadPrice, PriceShock
from planner.scenario.tariff_blocks import OwnTariff, TariffUse
from planner.scenario.values import (
    AllOrSome,
    Block,
    Flag,
    Frac,
    Ids,
    Months,
    NonNegative,
    NonNegativeByYear,
    Number,
    Override,
    Positive,
    PositiveByYear,
    Text,
    Whole,
    Year,
)

__all__ = [
    "Build",
    "Carbon",
    "Cascade",
    "Deliveries",
    "Energy",
    "Halls",
    "LeadTimes",
    "Lease",
    "NewSite",
    "RackOverride",
    "Racks",
    "Rent",
    "Retrofit",
    "SiteOverride",
    "Water",
]

_Delay = Annotated[float, Field(strict=True, ge=-120, le=120)]


class RackOverride(Override):
    """Figures of one rack type that replace those of table `racks`."""

    MAY_BE_NULL: ClassVar[frozenset[str]] = frozenset({"training_h100e", "inference_h100e"})

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
    capex_usd: NonNegative | None = None
    """Price of the rack. [USD]"""
    fabric_adder_frac: NonNegative | None = None
    """Network and storage on top of the price. [-]"""
    first_year: Year | None = None
    """First year in which it can be installed."""
    life_years: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Economic and technical life. [years]"""
    space_m2: Positive | None = None
    """Floor space with its share of aisles. [m2]"""
    liquid_heat_frac: Frac | None = None
    """Share of the heat taken by liquid. [-]"""


class Racks(Block):
    """Which racks may be bought, and their figures."""

    allow: AllOrSome = "all"
    """Rack types that may be bought, or `all`."""
    exclude: Ids = ()
    """Rack types that may not be bought; those that stand already stay."""
    override: Mapping[Text, RackOverride] = Field(default_factory=dict)
    """Figures by rack type instead of table `racks`."""


class Halls(Block):
    """Which halls may be built, and how they fill."""

    cooling: AllOrSome = "all"
    """Cooling technologies of new halls, or `all`."""
    redundancy: AllOrSome = "all"
    """Redundancy topologies of new halls, or `all`."""
    ramp_months: Annotated[Months, Field(le=60)] = 12.0
    """Time after energisation until a hall is fully usable. [months]"""
    ramp_mean_frac: Annotated[Positive, Field(le=1)] = 0.6
    """Mean usable share during the ramp. [-]"""
    diversity_frac: Annotated[Positive, Field(le=1)] = 0.9
    """Hall power to hold per MW of rack nameplate, as racks do not peak together. [MW/MW]"""


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
    interconnection_months_by_zone: Mapping[Text, Months] = Field(default_factory=dict)
    """Grid connection by zone instead of either figure. [months]"""
    interconnection_delay_months_by_zone: Mapping[Text, _Delay] = Field(default_factory=dict)
    """Queue by zone: delay of grid connections there, on top of that of all. [months]"""


class Build(Block):
    """How fast halls may be built."""

    rate_scale_frac: NonNegative = 1.0
    """Factor on the build rate of every site. [-]"""
    market_rate_mw_per_year: Mapping[Text, NonNegative] = Field(default_factory=dict)
    """Most critical IT MW that this operator may commission a year, by market. [MW/year]"""
    capex_budget_musd: NonNegativeByYear | None = None
    """Most overnight capex a year, held until the next given year; none before the first. [MUSD]"""
    committed: Flag = True
    """Whether halls under construction may enter service before the lead time has passed."""


class Retrofit(Block):
    """Turning a standing hall into another design."""

    allow: Flag = True
    """Whether halls may be retrofitted."""
    cost_usd_per_kw: NonNegative | None = None
    """Cost instead of the table's figure. [USD/kW]"""
    duration_months: Months | None = None
    """Time out of service instead of the table's figure. [months]"""


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


class Energy(Block):
    """Price of electricity."""

    price_scale_frac: NonNegativeByYear = 1.0
    """Factor on delivered prices; straight lines between the given years. [-]"""
    escalation_real_frac: Annotated[Number, Field(ge=-0.5, le=0.5)] | None = None
    """Yearly real growth of prices instead of the table's figure. [1/year]"""
    demand_charge: Flag = True
    """Whether a demand charge is carved out of the retail price."""
    use_flat_price: Flag = False
    """Whether the price is the same in every slot."""
    shocks: tuple[PriceShock, ...] = ()
    """Years in which wholesale power costs more, or less, than usual."""
    load_price: LoadPrice = LoadPrice()
    """Price of energy that rises with new load in a zone."""
    tariffs: tuple[TariffUse, ...] = ()
    """Sites billed by a tariff instead of the delivered price and demand charge of the tables."""
    own_tariffs: Mapping[Text, OwnTariff] = Field(default_factory=dict)
    """Tariffs written out, by an id of their own."""


class Carbon(Block):
    """Emissions: what they cost, and how much there may be."""

    accounting: Literal["location", "market"] = "location"
    """What cap and price count of power drawn: location: the grid at the site; market: the same
    less power under contract, as far as `contracts.matching.mode` lets it count."""
    embodied: Flag = False
    """Whether cap and price also count the making of racks, halls and own sources, in the model
    year they enter service."""
    fuel_schemes: Flag = False
    """Whether fuel burnt at sites pays the carbon price of its state or country, as in table
    `carbon_prices`; the price of grid power holds it already."""
    cap_kt: NonNegativeByYear | None = None
    """Most emissions a year, held until the next given year; none before the first. [kt CO2]"""
    price_usd_per_t: NonNegativeByYear = 0.0
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


class Rent(Block):
    """Compute rented from a cloud."""

    allow: Flag = True
    """Whether compute may be rented."""
    placeless: Flag = True
    """Whether rented compute meets every latency bound, wherever its users are."""
    tiers: Annotated[tuple[Literal["on_demand", "reserved"], ...], Field(min_length=1)] = (
        "on_demand",
        "reserved",
    )
    """Contracts on offer."""
    price_usd_per_h100e_hour: PositiveByYear | None = None
    """On-demand price instead of the table's, held until the next given year; reserved keeps its
    discount. [USD/H100e-hour]"""
    trend_frac: Annotated[Number, Field(gt=-1, le=1)] | None = None
    """Yearly real change of the price instead of the table's figure. [1/year]"""
    depth_scale_frac: NonNegative = 1.0
    """Factor on what the market rents out. [-]"""


class Lease(Block):
    """Halls leased from a colocation provider, as many MW in each model year as it needs."""

    allow: Flag = False
    """Whether halls may be leased."""
    usd_per_kw_month: Positive | None = None
    """Rent instead of the table's figure. [USD/kW-month]"""
    depth_mw_per_site: NonNegative = 20.0
    """Most critical IT MW on offer at a site. [MW]"""


class SiteOverride(Override):
    """Figures of one site, this operator's own: no share of `operator` is taken of them."""

    MAY_BE_NULL: ClassVar[frozenset[str]] = frozenset({"water_limit_m3_per_year"})

    exclude: Flag = False
    """Whether the site is left out."""
    zone: Text | None = None
    """Headroom zone, by its id in table `grid_zones`."""
    existing_mw: NonNegative | None = None
    """Facility power standing in the base year. [MW]"""
    grid_firm_mw: NonNegativeByYear | None = None
    """Firm connection, held until the next given year; before the first the table's. [MW]"""
    land_limit_mw: NonNegative | None = None
    """Most critical IT power the land can hold. [MW]"""
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
    """Months until a new hall or connection serves, instead of the critical path. [months]"""
    retail_usd_per_mwh: Positive | None = None
    """Delivered price of a flat load. [USD/MWh]"""
    wholesale_usd_per_mwh: Number | None = None
    """Mean wholesale price. [USD/MWh]"""
    demand_charge_usd_per_kw_month: NonNegative | None = None
    """Demand charge, carved out of the retail price. [USD/kW-month]"""
    water_limit_m3_per_year: NonNegative | None = None
    """Most water a year; null: no limit. [m3/year]"""
    other_load_mw: NonNegative | None = None
    """Load beside the racks, at the same meter; constant, or along table `site_series`. It is there
    already: unless `grid_firm_mw` says otherwise, so is a connection for its highest hour. [MW]"""
    existing_source_mw: Mapping[Text, NonNegative] | None = None
    """Own sources that stand and stay, by their ids in table `onsite_sources`. [MW]"""
    existing_storage_mwh: Mapping[Text, NonNegative] | None = None
    """Energy of batteries that stand and stay; left out, four hours of their power. [MWh]"""


class NewSite(SiteOverride):
    """A site of one's own; every figure not given is taken from the site in `like`."""

    name: Text
    """Name for reports and maps."""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    """Country, ISO 3166 alpha-2."""
    lat: Annotated[float, Field(strict=True, ge=-90, le=90)]
    """Latitude, WGS84. [degrees]"""
    lon: Annotated[float, Field(strict=True, ge=-180, le=180)]
    """Longitude, WGS84. [degrees]"""
    like: Text
    """Site whose figures it takes where none are given."""
