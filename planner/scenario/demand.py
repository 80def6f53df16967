"""Settings of demand, flexibility and levers, of the price of electricity, of rent and of foresight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from planner.family.declared import HELD, OnlyWith, Switch
from planner.family.references import (
    DemandRegionId,
    DemandShapeId,
    LeverId,
    NewTariffId,
    PlannedWorkloadId,
    PlannedZoneId,
    RackId,
    RedundancyId,
    TrajectoryId,
    WorkloadId,
)
from planner.family.values import (
    AllOrIds,
    AllOrSome,
    Block,
    Flag,
    Frac,
    FracByYear,
    FracPath,
    Ids,
    NonNegative,
    NonNegativeByYear,
    NonNegativePath,
    Number,
    Override,
    Positive,
    PositiveByYear,
    PositivePath,
    Whole,
    Year,
)
from planner.scenario.tariffs import OwnTariff, TariffUse


class ExplicitDemand(Block):
    """A demand stated outright; it replaces what the trajectory gives its workload."""

    workload: PlannedWorkloadId
    """Workload."""
    demand_region: DemandRegionId | None = None
    """Demand region; left out: split over the regions in scope by their weights."""
    unit: Literal["kh100e", "mw_rack", "requests_per_day", "tokens_per_day", "pf_days_per_year", "training_run_pf_days"]
    """Unit of `by_year`: thousand H100-equivalents (mean), MW of rack nameplate of the year's
    reference rack, requests or tokens a day, PFLOP/s-days a year, or PFLOP/s-days of one run."""
    days: Positive | None = None
    """Length of a training run; needed by `training_run_pf_days` alone. [days]"""
    by_year: NonNegativePath
    """Amount by year, in `unit`; straight lines between the given years."""


class Demand(Block):
    """How much compute is wanted."""

    trajectory: TrajectoryId = "brief_30_to_90"
    """Published path of data-center power, by its id in table `demand_trajectories`."""
    facility_gw: PositivePath | None = None
    """Path of nameplate facility power instead of a trajectory; straight lines between. [GW]"""
    load_factor_frac: Annotated[Positive, Field(le=1)] | None = None
    """Mean over nameplate power by which a trajectory stated in TWh becomes GW, instead of the
    table's. [-]"""
    ai_share_frac: FracByYear | None = None
    """Share of the path that is AI, straight lines between the given years; left out: the
    table's for a trajectory, 1 for `facility_gw`. [-]"""
    facility_mw_per_rack_mw: Annotated[Positive, Field(ge=1)] = 1.15
    """Nameplate facility power per MW of rack nameplate. [MW/MW]"""
    scale_frac: NonNegativeByYear = 1.0
    """Factor on all demand; straight lines between the given years. [-]"""
    workload_scale_frac: Mapping[PlannedWorkloadId, NonNegativeByYear] = Field(default_factory=dict)
    """Factor on the demand of a workload on top of `scale_frac`, by workload, as where its work
    comes to need a tenth of the compute; straight lines between the given years. [-]"""
    region_weight: Literal["population_millions", "internet_users_millions"] = "population_millions"
    """Column of table `demand_regions` by which users are spread over regions."""
    explicit: tuple[ExplicitDemand, ...] = ()
    """Demands stated outright; a workload named here no longer follows the trajectory."""
    workload_share_frac: Mapping[WorkloadId, FracPath] | None = None
    """Share of power by workload and year instead of table `workload_share`; straight lines
    between the given years. [-]"""
    unmet: Literal["allow", "forbid"] = "allow"
    """Whether demand may stay unmet, at a price."""
    unmet_usd_per_h100e_hour: Positive = 20.0
    """Price of unmet compute. [USD/H100e-hour]"""


class WorkloadOverride(Override):
    """Figures of one workload that replace those of table `workloads`."""

    MAY_BE_NULL: ClassVar[frozenset[str]] = frozenset({"tight_rtt_ms", "tight_share_frac"})

    rtt_bound_ms: Positive | None = None
    """Longest round trip between users and site. [ms]"""
    last_mile_ms: NonNegative | None = None
    """Round trip of the access network. [ms]"""
    tight_rtt_ms: Positive | None = None
    """Tighter bound that `tight_share_frac` of the demand must meet; null: none. [ms]"""
    tight_share_frac: Frac | None = None
    """Share of the demand within the tight bound; null: none. [-]"""
    redundancy_min: RedundancyId | None = None
    """Least redundancy of its halls: N, N+1, block_6to5, 4N3, 3N2, 2N or 2(N+1)."""
    utilisation_frac: Annotated[Positive, Field(le=1)] | None = None
    """Mean utilisation of its racks. [-]"""
    peak_over_mean_frac: Annotated[Positive, Field(ge=1)] | None = None
    """Peak over mean of its load. Validation only: times utilisation at most 1. [-]"""
    spare_frac: NonNegative | None = None
    """Spare capacity for the service level, per unit of load. [-]"""
    deferrable_frac: Frac | None = None
    """Share of its load that may move within its window. [-]"""
    max_deferral_h: NonNegative | None = None
    """Longest time load may move. [h]"""
    moves_between_sites: Flag | None = None
    """Whether the share of its load that is deferrable may also be done at other own sites, hour by
    hour: on racks of the same type, where its users are within reach; left out: it may not."""
    failover: Flag | None = None
    """Whether own sites go on serving it within its bound when any one site fails; left out:
    they need not."""
    residency: Literal["none", "regional", "national", "local"] | None = None
    """Where its data must stay: anywhere, same world region, same country, within 200 km."""
    shape: DemandShapeId | None = None
    """Hourly shape of its load, by its id in table `demand_shapes`."""
    companion_frac: NonNegative | None = None
    """Storage and general-purpose power per MW of racks. [MW/MW]"""
    least_memory_gb: Positive | None = None
    """Memory that one copy of its model needs in one server or NVLink domain, as for large models
    and long contexts; left out: any is enough. [GB]"""
    racks: Annotated[Ids[RackId], Field(min_length=1)] | None = None
    """Rack types it may run on, instead of table `workload_racks`."""


class Levers(Block):
    """Ways to need less compute for the same work."""

    allow: AllOrIds[LeverId] = ()
    """Efficiency levers on offer, by id in table `levers`, or `all`."""


class Flexibility(Block):
    """What load may do in time and between sites."""

    deferral: Flag = True
    """Whether deferrable load may move within its window."""
    move_usd_per_mwh: NonNegative = 2.0
    """Price of work done at another site than where it was due: carrying its data and starting
    it again, by IT energy. [USD/MWh]"""


# --- Blocks of a scenario about prices of energy, shocks and prices that rise with new load -------


class PriceShock(Block):
    """Years in which wholesale power costs more, or less, than usual.

    The wholesale price is scaled; the adder up to the retail price and the demand charge are not.
    Shocks that meet multiply.
    """

    zones: AllOrSome[PlannedZoneId] = "all"
    """Headroom zones whose sites it hits, or `all`."""
    first_year: Year
    """First model year of the shock."""
    last_year: Year
    """Last model year of the shock, included."""
    wholesale_scale_frac: NonNegative
    """Factor on the wholesale price of every time slice. [-]"""
    peak_day_only: Flag = False
    """Whether only the time slices of the peak day are hit: a spike in a heat wave."""


class LoadPrice(Block):
    """Price of energy that rises with new load in a zone."""

    allow: Switch = False
    """Whether new load pays blocks of table `price_blocks` above the price of its time slice."""
    scale_frac: NonNegative = 1.0
    """Factor on the price of every block. [-]"""


class Energy(Block):
    """Price of electricity."""

    price_scale_frac: NonNegativeByYear = 1.0
    """Factor on delivered prices; straight lines between the given years. [-]"""
    escalation_real_frac: Annotated[Number, Field(ge=-0.5, le=0.5)] | None = None
    """Yearly real growth of prices instead of the table's figure. [1/year]"""
    demand_charge: Flag = True
    """Whether a demand charge is carved out of the retail price."""
    use_flat_price: Flag = False
    """Whether the price is the same in every time slice."""
    shocks: tuple[PriceShock, ...] = ()
    """Years in which wholesale power costs more, or less, than usual."""
    load_price: LoadPrice = LoadPrice.model_construct()
    """Price of energy that rises with new load in a zone."""
    tariffs: tuple[TariffUse, ...] = ()
    """Sites billed by a tariff instead of the delivered price and demand charge of the tables."""
    own_tariffs: Mapping[NewTariffId, OwnTariff] = Field(default_factory=dict)
    """Tariffs written out, by an id of their own."""


# --- Block of a scenario about compute rented from clouds -----------------------------------------


class Rent(Block):
    """Compute rented from a cloud."""

    allow: Flag = True
    """Whether compute may be rented."""
    placeless: Flag = True
    """Whether rented compute meets every latency bound, wherever its users are. Residency still
    asks for a cloud, which are in the metros of table `sites` in countries in scope."""
    tiers: Annotated[tuple[Literal["on_demand", "reserved"], ...], Field(min_length=1)] = ("on_demand", "reserved")
    """Contracts on offer."""
    price_usd_per_h100e_hour: Annotated[PositiveByYear, HELD] | None = None
    """On-demand price instead of the table's, held until the next given year; reserved keeps its
    discount. [USD/H100e-hour]"""
    trend_frac: Annotated[Number, Field(gt=-1, le=1)] | None = None
    """Yearly real change of the price instead of the table's figure. [1/year]"""
    availability_pct: Annotated[Number, Field(gt=0, le=100)] | None = None
    """Availability of a cloud in one place instead of the table's. Workloads whose
    `redundancy_min` is more available rent in several places, with room for the loss of any. [%]"""
    spread_availability_pct: Annotated[Number, Field(gt=0, le=100)] | None = None
    """Availability in several places instead of the table's; a workload that needs more does not
    rent. [%]"""
    depth_scale_frac: NonNegative = 1.0
    """Factor on what the market rents out. [-]"""


# --- Block of a scenario about how far ahead a plan looks when it decides -------------------------


class Foresight(Block):
    """How far ahead the plan looks, where it is decided year by year."""

    window_years: Annotated[Whole, Field(ge=1)] | None = None
    """Model years in view whenever a year is decided, that year among them; left out: the whole
    horizon is known from the start. [years]"""
    decides: Annotated[Literal["orders", "service"], OnlyWith("window_years")] = "orders"
    """What is decided for good in a year: orders that cannot wait longer, each as long before its
    service as its lead time; or what enters service in the year, as if all could be had at once."""
