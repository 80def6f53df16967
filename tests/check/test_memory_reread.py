"""Racks with too little memory for a class: the check reads again which it may buy."""

from __future__ import annotations

import pytest
from good_plan import MINI
from ledger_worlds import RULE, NoTables

from planner.check.case import Case
from planner.check.verdict import judged
from planner.inputs import build_inputs
from planner.scenario import load_scenario

KNOWN = tuple(
    f"racks.override.{rack}.memory_gb={gb}" for rack, gb in [("air24", 2560), ("liquid25", 20700), ("liquid27", 13500)]
)
NEEDS = (*KNOWN, "workloads.chat.least_memory_gb=15000")
RULES = {"deployments_listed": "liquid27", "purchases_listed": "air24"}
"""And the rack of the first row found: one too many, or one that is missing in its place."""


def check(rule: str, asked: tuple[str, ...], made_from: tuple[str, ...]):
    scenario = load_scenario(MINI, asked)
    inputs = build_inputs(load_scenario(MINI, made_from))
    return judged(RULE[rule], Case(scenario, inputs, NoTables(), 0.0, ""))


@pytest.mark.parametrize("rule", RULES)
def test_offers_made_with_the_least_memory_pass(rule):
    assert check(rule, NEEDS, NEEDS).ok


@pytest.mark.parametrize("rule", RULES)
def test_offers_of_racks_with_too_little_memory_are_found(rule):
    found = check(rule, NEEDS, KNOWN)

    assert not found.ok
    assert RULES[rule] in found.place
