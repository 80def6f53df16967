"""Every path by year and every switch of the schema has its place among what has no effect."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from planner.family.declared import HELD, OnlyWith, SwitchesBlock
from planner.scenario import Scenario
from planner.scenario.keys import block_at, marks

# Paths by year that are straight lines between their figures, as the inputs read them.
LINES = {
    "contracts.ppa.*.price_usd_per_mwh",
    "demand.ai_share_frac",
    "demand.explicit.by_year",
    "demand.facility_gw",
    "demand.scale_frac",
    "demand.workload_scale_frac.*",
    "demand.workload_share_frac.*",
    "energy.price_scale_frac",
    "supply.fuel_price_usd_per_mmbtu.*",
    "supply.override.*.capex_usd_per_kw",
    "supply.override.*.energy_capex_usd_per_kwh",
}
# What is off unless it is asked for, and switches no other key of its block on.
ALONE = {
    "carbon.embodied",
    "carbon.fuel_schemes",
    "energy.shocks.peak_day_only",
    "energy.use_flat_price",
    "latency.own_rtt_fill_missing",
    "new_sites.*.exclude",
    "racks.whole",
    "siting.table_blocks",
    "siting.whole_openings",
    "sites.*.exclude",
    "supply.bridge.until_grid",
    "supply.whole_sources",
    "time.chronological",
    "time.days_repeat",
    "water.stress_limits",
    "water.stress_prices",
}


def keys(of: object, way: tuple[str, ...] = ()) -> Iterator[tuple[str, object, object]]:
    """Yield every key below a type: its way, with a star for an id, its type, its default."""
    inner = typing.get_args(of)
    origin = typing.get_origin(of)
    if isinstance(of, type) and issubclass(of, BaseModel):
        for name, field in of.model_fields.items():
            yield ".".join((*way, name)), field.annotation, field.default
            yield from keys(field.annotation, (*way, name))
    elif origin is Mapping and bare(inner[0]) is str:
        yield ".".join((*way, "*")), inner[1], None
        yield from keys(inner[1], (*way, "*"))
    elif origin is Mapping:
        return  # by year
    elif hasattr(of, "__metadata__"):
        yield from keys(inner[0], way)
    else:
        for one in inner:
            yield from keys(one, way)


def bare(of: object) -> object:
    """Take the checks off a type."""
    return bare(typing.get_args(of)[0]) if hasattr(of, "__metadata__") else of


def is_by_year(of: object) -> bool:
    """Whether a type is, or may be, a path by year; what is told by id comes key by key."""
    if typing.get_origin(of) is Mapping:
        return bare(typing.get_args(of)[0]) is int
    return any(is_by_year(one) for one in typing.get_args(of))


def test_every_path_by_year_is_held_or_a_line() -> None:
    paths = {way for way, of, _ in keys(Scenario) if is_by_year(of)}

    assert paths >= LINES
    assert paths - LINES == {way for way, mark in marks() if mark == HELD}


def test_everything_that_is_off_unless_asked_for_switches_a_block_on_or_stands_alone() -> None:
    off = {way for way, _, default in keys(Scenario) if default is False}
    switches = {way for way, mark in marks() if isinstance(mark, SwitchesBlock)}

    assert off - switches == ALONE
    assert switches <= {way for way, _, _ in keys(Scenario)}


def test_a_key_without_effect_alone_names_another_of_its_block_and_what_it_may_be() -> None:
    found = [(way.split("."), mark) for way, mark in marks() if isinstance(mark, OnlyWith)]

    assert len(found) > 7
    for (*block, _), mark in found:
        of = block_at(tuple(block))
        assert of is not None
        if mark.value is not None:
            kept = {name: getattr(of(), name) for name in of.model_fields}
            assert of.model_validate(kept | {mark.key: mark.value})
        assert mark.key in of.model_fields
