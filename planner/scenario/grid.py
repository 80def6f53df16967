"""Blocks of a scenario about the grid: connections, headroom, non-firm power, shedding."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from planner.scenario.effects import Switch
from planner.scenario.references import ConnectionServiceId, PlannedSiteId
from planner.scenario.values import AllOrSome, Block, Flag, Frac, Months, NonNegative, Positive

__all__ = ["Grid", "NonFirm", "Shed"]

_CURTAILMENT_RATES_PCT = (0.25, 0.5, 1.0, 5.0)


def _studied_rate(rate_pct: float) -> float:
    if rate_pct not in _CURTAILMENT_RATES_PCT:
        message = "0.25, 0.5, 1 or 5, the rates that the headroom study gives"
        raise ValueError(message)
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
    shed: Shed = Shed()
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
    non_firm: NonFirm = NonFirm()
    """Connection that the grid may switch off in the stress time slices of its zone."""
