"""Own sources: what stands, what it may put out, what is sold, what leaves."""

from __future__ import annotations

import pytest
from small_world import inputs_of

from planner.base.errors import InputError
from planner.model import Model


def test_a_scenario_without_a_source_builds_not_one_row_or_column_for_it():
    plain = Model(inputs_of())
    supply = (name for name in vars(plain.supply) if name.endswith(("_mw", "_mwh")))

    assert {name: getattr(plain.supply, name).over.size for name in supply} == dict.fromkeys(
        (
            "source_mw",
            "store_mwh",
            "redeploy_mw",
            "capacity_mw",
            "energy_mwh",
            "output_mw",
            "charge_mw",
            "discharge_mw",
            "level_mwh",
            "worn_mwh",
            "curtail_mw",
            "export_mw",
        ),
        0,
    )
    assert plain.p.balance.slot.size == 0


def test_bridge_power_bound_to_the_grid_serves_until_its_year_and_no_longer():
    bridge = "supply={allow: [engine], bridge: {sources: [engine], until_grid: true}}"
    years = ("years=[2025, 2026, 2027]", "supply.override.engine.lead_months=4")
    long_queue = "lead_times.interconnection_months=20"  # from March 2025: November 2026

    over = inputs_of(bridge, *years, long_queue).supply.capacity
    there = {
        (over.axis("site").labels[s], over.axis("year").labels[t])
        for s, t in zip(over["site"], over["year"], strict=True)
    }

    assert {year for _, year in there} == {"2025", "2026"}
    leaving = inputs_of(bridge, *years, long_queue).supply.redeploy
    assert {leaving.axis("year").labels[t] for t in leaving["year"]} == {"2026", "2027"}


def test_what_stands_cannot_be_bound_to_the_grid():
    with pytest.raises(InputError, match="some already exists"):
        inputs_of(
            "supply={allow: [engine], bridge: {sources: [engine], until_grid: true}}",
            "sites.oak.existing_source_mw={engine: 5}",
        )
