"""Blocks of a scenario about round trips: how they are found, and own measurements."""

from typing import Annotated, Final, Literal

from planner.scenario.effects import OnlyWith
from planner.scenario.values import Block, Flag, NonNegative, Text

__all__ = ["Latency", "Measured"]

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
    measured: Measured = Measured()
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
