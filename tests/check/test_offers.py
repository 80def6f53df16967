"""What may be decided, within which bounds, at which cost: a column missing, too many or wrong is found."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from good_plan import solved
from ledger_worlds import WORLDS

from planner.check import second
from planner.check.decided import DECIDED
from planner.check.second import columns_as_stated, costs_as_stated
from planner.check.verdict import judged
from planner.results.proof import Proof

WORLD_OF = {
    **dict.fromkeys(DECIDED, "rich"),
    **dict.fromkeys(
        (
            *("source_mw", "store_mwh", "redeploy_mw", "capacity_mw", "energy_mwh", "output_mw", "charge_mw"),
            *("discharge_mw", "level_mwh", "worn_mwh", "curtail_mw", "export_mw"),
        ),
        "own_power",
    ),
    **dict.fromkeys(("block_mw", "connect_mw", "discounted_mw", "shed_mw"), "non_firm"),
    **dict.fromkeys(("standby_mw", "reserve"), "failover"),
    **dict.fromkeys(("phases", "holds"), "whole"),
    "has_plant": "plants",
    "lot_racks": "lots",
}
"""For each decision a world that has some of it."""
del WORLD_OF["pair"]  # of a form of failover that takes far longer


def plan_of(world):
    path, *changes = WORLDS[world]
    return solved(path, *changes)


def judge(plan, rule, **proof):
    changed = dataclasses.replace(plan.proof, **proof)
    return judged(rule, dataclasses.replace(plan, proof=changed).case)


def without(proof, column):
    """Return a program that lacks a column, with all that it had in its rows."""
    matrix = proof.matrix[(proof.matrix["column"] != column).to_numpy()]
    place = matrix["column"].to_numpy()
    matrix = matrix.assign(column=(place - (place > column)).astype(place.dtype)).reset_index(drop=True)
    columns = proof.columns.drop(index=column).reset_index(drop=True)
    return Proof.of_tables({**proof.tables, "columns": columns, "matrix": matrix})


@pytest.fixture
def alone(monkeypatch, name):
    monkeypatch.setattr(second, "DECIDED", {name: DECIDED[name]})
    monkeypatch.setattr(second, "_names_of", lambda _: ())


@pytest.mark.parametrize("rule", [columns_as_stated, costs_as_stated], ids=["columns", "costs"])
@pytest.mark.parametrize("world", WORLDS)
def test_what_a_right_plan_may_decide_is_what_the_scenario_allows(world, rule):
    for reads_all in (False, True):
        check = judged(rule, dataclasses.replace(plan_of(world).case, reads_all=reads_all))

        assert check.ok, check.place


@pytest.mark.parametrize("name", WORLD_OF)
def test_a_column_that_is_missing_or_of_another_place_or_bound_is_found(name, alone):
    plan = plan_of(WORLD_OF[name])
    columns, mine = plan.proof.columns, np.flatnonzero((plan.proof.columns["family"] == name).to_numpy())
    at = mine[len(mine) // 2]
    upper, whole = columns["upper"].to_numpy(copy=True), columns["integer"].to_numpy(copy=True)
    upper[at], whole[at] = min(upper[at], 2.0) - 0.5, not whole[at]
    shorter = without(plan.proof, int(at)).tables

    assert judge(plan, columns_as_stated).ok
    assert not judge(plan, columns_as_stated, **shorter).ok
    for wrong in ({"upper": upper}, {"lower": columns["lower"].to_numpy() - (columns.index == at)}, {"integer": whole}):
        check = judge(plan, columns_as_stated, columns=columns.assign(**wrong))
        assert not check.ok
        assert check.place.startswith(name)


@pytest.mark.parametrize("name", WORLD_OF)
def test_a_wrong_cost_of_one_unit_is_found(name):
    plan = plan_of(WORLD_OF[name])
    columns, mine = plan.proof.columns, np.flatnonzero((plan.proof.columns["family"] == name).to_numpy())
    cost = columns["cost"].to_numpy(copy=True)
    at = mine[np.argmax(np.abs(cost[mine]))]
    cost[at] = 1.01 * cost[at] or 0.01

    check = judge(plan, costs_as_stated, columns=columns.assign(cost=cost))

    assert (check.ok, check.broken) == (False, 1)
    assert check.place.startswith(name)


def test_a_decision_that_nobody_states_is_found():
    plan = plan_of("rich")
    families = plan.proof.columns["family"].astype(str)
    renamed = plan.proof.columns.assign(family=families.replace("heat_sold_mw", "gift").astype("category"))

    assert not judge(plan, columns_as_stated, columns=renamed).ok


def test_a_decision_without_a_cost_that_nobody_states_is_found_in_the_rows_of_a_plan():
    plan = plan_of("rich")
    columns, matrix = plan.proof.columns, plan.proof.matrix
    gift = columns.iloc[-1:].assign(family="gift", cost=0.0, lower=0.0, x=0.0)
    columns = pd.concat([columns.astype({"family": str}), gift], ignore_index=True).astype({"family": "category"})
    row = int(np.flatnonzero((plan.proof.rows["family"] == "demand_balance").to_numpy())[0])
    term = matrix.iloc[-1:].assign(row=row, column=len(columns) - 1, value=2.5)
    helped = pd.concat([matrix, term], ignore_index=True).astype(matrix.dtypes.to_dict())
    helped = helped.sort_values(["row", "column"], ignore_index=True)
    measures = Proof.of_tables({**plan.proof.tables, "columns": columns}).tables
    helps = Proof.of_tables({**plan.proof.tables, "columns": columns, "matrix": helped}).tables

    assert judge(plan, columns_as_stated, **measures).ok
    assert judge(plan, second.program_as_stated, **measures).ok
    assert not judge(plan, second.program_as_stated, **helps).ok


def test_what_is_paid_whatever_is_decided_is_compared_too():
    plan = plan_of("signed")
    program = plan.proof.program.assign(offset_musd=plan.proof.offset_musd + 1.0)

    assert not judge(plan, costs_as_stated, program=program).ok
