"""Blocks of a scenario about what it looks at: places, years, the operator."""

from typing import Annotated, Final, Literal

from pydantic import Field

from planner.scenario.effects import OnlyWith
from planner.scenario.references import CountryCode, DemandRegionId, SiteId, WorkloadId
from planner.scenario.values import AllOrSome, Block, Flag, Frac, Ids, NonNegative, NotASwitch, Positive

__all__ = ["Operator", "Scope", "Time"]

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
