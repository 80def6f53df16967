"""Block of a scenario about the outage of a site: who stands in for whom, and how it is planned."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field

from planner.scenario.effects import OnlyWith
from planner.scenario.references import PlannedSiteId
from planner.scenario.values import Block, Frac, Ids, NonNegative, Text, Whole, WholeOrAll, Year

__all__ = ["Failover"]

_AMONG_NEIGHBOURS: Final = OnlyWith("form", "neighbours", fix="take the form neighbours")
_IN_PAIRS: Final = OnlyWith("form", "pairs", fix="take the form pairs")
_Pair = Annotated[Ids[PlannedSiteId], Field(min_length=2, max_length=2)]
_Together = Annotated[Ids[PlannedSiteId], Field(min_length=2)]


class Failover(Block):
    """How sites cover for each other, for the workloads whose `failover` is true."""

    form: Literal["neighbours", "pairs"] = "neighbours"
    """How the reserve is planned: the neighbours of each site cover its load together, or each
    service has one standby of its own."""
    from_year: Year | None = None
    """First model year in which the outage of a site must be survived; left out: the first of the
    plan."""
    neighbour_users_frac: Annotated[Frac, _AMONG_NEIGHBOURS] = 0.5
    """Neighbours: a site is one of another when it reaches this share of its users in time; with
    0 any user in common is enough. [-]"""
    nearest_standbys: Annotated[WholeOrAll, _IN_PAIRS] = 5
    """Pairs: so many of the sites nearest to the users may stand by for each service, or all."""
    barred_pairs: tuple[_Pair, ...] = ()
    """Pairs of sites that do not stand in for each other."""
    barred_groups: Mapping[Text, _Together] = Field(default_factory=dict)
    """Groups of sites that one event may strike together, such as a flood zone or a substation:
    none stands in for another of its group."""
    barred_within_km: NonNegative = 0.0
    """Sites nearer to each other than this do not stand in for each other. [km]"""
    most_rounds: Annotated[Whole, Field(ge=1)] = 30
    """Most times in a row that a solve is done again with the failures that it did not survive."""
