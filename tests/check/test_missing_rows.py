"""A table of a run that is emptied, or loses a row, breaks a rule: no file hash is needed."""

from __future__ import annotations

import dataclasses
from copy import copy
from functools import cache

import numpy as np
import pandas as pd
import pytest
from good_plan import RICH, Plan, solved
from ledger_worlds import RULE, WORLDS
from plans import plan_of

from planner.check import RULES
from planner.check.case import Case
from planner.check.rows import IMPLIED, rows_there
from planner.check.unit_costs import lifetime_shared, models_trained_priced, unit_costs_divided, unit_costs_shared
from planner.check.verdict import Rule, judged

OF_TINY = [
    "sites",
    "plan",
    "fleet",
    "installs",
    "builds",
    "halls",
    "connections",
    "leads",
    "openings",
    "site_year",
    "power_slot",
    "billed_peaks",
    "power_zone",
    "power_class",
    "headroom",
    "carbon_site",
    "carbon_year",
    "water_class",
    "assignment",
    "demand",
    "latency",
    "reference",
    "costs",
    "cash",
    "unit_costs",
    "summary",
    "bridge",
    "money_years",
    "money_items",
    "lifetime",
    "orders",
    "models_trained",
    "solution",
    "prices",
]
OF_WORLDS = {
    "non_firm": [
        "retrofits",
        "deferral",
        "source_builds",
        "source_year",
        "source_slot",
        "non_firm_connections",
        "non_firm_year",
        "stress_slot",
        "load_price",
        "rent",
    ],
    "own_power": [
        "moves",
        "operated",
        "leases",
        "migration",
        "migration_site",
        "source_leaves",
        "site_surplus",
        "contracts",
        "contract_slot",
        "contract_use",
        "matching",
        "matching_slot",
        "heat",
        "levers",
    ],
    "failover": ["reserve", "failures", "takeovers", "resilience"],
    "tariffs": ["bills", "bill_months", "capacity_contracts"],
    "whole": ["phases", "blocks"],
    "far": ["no_route"],
}
"""Tables that `tiny` leaves empty, by a world of this folder that fills them."""


@cache
def tiny() -> Case:
    return Plan.of_solve(plan_of("tiny")).case


@cache
def world(name: str) -> Case:
    return solved(RICH.with_name(f"{name}.yaml")).case


def with_table(name: str, table: pd.DataFrame, case: Case | None = None) -> Case:
    case = case or tiny()
    reported = dataclasses.replace(case.results, tables={**case.results.tables, name: table})
    return dataclasses.replace(case, results=reported)


def broken(case: Case) -> str | None:
    """Return the first rule that is broken."""
    return next((rule.name for rule in RULES if not judged(rule, case).ok), None)


def test_the_plan_itself_breaks_no_rule() -> None:
    assert broken(tiny()) is None
    filled = {name for name, table in tiny().results.tables.items() if len(table)}
    assert filled == {*OF_TINY}


@pytest.mark.parametrize("name", OF_TINY)
def test_a_table_that_is_emptied_or_loses_a_row_breaks_a_rule(name: str) -> None:
    table = tiny().results.tables[name]
    for rows in (table.index, table.index[[0]], table.index[[-1]]):
        less = table.drop(index=rows).reset_index(drop=True)
        assert broken(with_table(name, less)) is not None, f"{len(rows)} of {len(table)} rows"


@pytest.mark.parametrize("row", [0, 4, 9])
def test_a_row_that_is_taken_out_of_a_file_leaves_numbers_that_no_rule_minds(row: int) -> None:
    case = with_table("unit_costs", tiny().results.tables["unit_costs"].drop(index=row))

    checks = {rule: judged(rule, case) for rule in (unit_costs_shared, unit_costs_divided, rows_there)}

    assert checks[unit_costs_divided].tested > 0
    assert not checks[rows_there].ok


@pytest.mark.parametrize("rule", [lifetime_shared, models_trained_priced])
def test_a_rule_that_needs_a_row_that_is_gone_is_broken(rule: Rule) -> None:
    table = tiny().results.tables["unit_costs"]
    scope, year = ("training", 2028)
    less = table[(table["scope"] != scope) | (table["year"] != year)].reset_index(drop=True)

    check = judged(rule, with_table("unit_costs", less))

    assert not check.ok
    assert "2028" in check.place


OF_INPUTS = {
    "racks.delivery": ("rich", "deliveries_from_tables"),
    "grid.headroom": ("rich", "headroom_from_tables"),
    "halls.committed": ("rich", "rows_there"),
    "heat.sale": ("rich", "rows_there"),
    "grid.billing_slot": ("own_power", "rows_there"),
    "contracts.target": ("own_power", "rows_there"),
    "contracts.claim_slot": ("own_power", "rows_there"),
    "contracts.claim_year": ("rich", "rows_there", "contracts.matching.mode=annual"),
}
"""Lists of the inputs over which the program has rows, which would be short as the list is."""


@pytest.mark.parametrize("name", OF_INPUTS)
def test_a_list_of_the_inputs_that_lacks_a_place_breaks_a_rule(name: str) -> None:
    world, rule, *changes = OF_INPUTS[name]
    case = solved(*WORLDS[world], *changes).case
    part, attribute = name.split(".")
    short, record = copy(case.inputs), copy(getattr(case.inputs, part))
    whole = getattr(record, attribute)
    object.__setattr__(record, attribute, whole.select(np.arange(whole.size - 1)))
    for figure, values in list(vars(record).items()):
        if figure.startswith(attribute) and isinstance(values, np.ndarray) and len(values) == whole.size:
            object.__setattr__(record, figure, values[:-1])
    object.__setattr__(short, part, record)

    assert judged(RULE[rule], case).ok
    check = judged(RULE[rule], dataclasses.replace(case, inputs=short))
    assert not check.ok
    assert "cannot be computed" not in check.place


def test_every_table_is_tried() -> None:
    assert {*OF_INPUTS} == {*(name for name in IMPLIED if "." in name), "racks.delivery", "grid.headroom"}

    tried = {*OF_TINY, *(name for names in OF_WORLDS.values() for name in names)}
    assert tried == set(tiny().results.tables)
