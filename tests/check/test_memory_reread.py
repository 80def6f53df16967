"""Racks with too little memory for a class: the check reads again which it may buy and use."""

from __future__ import annotations

import pytest
from good_plan import MINI
from ledger_worlds import NoTables

from planner.check import decision_lists as lists
from planner.check.case import Case
from planner.check.frames import to_frame
from planner.inputs import build_inputs
from planner.scenario import load_scenario

KNOWN = tuple(
    f"racks.override.{rack}.memory_gb={gb}" for rack, gb in [("air24", 2560), ("liquid25", 20700), ("liquid27", 13500)]
)
NEEDS = (*KNOWN, "workloads.chat.least_memory_gb=15000")
LISTS = {"install": lists.installable, "used": lists.usable}


def rows_apart(name: str, asked: tuple[str, ...], made_from: tuple[str, ...]):
    """Return the rows that one of two lists lacks: of the inputs, and as computed again."""
    inputs = build_inputs(load_scenario(MINI, made_from))
    again = LISTS[name](Case(load_scenario(MINI, asked), inputs, NoTables(), 0.0, ""))
    made = to_frame(getattr(inputs.racks, name))
    return {*made.itertuples(index=False, name=None)} ^ {*again[list(made)].itertuples(index=False, name=None)}


@pytest.mark.parametrize("name", LISTS)
def test_offers_made_with_the_least_memory_pass(name):
    assert not rows_apart(name, NEEDS, NEEDS)


@pytest.mark.parametrize("name", LISTS)
def test_offers_of_racks_with_too_little_memory_are_found(name):
    assert rows_apart(name, NEEDS, KNOWN)
