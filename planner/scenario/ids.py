"""Check that every id a scenario names is there in the tables."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

from planner.base.errors import MOST_PROBLEMS
from planner.scenario.keys import closest
from planner.scenario.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from planner.base.errors import Problem
    from planner.scenario.schema import Scenario
    from planner.scenario.tree import Node, Place

__all__ = ["ID_TABLES", "check_ids", "unknown_ids", "written_at"]

EACH: Final = "*"
"""Step of a way: each value of a mapping or list."""
KEYS: Final = "{}"
"""Last step of a way: the keys of a mapping are the ids."""
FEW: Final = 12
"""So many ids can be listed in a message."""


@dataclass(frozen=True)
class _Kind:
    """One kind of id: the column that knows them, and the ways of a scenario that name them."""

    noun: str
    table: str
    column: str
    ways: tuple[str, ...]


_SITE: Final = _Kind(
    "site",
    "sites",
    "site",
    (
        "scope.sites.*",
        "scope.exclude_sites.*",
        "sites.{}",
        "supply.sites.*",
        "heat.sites.*",
        "grid.non_firm.sites.*",
        "energy.tariffs.*.sites.*",
        "siting.must_open.*",
        "siting.must_not_open.*",
        "failover.barred_pairs.*.*",
        "failover.barred_groups.*.*",
    ),
)
_TARIFF: Final = _Kind("tariff", "tariffs", "tariff", ("energy.tariffs.*.tariff",))
_KINDS: Final = (
    _SITE,
    _TARIFF,
    _Kind("tariff", "tariffs", "tariff", ("energy.tariffs.*.terms",)),
    _Kind("site", "sites", "site", ("new_sites.*.like",)),
    _Kind(
        "demand region",
        "demand_regions",
        "demand_region",
        (
            "scope.demand_regions.*",
            "scope.exclude_demand_regions.*",
            "demand.explicit.*.demand_region",
        ),
    ),
    _Kind(
        "workload",
        "workloads",
        "workload",
        (
            "scope.workloads.*",
            "demand.explicit.*.workload",
            "demand.workload_share_frac.{}",
            "workloads.{}",
            "siting.block_mw.{}",
        ),
    ),
    _Kind(
        "rack",
        "racks",
        "rack",
        ("racks.allow.*", "racks.exclude.*", "racks.override.{}", "workloads.*.racks.*"),
    ),
    _Kind("cooling", "cooling", "cooling", ("halls.cooling.*",)),
    _Kind(
        "redundancy",
        "redundancy",
        "redundancy",
        ("halls.redundancy.*", "workloads.*.redundancy_min"),
    ),
    _Kind("demand shape", "demand_shapes", "shape", ("workloads.*.shape",)),
    _Kind("trajectory", "demand_trajectories", "trajectory", ("demand.trajectory",)),
    _Kind("market", "facility_market", "market", ("build.market_rate_mw_per_year.{}",)),
    _Kind(
        "zone",
        "grid_zones",
        "zone",
        (
            "sites.*.zone",
            "new_sites.*.zone",
            "energy.shocks.*.zones.*",
            "contracts.ppa.*.zones.*",
            "energy.tariffs.*.zones.*",
            "lead_times.interconnection_months_by_zone.{}",
            "lead_times.interconnection_delay_months_by_zone.{}",
        ),
    ),
    _Kind("technology", "ppa_prices", "technology", ("contracts.ppa.*.technology",)),
    _Kind("lever", "levers", "lever", ("levers.allow.*",)),
    _Kind(
        "source",
        "onsite_sources",
        "onsite",
        (
            "supply.allow.*",
            "supply.max_mw.{}",
            "supply.override.{}",
            "supply.bridge.sources.*",
            "supply.standby.source",
            "sites.*.existing_source_mw.{}",
            "sites.*.existing_storage_mwh.{}",
            "new_sites.*.existing_source_mw.{}",
            "new_sites.*.existing_storage_mwh.{}",
        ),
    ),
    _Kind("connection service", "connection_services", "service", ("grid.non_firm.service",)),
    _Kind("fuel", "fuel_prices", "fuel", ("supply.fuel_price_usd_per_mmbtu.{}",)),
)

ID_TABLES: Final = tuple(dict.fromkeys(kind.table for kind in _KINDS))
"""Tables that `check_ids` needs."""


def check_ids(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> tuple[Problem, ...]:
    """Find ids that no table knows, and sites and regions of countries that are not in scope.

    Parameters
    ----------
    scenario : Scenario
        A loaded scenario.
    tables : mapping of str to DataFrame
        The tables named in `ID_TABLES`, by name.

    Returns
    -------
    tuple of Problem
        One problem for each id, with the place it was written at and the id that is near.
    """
    return unknown_ids(scenario.tree, tables)


def unknown_ids(tree: Node, tables: Mapping[str, pd.DataFrame]) -> tuple[Problem, ...]:
    """Do as `check_ids` for a tree, which need not be right in every other way.

    Parameters
    ----------
    tree : Node
        What was written, merged.
    tables : mapping of str to DataFrame
        The tables named in `ID_TABLES`, by name.

    Returns
    -------
    tuple of Problem
        One problem for each id.
    """
    return (
        *_named_nowhere(tree, tables),
        *_new_but_known(tree, tables),
        *_outside_scope(tree, tables),
    )


def _named_nowhere(tree: Node, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    own = {
        _SITE: [id_ for id_, _ in written_at(tree, "new_sites.{}")],
        _TARIFF: [id_ for id_, _ in written_at(tree, "energy.own_tariffs.{}")],
    }
    looked_up = count()
    for kind in _KINDS:
        known = list(dict.fromkeys(_column(tables, kind.table, kind.column)))
        known += own.get(kind, [])
        for way in kind.ways:
            for id_, place in written_at(tree, way):
                if id_ not in known:
                    # The search for near ids takes long, and no more than these are listed.
                    is_listed = next(looked_up) <= MOST_PROBLEMS
                    yield _unknown(id_, place, kind.noun, kind.table, known, is_listed=is_listed)
    countries = list(
        dict.fromkeys(
            [
                *_countries(tree, tables, "sites", "site").values(),
                *_column(tables, "demand_regions", "country"),
            ]
        )
    )
    for id_, place in written_at(tree, "scope.countries.*"):
        if id_ not in countries:
            is_listed = next(looked_up) <= MOST_PROBLEMS
            yield _unknown(id_, place, "country", "sites", countries, is_listed=is_listed)


def _unknown(
    id_: str, place: Place, noun: str, table: str, known: list[str], *, is_listed: bool
) -> Problem:
    meant = closest(id_, known) if is_listed else None
    if meant:
        mend = f"did you mean {meant!r}?"
    elif len(known) <= FEW:
        mend = f"known are {', '.join(known)}"
    else:
        mend = f"`dcplan data show {table}` lists them"
    return place.problem(f"unknown {noun} {id_!r}", f"an id of table {table}", mend)


def _new_but_known(tree: Node, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    rates = _column(tables, "tariffs", "tariff")
    for id_, place in written_at(tree, "energy.own_tariffs.{}"):
        if id_ in rates:
            found = f"the own tariff {id_!r} is in table tariffs"
            yield place.problem(found, "an id of its own", "choose another id")
    known = _column(tables, "sites", "site")
    for id_, place in written_at(tree, "new_sites.{}"):
        if id_ in known:
            mend = "choose another id, or change the figures of the known site under sites:"
            yield place.problem(f"the new site {id_!r} is in table sites", "an id of its own", mend)


def _outside_scope(tree: Node, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    scope = tree.children["scope"].children if "scope" in tree.children else {}
    if "countries" in scope and not isinstance(scope["countries"].value, tuple):
        return  # all of them
    written = [id_ for id_, _ in written_at(tree, "scope.countries.*")]
    countries = written or list(Scope().countries)
    for key, table, column in (
        ("sites", "sites", "site"),
        ("demand_regions", "demand_regions", "demand_region"),
    ):
        country = _countries(tree, tables, table, column)
        for id_, place in written_at(tree, f"scope.{key}.*"):
            if id_ in country and country[id_] not in countries:
                found = f"{id_!r} lies in {country[id_]}, and scope.countries is {countries}"
                mend = f"add {country[id_]} to scope.countries, or leave {id_!r} out"
                yield place.problem(found, "in a country of the scope", mend)


def _countries(
    tree: Node, tables: Mapping[str, pd.DataFrame], table: str, column: str
) -> dict[str, str]:
    """Country of each row of a table, and of the scenario's own sites where it is about sites."""
    country = dict(
        zip(_column(tables, table, column), _column(tables, table, "country"), strict=True)
    )
    if table == "sites" and "new_sites" in tree.children:
        for id_, node in tree.children["new_sites"].children.items():
            for written, _ in written_at(node, "country"):
                country[id_] = written
    return country


def _column(tables: Mapping[str, pd.DataFrame], table: str, column: str) -> list[str]:
    return list(tables[table][column].astype(str))


def written_at(tree: Node, way: str) -> Iterator[tuple[str, Place]]:
    """Return ids that stand at a way, with their places.

    Parameters
    ----------
    tree : Node
        What was written, merged.
    way : str
        Dotted keys; `*` is each value of a mapping or list, `{}` at the end the keys of a mapping.

    Yields
    ------
    str, Place
        What is not text is not among them: it is reported elsewhere.
    """
    nodes = [tree]
    steps = way.split(".")
    for step in steps:
        if step == KEYS:
            for node in nodes:
                yield from (
                    (key, below.key_place or below.place) for key, below in node.children.items()
                )
            return
        nodes = [below for node in nodes for below in _step(node, step)]
    yield from ((node.value, node.place) for node in nodes if isinstance(node.value, str))


def _step(node: Node, step: str) -> tuple[Node, ...]:
    if step != EACH:
        return (node.children[step],) if step in node.children else ()
    return node.value if isinstance(node.value, tuple) else tuple(node.children.values())
