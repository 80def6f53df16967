"""Block of a scenario about where sites open, how many, and in what steps halls come."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from planner.scenario.effects import OnlyWith
from planner.scenario.references import PlannedWorkloadId, SiteId
from planner.scenario.values import Block, Flag, Ids, Positive, Text, Year

__all__ = ["Siting"]

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
    """Least racks of a workload at a site that has any of it, by workload: the block that a
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
