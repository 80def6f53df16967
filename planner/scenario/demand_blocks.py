"""Blocks of a scenario about who wants compute: scope, time, operator, demand, classes, latency."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from planner.scenario.values import (
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
    NotASwitch,
    Override,
    Positive,
    PositivePath,
    Text,
)

__all__ = [
    "Demand",
    "ExplicitDemand",
    "Flexibility",
    "Latency",
    "Levers",
    "Measured",
    "Operator",
    "Scope",
    "Time",
    "WorkloadOverride",
]


def _as_demand_share(data: dict[str, float]) -> float:
    # The share is missing here only when it is itself wrong, which is reported on its own.
    return data.get("demand_share_frac", 1.0)


class Scope(Block):
    """What the plan looks at; everything outside is left out of the program."""

    countries: AllOrSome = ("US",)
    """Countries (ISO 3166 alpha-2) whose sites and demand regions take part, or `all`."""
    sites: AllOrSome = "all"
    """Sites that may be used, or `all` of the countries; a list leaves out every site that it does
    not name, those of `new_sites` as well."""
    exclude_sites: Ids = ()
    """Sites to leave out."""
    demand_regions: AllOrSome = "all"
    """Demand regions to serve, or `all` of the countries."""
    exclude_demand_regions: Ids = ()
    """Demand regions to leave out."""
    workloads: AllOrSome = "all"
    """Workload classes to serve, or `all`."""


class Time(Block):
    """How a year is told by days, and days are cut into slots."""

    chronological: Flag = False
    """Whether the days of table `series_days` tell the year, one after the other, instead of
    representative days; `season_days`, `peak_day_days` and `peak_month` then say nothing."""

    season_days: Annotated[Literal[4, 12], NotASwitch] = 4
    """Representative days of a year beside the peak day: one per season or per month. [days]"""
    slot_h: Annotated[Literal[1, 2, 3, 4, 6, 8, 12, 24], NotASwitch] = 3
    """Length of a slot of a day. [h]"""
    peak_day_days: Annotated[Positive, Field(le=28)] = 3.0
    """Days of the peak month that the peak day stands for. [days]"""
    peak_month: Annotated[int, Field(strict=True, ge=1, le=12)] = 7
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
    stock_share_frac: Frac = Field(default_factory=_as_demand_share)
    """Share of the halls and racks standing in the base year; left out: the demand share. [-]"""
    stock_sites: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Number of largest markets that the stock stands in; left out: every market in scope."""
    pipeline_share_frac: Frac = Field(default_factory=_as_demand_share)
    """Share of the halls under construction; left out: the demand share. [-]"""
    rent_share_frac: Frac = Field(default_factory=_as_demand_share)
    """Share of the compute that clouds rent out; left out: the demand share. [-]"""
    deliveries_share_frac: Frac = Field(default_factory=_as_demand_share)
    """Share of the racks that vendors deliver; left out: the demand share. [-]"""
    site_limit_share_frac: Frac = Field(default_factory=_as_demand_share)
    """Share of each site's land, build rate and water; left out: the demand share. [-]"""


class ExplicitDemand(Block):
    """A demand stated outright; it replaces what the trajectory gives its class."""

    workload: Text
    """Workload class."""
    demand_region: Text | None = None
    """Demand region; left out: split over the regions in scope by their weights."""
    unit: Literal[
        "kh100e",
        "mw_rack",
        "requests_per_day",
        "tokens_per_day",
        "pf_days_per_year",
        "training_run_pf_days",
    ]
    """Unit of `by_year`: thousand H100-equivalents (mean), MW of rack nameplate of the year's
    reference rack, requests or tokens a day, PFLOP/s-days a year, or PFLOP/s-days of one run."""
    days: Positive | None = None
    """Length of a training run; needed by `training_run_pf_days` alone. [days]"""
    by_year: NonNegativePath
    """Amount by year, in `unit`; straight lines between the given years."""


class Demand(Block):
    """How much compute is wanted."""

    trajectory: Text = "brief_30_to_90"
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
    region_weight: Literal["population_millions", "internet_users_millions"] = "population_millions"
    """Column of table `demand_regions` by which users are spread over regions."""
    explicit: tuple[ExplicitDemand, ...] = ()
    """Demands stated outright; a class named here no longer follows the trajectory."""
    workload_share_frac: Mapping[Text, FracPath] | None = None
    """Share of power by class and year instead of table `workload_share`; straight lines
    between the given years. [-]"""
    unmet: Literal["allow", "forbid"] = "allow"
    """Whether demand may stay unmet, at a price."""
    unmet_usd_per_h100e_hour: Positive = 20.0
    """Price of unmet compute. [USD/H100e-hour]"""


class WorkloadOverride(Override):
    """Figures of one workload class that replace those of table `workloads`."""

    MAY_BE_NULL: ClassVar[frozenset[str]] = frozenset({"tight_rtt_ms", "tight_share_frac"})

    rtt_bound_ms: Positive | None = None
    """Longest round trip between users and site. [ms]"""
    last_mile_ms: NonNegative | None = None
    """Round trip of the access network. [ms]"""
    tight_rtt_ms: Positive | None = None
    """Tighter bound that `tight_share_frac` of the demand must meet; null: none. [ms]"""
    tight_share_frac: Frac | None = None
    """Share of the demand within the tight bound; null: none. [-]"""
    redundancy_min: Text | None = None
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
    """Whether the share of its load that may wait may also be done at other own sites, hour by
    hour: on racks of the same type, where its users are within reach; left out: it may not."""
    failover: Flag | None = None
    """Whether own sites go on serving it within its bound when any one site is lost; left out:
    they need not."""
    residency: Literal["none", "regional", "national", "local"] | None = None
    """Where its data must stay: anywhere, same world region, same country, within 200 km."""
    shape: Text | None = None
    """Hourly shape of its load, by its id in table `demand_shapes`."""
    companion_frac: NonNegative | None = None
    """Storage and general-purpose power per MW of racks. [MW/MW]"""
    racks: Annotated[Ids, Field(min_length=1)] | None = None
    """Rack types it may run on, instead of table `workload_racks`."""


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
    """Round trip within a metro beside the last mile. [ms]"""
    measured: Measured = Measured()
    """Use of measured round trips."""
    rtt_table: Text | None = None
    """File of round trips of one's own (from, to, rtt_ms[, one_way]), relative to this file: a row
    for each pair of a demand region and a site in scope."""
    own_rtt_includes_last_mile: Flag | None = None
    """Whether the figures of `rtt_table` are from end to end. If not, the last mile of the class is
    added to them, as to the lines; a plan whose scenario leaves this out says so in a note."""
    own_rtt_fill_missing: Flag = False
    """Whether pairs that `rtt_table` lacks take the fitted line or a measured pair; a note counts
    and names them. Without it they are an error."""


class Levers(Block):
    """Ways to need less compute for the same work."""

    allow: AllOrIds = ()
    """Efficiency levers on offer, by id in table `levers`, or `all`."""


class Flexibility(Block):
    """What load may do in time and between sites."""

    deferral: Flag = True
    """Whether deferrable load may move within its window."""
    move_usd_per_mwh: NonNegative = 2.0
    """Price of work done at another site than where it was due: carrying its data and starting
    it again, by IT energy. [USD/MWh]"""
