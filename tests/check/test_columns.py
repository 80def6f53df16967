"""Every column of every table is held by a rule: change one cell, and the verdict says so."""

from __future__ import annotations

import dataclasses
import random

import pandas as pd
import pytest
from columns import EVERYWHERE, RULE, SHOWN_ONLY, changed, spoiled_columns, with_cells, world

from planner.check import RULES
from planner.check.verdict import judged
from planner.results.schema import TABLES, results_page

WORLDS = {
    "rich": "sites orders plan fleet installs moves builds retrofits leases halls operated connections "
    "leads openings site_year power_slot deferral billed_peaks migration migration_site power_zone "
    "power_class headroom contracts contract_slot contract_use matching matching_slot carbon_site "
    "carbon_year water_class heat assignment demand latency rent levers reference costs cash "
    "unit_costs summary bridge money_years money_items lifetime models_trained prices solution",
    "non_firm": "non_firm_connections non_firm_year stress_slot load_price",
    "own_power": "source_builds source_leaves source_year source_slot site_surplus",
    "far": "no_route",
    "tariffs": "bills bill_months capacity_contracts",
    "failover": "reserve failures takeovers resilience",
    "whole": "phases blocks",
}
"""Tables by the world of this folder in which they are spoiled."""
WORLD_OF = {table: name for name, tables in WORLDS.items() for table in tables.split()}
BREAKS = {
    "cells_there": "plan.used_mw",
    "rows_once": "plan.year",
    "labels_known": "plan.site",
    "labels_follow": "plan.cooling",
    "tables_as_given": "leads.months",
    "migration_reach_reported": "migration.reach",
    "totals_add_up": "carbon_year.market_kt",
    "carbon_intensity_reported": "carbon_site.grid_t_per_mwh",
    "tables_as_stated": "plan.companion_mw",
    "migration_in_its_block": "migration.block",
    "round_trips_reported": "assignment.within_tight",
    "percentiles_reported": "latency.tail_p95_rtt_ms",
    "service_of_classes": "latency.bound_ms",
    "bill_lines_reported": "bills.quantity",
    "bill_months_reported": "bill_months.usd",
    "round_trips_after_failures": "failures.failover_rtt_ms",
    "sites_summed": "site_year.cost_musd",
    "zones_summed": "power_zone.coincident_peak_mw",
    "classes_summed": "power_class.energy_mwh",
    "summary_summed": "summary.energy_twh",
    "money_by_year": "money_years.cash_musd",
    "money_by_item": "money_items.interest_musd",
    "bridge_terms": "bridge.racks_mw",
    "lifetime_shared": "lifetime.training_musd",
    "models_trained_priced": "models_trained.run_musd",
    "unit_costs_shared": "unit_costs.running_musd",
    "unit_costs_divided": "unit_costs.usd_per_million_tokens",
}
"""For each rule a column that it alone is asked about."""


@pytest.mark.parametrize("name", BREAKS)
def test_a_rule_breaks_where_its_column_is_changed(name: str) -> None:
    of, _, column = BREAKS[name].partition(".")
    good = world(WORLD_OF[of])
    table = good.tables[of]
    twice = pd.concat([table, table.iloc[[0]]], ignore_index=True)
    ways = [spoiled for _, _, spoiled in spoiled_columns(of, table, only=column)] + [twice]

    assert judged(RULE[name], good.good).ok
    check = next((check for way in ways if not (check := judged(RULE[name], good.with_table(of, way))).ok), None)

    assert check is not None
    assert check.place


@pytest.mark.parametrize("name", WORLD_OF)
def test_a_cell_that_is_changed_breaks_a_rule(name: str) -> None:
    good = world(WORLD_OF[name])
    assert len(good.tables[name]), f"{name} is empty in {WORLD_OF[name]}"

    missed = [
        f"{column} {how}"
        for column, how, table in spoiled_columns(name, good.tables[name])
        if f"{name}.{column}" not in SHOWN_ONLY and not good.finds(name, table)
    ]

    assert not missed


@pytest.mark.parametrize("name", WORLD_OF)
def test_a_row_that_is_gone_or_comes_twice_breaks_a_rule(name: str) -> None:
    good = world(WORLD_OF[name])
    table = good.tables[name]

    for row in {0, len(table) - 1}:
        twice = pd.concat([table, table.iloc[[row]]], ignore_index=True)
        assert not judged(RULE["rows_once"], good.with_table(name, twice)).ok, row
        gone = table.drop(index=table.index[row]).reset_index(drop=True)
        assert good.finds(name, gone), row


SPOILED_BEYOND_REPAIR = {
    "an unknown site": ("site_year", "site", "nowhere"),
    "an unknown cohort": ("moves", "vintage", "nowhere"),
    "no year": ("plan", "year", None),
}


@pytest.mark.parametrize("how", SPOILED_BEYOND_REPAIR)
def test_a_plan_that_can_not_be_computed_is_a_broken_one(how: str) -> None:
    name, column, cell = SPOILED_BEYOND_REPAIR[how]
    good = world(WORLD_OF[name])
    case = good.with_table(name, with_cells(good.tables[name], column, {0: cell}))

    checks = [judged(rule, case) for rule in RULES]

    assert {check.name for check in checks if not check.ok} & set(EVERYWHERE)
    assert not case.is_complete


def test_a_rule_that_fails_on_a_whole_plan_fails_aloud() -> None:
    def fails(case: object) -> object:
        raise KeyError(case)

    rule = dataclasses.replace(RULE["discounting"], test=fails)

    with pytest.raises(KeyError, match="Case"):
        judged(rule, world("rich").plan.case)


def test_every_table_is_spoiled_but_for_what_is_shown_only() -> None:
    every = [f"{name}.{column.name}" for name, table in TABLES.items() for column in table.fields]

    assert {*WORLD_OF} == {*TABLES}
    assert {*SHOWN_ONLY} <= {*every}
    assert all(f"`{of}`" in results_page() for of in SHOWN_ONLY)
    assert (len(WORLD_OF), len(every), len(SHOWN_ONLY)) == (68, 696, 1)  # as in decisions.md


SAMPLE = 300


@pytest.mark.parametrize("seed", [20260127])
def test_a_sample_of_changed_cells_is_found(seed: int) -> None:
    draw = random.Random(seed)
    every = [f"{name}.{column.name}" for name, table in TABLES.items() for column in table.fields]
    of_tables = [of for of in every if of not in SHOWN_ONLY]
    missed = []
    for _ in range(SAMPLE):
        of = draw.choice(of_tables)
        name, _, column = of.partition(".")
        good = world(WORLD_OF[name])
        how, table = changed(good.tables[name], column, draw)
        if not good.finds(name, table):
            missed.append(f"{of} {how}")

    assert not missed, f"of {SAMPLE} cells drawn by seed {seed}: {missed}"
