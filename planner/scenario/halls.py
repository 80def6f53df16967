"""Blocks of a scenario about halls: new, retrofitted, leased."""

from typing import Annotated

from pydantic import Field

from planner.family.effects import Switch
from planner.family.references import CoolingId, RedundancyId
from planner.family.values import AllOrSome, Block, Flag, Months, NonNegative, Positive


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
