"""What is found of inputs alone is found once for all their plans, and of no others."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from good_plan import RICH, solved
from inputs_fields import figures, with_values, wrong

from planner.check import RULES, check_inputs
from planner.check.all_checks import GROUPS

FACTS = {one.name for one in GROUPS["Figures against the data"]}
WORLDS = ("rich", "tariffs", "own_power", "non_firm", "failover", "whole")


@pytest.mark.parametrize("world", WORLDS)
def test_a_plan_of_judged_inputs_has_the_verdict_that_it_has_alone(world):
    plan = solved(RICH.with_name(f"{world}.yaml"))
    checked = check_inputs(plan.scenario, plan.inputs)

    alone, first, second = (plan.verdict(given) for given in (None, checked, checked))

    assert {one.name for one in checked.checks} <= {one.name for one in RULES}
    assert len(FACTS - {one.name for one in checked.checks}) <= 8  # those read the plan as well
    assert [dataclasses.astuple(one) for one in alone.checks] == [dataclasses.astuple(one) for one in first.checks]
    assert first.checks == second.checks
    assert first.proven == alone.proven


def test_wrong_figures_of_judged_inputs_break_the_same_rules():
    good = solved(RICH)
    figure = next(one for one in figures(good.inputs) if one.name == "demand.demand_kh100e")
    places = np.arange(figure.values.size)
    bad = dataclasses.replace(good, inputs=with_values(good.inputs, figure, wrong(figure, places)))

    alone = bad.verdict()
    known = bad.verdict(check_inputs(bad.scenario, bad.inputs))

    assert not alone.ok
    assert known.broken == alone.broken
    assert {one.name for one in known.broken} & FACTS


def test_a_wrong_plan_of_judged_inputs_breaks_what_it_breaks_alone():
    good = solved(RICH)
    checked = check_inputs(good.scenario, good.inputs)
    plan = good.tables["plan"]
    bad = good.reported(plan=plan.assign(used_mw=1.1 * plan["used_mw"]))

    assert good.verdict(checked).ok
    known = bad.verdict(checked)

    assert not known.ok
    assert known.broken == bad.verdict().broken
    assert good.verdict(checked).ok  # nothing of the wrong plan was kept


def test_inputs_that_were_not_judged_are_refused():
    plan = solved(RICH)
    checked = check_inputs(plan.scenario, plan.inputs)
    other = dataclasses.replace(plan, inputs=plan.inputs.changed())

    other_question = dataclasses.replace(plan, scenario=plan.scenario.model_copy())

    for one in (other, other_question):
        with pytest.raises(ValueError, match="of other inputs, or of another scenario"):
            one.verdict(checked)
