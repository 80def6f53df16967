"""Blocks of a scenario about halls and racks: which may be built and bought, and how they fill, change and move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from planner.family.declared import Switch
from planner.family.references import CoolingId, OperatorId, RackId, RedundancyId, VendorId
from planner.family.values import (
    AllOrSome,
    Block,
    Flag,
    Frac,
    Ids,
    Months,
    NonNegative,
    Override,
    Positive,
    Whole,
    Year,
)


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
