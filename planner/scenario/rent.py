"""Block of a scenario about compute rented from clouds."""

from typing import Annotated, Literal

from pydantic import Field

from planner.scenario.effects import HELD
from planner.scenario.values import Block, Flag, NonNegative, Number, PositiveByYear

__all__ = ["Rent"]


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
