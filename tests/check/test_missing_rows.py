"""A table of a run that is emptied, or loses a row, breaks a rule: no file hash is needed."""

from __future__ import annotations

import dataclasses
from functools import cache

import pandas as pd
import pytest
from good_plan import RICH, Plan, solved
from plans import plan_of

from planner.check import RULES
from planner.check.case import Case
from planner.check.columns import HELD_ROWS
from planner.check.lifetime import lifetime_shared, models_trained_priced
from planner.check.money import cash_reported
from planner.check.rows import IMPLIED, rows_there
from planner.check.sites import sites_reported
from planner.check.unit_costs import RULES as UNIT_COST_RULES
from planner.check.unit_costs import unit_costs_divided
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
FACTS = [
    "name",
    "country",
    "region",
    "lat",
    "lon",
    "zone",
    "market",
    "is_existing",
    "existing_halls_mw",
    "coming_halls_mw",
    "ending_halls_mw",
    "existing_racks_mw",
    "land_limit_mw",
    "opening_musd",
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


def broken(case: Case, name: str = "") -> str | None:
    """Return the first rule that is broken, those that hold the rows of a table before others."""
    first = HELD_ROWS.get(name, ())
    order = sorted(RULES, key=lambda rule: rule.name not in first)
    return next((rule.name for rule in order if not judged(rule, case).ok), None)


def test_the_plan_itself_breaks_no_rule() -> None:
    assert broken(tiny()) is None
    filled = {name for name, table in tiny().results.tables.items() if len(table)}
    assert filled == {*OF_TINY}


@pytest.mark.parametrize("name", OF_TINY)
def test_a_table_that_is_emptied_or_loses_a_row_breaks_a_rule(name: str) -> None:
    table = tiny().results.tables[name]
    for rows in (table.index, table.index[[0]], table.index[[-1]]):
        less = table.drop(index=rows).reset_index(drop=True)
        assert broken(with_table(name, less), name) is not None, f"{len(rows)} of {len(table)} rows"


@pytest.mark.parametrize(("of", "name"), [(of, name) for of, names in OF_WORLDS.items() for name in names])
def test_a_table_that_loses_its_first_or_its_least_row_breaks_a_rule(of: str, name: str) -> None:
    table = world(of).results.tables[name]
    amounts = table.select_dtypes("float").abs().sum(axis=1).to_numpy()
    for row in {0, int(amounts.argmin())}:
        less = table.drop(index=table.index[row]).reset_index(drop=True)
        assert broken(with_table(name, less, world(of)), name) is not None, f"row {row}"


def test_a_row_of_zeros_of_a_class_that_a_year_does_not_ask_for_is_missed() -> None:
    demand = (
        "demand.explicit=["
        "{workload: train_frontier, unit: kh100e, by_year: {2027: 30, 2028: 45}},"
        " {workload: chat_interactive, unit: kh100e, by_year: {2027: 0, 2028: 12}}]"
    )
    case = Plan.of_solve(plan_of("tiny", demand)).case
    table = case.results.tables["power_class"]
    is_none = (table["workload"] == "chat_interactive") & (table["year"] == 2027)
    assert table.loc[is_none, ["nameplate_mw", "energy_mwh"]].to_numpy().tolist() == [[0.0, 0.0]]
    assert judged(rows_there, case).ok

    check = judged(rows_there, with_table("power_class", table[~is_none], case))

    assert not check.ok
    assert check.place == "power_class, chat_interactive, 2027"


@pytest.mark.parametrize("row", [0, 4, 9])
def test_a_row_that_is_taken_out_of_a_file_leaves_numbers_that_no_rule_minds(row: int) -> None:
    case = with_table("unit_costs", tiny().results.tables["unit_costs"].drop(index=row))

    checks = {rule: judged(rule, case) for rule in (*UNIT_COST_RULES, rows_there)}

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


def test_every_table_is_tried() -> None:
    tried = {*OF_TINY, *(name for names in OF_WORLDS.values() for name in names)}
    assert tried == set(tiny().results.tables)


@pytest.mark.parametrize("name", [name for name in IMPLIED if name in OF_TINY])
def test_a_row_that_is_reported_twice_is_found(name: str) -> None:
    table = tiny().results.tables[name]
    twice = pd.concat([table, table.iloc[[0]]], ignore_index=True)

    check = judged(rows_there, with_table(name, twice))

    assert not check.ok
    assert check.place.startswith(name)


@pytest.mark.parametrize("column", ["cash_musd", "overnight_musd"])
def test_cash_that_is_reported_otherwise_is_found(column: str) -> None:
    cash = tiny().results.tables["cash"].copy()
    cash.loc[cash[column].idxmax(), column] *= 1.01

    assert not judged(cash_reported, with_table("cash", cash)).ok


def test_sites_that_are_reordered_are_found() -> None:
    table = tiny().results.tables["sites"]

    check = judged(sites_reported, with_table("sites", table.iloc[::-1].reset_index(drop=True)))

    assert not check.ok
    assert judged(sites_reported, tiny()).tested == table.size


def test_a_site_that_the_scenario_does_not_have_is_found() -> None:
    table = tiny().results.tables["sites"]
    more = pd.concat([table, table.iloc[[0]].assign(site="nowhere")], ignore_index=True)

    assert not judged(sites_reported, with_table("sites", more)).ok
    assert not judged(sites_reported, with_table("sites", table.iloc[:-1])).ok


@pytest.mark.parametrize("column", FACTS)
def test_a_fact_of_a_site_that_is_reported_otherwise_is_found(column: str) -> None:
    table = tiny().results.tables["sites"].copy()
    old = table[column]
    if column == "is_existing":
        table[column] = ~old
    else:
        table[column] = old * 1.01 + 0.01 if pd.api.types.is_float_dtype(old) else old + "x"

    check = judged(sites_reported, with_table("sites", table))

    assert (check.broken, check.place.split(", ")[1]) == (len(table), column)
