"""Ids in a scenario: each key says by its type which table's ids it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import Field

from planner.family.values import Text


@dataclass(frozen=True)
class IdOf:
    """Marks text that must be an id of a table."""

    noun: str  # what messages call it
    table: str  # where the ids are
    column: str
    also_in: tuple[str, ...] = ()  # more tables that hold ids in a column of the same name
    may_be_new: bool = False  # whether it may be one that the scenario adds, see `NewIdOf`
    in_scope: bool = False  # whether the key has no effect unless what it names is in scope
    layer: str = ""  # of the rows that it may name, where column ``layer`` of the table tells them apart


@dataclass(frozen=True)
class NewIdOf:
    """Marks text that adds an id to those of a table, for this scenario."""

    table: str  # whose ids it adds to
    column: str
    taken: str = ""  # what messages call one that is in the table already; empty where it may be
    fix: str = ""  # what to do about that
    in_scope: bool = False  # as for `IdOf`


SiteId: TypeAlias = Annotated[Text, IdOf("site", "sites", "site", may_be_new=True)]
PlannedSiteId: TypeAlias = Annotated[Text, IdOf("site", "sites", "site", may_be_new=True, in_scope=True)]
KnownSiteId: TypeAlias = Annotated[Text, IdOf("site", "sites", "site")]
NewSiteId: TypeAlias = Annotated[
    Text,
    NewIdOf("sites", "site", "new site", "choose another id, or edit the existing site under sites:", in_scope=True),
]
CountryCode: TypeAlias = Annotated[Text, IdOf("country", "sites", "country", ("demand_regions",), may_be_new=True)]
NewSiteCountry: TypeAlias = Annotated[str, Field(pattern=r"^[A-Z]{2}$"), NewIdOf("sites", "country")]
DemandRegionId: TypeAlias = Annotated[Text, IdOf("demand region", "demand_regions", "demand_region")]
WorkloadId: TypeAlias = Annotated[Text, IdOf("workload", "workloads", "workload")]
PlannedWorkloadId: TypeAlias = Annotated[Text, IdOf("workload", "workloads", "workload", in_scope=True)]
DemandShapeId: TypeAlias = Annotated[Text, IdOf("demand shape", "demand_shapes", "shape")]
TrajectoryId: TypeAlias = Annotated[Text, IdOf("trajectory", "demand_trajectories", "trajectory")]
RackId: TypeAlias = Annotated[Text, IdOf("rack", "racks", "rack")]
VendorId: TypeAlias = Annotated[Text, IdOf("vendor", "racks", "vendor")]
OperatorId: TypeAlias = Annotated[Text, IdOf("operator", "operator_fleets", "operator")]
CoolingId: TypeAlias = Annotated[Text, IdOf("cooling", "cooling", "cooling")]
RedundancyId: TypeAlias = Annotated[Text, IdOf("redundancy", "redundancy", "redundancy")]
MarketId: TypeAlias = Annotated[Text, IdOf("market", "facility_market", "market")]
PlannedMarketId: TypeAlias = Annotated[Text, IdOf("market", "facility_market", "market", in_scope=True)]
ZoneId: TypeAlias = Annotated[Text, IdOf("zone", "grid_zones", "zone")]
PlannedZoneId: TypeAlias = Annotated[Text, IdOf("zone", "grid_zones", "zone", in_scope=True)]
ConnectionServiceId: TypeAlias = Annotated[Text, IdOf("connection service", "connection_services", "service")]
TariffId: TypeAlias = Annotated[Text, IdOf("tariff", "tariffs", "tariff", may_be_new=True, layer="rate")]
TariffTermsId: TypeAlias = Annotated[Text, IdOf("tariff", "tariffs", "tariff", layer="terms")]
NewTariffId: TypeAlias = Annotated[Text, NewIdOf("tariffs", "tariff", "own tariff", "choose another id")]
PpaTechnologyId: TypeAlias = Annotated[Text, IdOf("technology", "ppa_prices", "technology")]
SourceId: TypeAlias = Annotated[Text, IdOf("source", "onsite_sources", "onsite")]
FuelId: TypeAlias = Annotated[Text, IdOf("fuel", "fuel_prices", "fuel")]
LeverId: TypeAlias = Annotated[Text, IdOf("lever", "levers", "lever")]
