"""A rule whose places are rows of some tables of the plan has nothing to test without a row."""

from __future__ import annotations

import dataclasses

import pytest
from good_plan import RICH, solved

from planner.check import RULES
from planner.check.verdict import judged
from planner.results.schema import TABLES

WORLDS = ("rich", "own_power", "non_firm", "tariffs", "failover", "whole")
OF_ROWS = [one for one in RULES if one.rows_of]


def without(case, tables):
    """Return the case of a plan whose tables are emptied."""
    empty = {name: case.results.tables[name].iloc[:0] for name in tables}
    results = dataclasses.replace(case.results, tables={**case.results.tables, **empty})
    return dataclasses.replace(case, results=results)


@pytest.mark.parametrize("one", OF_ROWS, ids=lambda one: one.name)
def test_a_rule_of_rows_tests_none_where_its_tables_are_empty(one):
    cases = [solved(RICH.with_name(f"{world}.yaml")).case for world in WORLDS]
    filled = [any(len(case.results.tables[name]) for name in one.rows_of) for case in cases]

    assert any(filled)
    for case, has_rows in zip(cases, filled, strict=True):
        assert one.test(without(case, one.rows_of)).amount.size == 0
        if has_rows:
            assert judged(one, case).tested


def test_rules_of_rows_name_tables():
    assert len(OF_ROWS) > 5
    assert all(set(one.rows_of) <= TABLES.keys() for one in OF_ROWS)
