"""A plan that was solved again until it survives any outage is gone on from as it was stored."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from plans import plan_of
from test_failover import ANY_USER, WORLD

from planner.inputs.build import PreparedScenario, build_inputs_from
from planner.inputs.inputs import Inputs
from planner.lp.change import Arrays
from planner.model import build_model
from planner.runs.plan import Plan
from planner.studies.estimates import estimates
from planner.studies.explain.again import spot_check
from planner.studies.solve.asking import Asking, has_program, model_at


@cache
def plan() -> Plan:
    """A plan with cuts."""
    return plan_of(str(WORLD), ANY_USER)


@cache
def built_again() -> Inputs:
    """Its inputs as a stored run gives them."""
    return build_inputs_from(plan().scenario, plan().run.inputs_tables)


def test_the_program_of_a_plan_has_the_rows_that_were_added_while_it_was_solved() -> None:
    proof, inputs = plan().proof, built_again()
    cuts = int(proof.rows["family"].astype(str).str.startswith("failure_cut").sum())
    assert cuts > 0

    model = model_at(inputs, proof)

    assert has_program(proof, Arrays.from_problem(model.problem))
    assert len(proof.rows) == build_model(inputs).problem.row_count + cuts
    # One number that is another, and it is another program.
    moved = proof.matrix["value"].where(proof.matrix.index < len(proof.matrix) - 1, 2.0)
    other = replace(proof, matrix=proof.matrix.assign(value=moved))
    assert not has_program(other, Arrays.from_problem(model_at(inputs, other).problem))


def test_solving_on_from_a_plan_begins_at_what_it_costs() -> None:
    question = PreparedScenario(plan().scenario, built_again())

    found = spot_check(question, (), Asking(lambda _: None), plan().proof)

    assert found.attrs["before_musd"] == pytest.approx(plan().outcome.objective, rel=1e-7)


def test_what_decides_is_found_where_there_are_cuts() -> None:
    ask = Asking(lambda _: None)

    found = estimates(plan().run, plan().scenario, built_again(), ask, most=2)

    assert len(found.table) == 2
    assert (found.table[["low_musd", "high_musd"]].abs().max(axis=1) > 0.1).all()
