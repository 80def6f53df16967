"""Lists of what may be decided of halls and racks: a row that is missing, or too many, is found."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from ledger_worlds import RULE, WORLDS, NoTables, asked

from planner.check.case import Case
from planner.check.verdict import judged
from planner.lp import Index

LISTS = {
    "leasable_halls_from_tables": ("halls", "lease"),
    "buildable_halls_from_tables": ("halls", "build"),
    "possible_retrofits_from_tables": ("halls", "retrofit"),
    "operable_halls_from_tables": ("halls", "operate"),
    "deployments_listed": ("racks", "deployment"),
    "purchases_listed": ("racks", "install"),
    "uses_listed": ("racks", "used"),
    "moves_out_listed": ("racks", "move_out"),
    "moves_in_listed": ("racks", "move_in"),
}


def check(rule, world, inputs=None):
    scenario, good = asked(world)
    return judged(RULE[rule], Case(scenario, inputs or good, NoTables(), 0.0, ""))


def kept(inputs, room, name, is_kept):
    """Return the inputs with some rows of an index list, and of nothing else."""
    part = getattr(inputs, room)
    index = getattr(part, name)
    return dataclasses.replace(inputs, **{room: _with(part, name, index.select(is_kept))})


def _with(part, name, index):
    """Put a list into its room; what is checked on the way in is not asked."""
    changed = object.__new__(type(part))
    for field in dataclasses.fields(part):
        value = index if field.name == name else getattr(part, field.name)
        object.__setattr__(changed, field.name, value)
    return changed


@pytest.mark.parametrize("rule", LISTS)
@pytest.mark.parametrize("world", WORLDS)
def test_the_lists_of_a_right_plan_are_those_of_the_tables(world, rule):
    found = check(rule, world)

    assert found.ok, found.place


@pytest.mark.parametrize("rule", LISTS)
def test_a_row_that_is_missing_is_named(rule):
    room, name = LISTS[rule]
    inputs = asked("rich")[1]
    index = getattr(getattr(inputs, room), name)
    assert len(index) > 3

    for row in (0, len(index) // 2, len(index) - 1):
        found = check(rule, "rich", kept(inputs, room, name, np.arange(len(index)) != row))

        gone = [str(index.labels(axis)[row]) for axis in index.axis_names]
        assert (found.broken, found.place) == (1, ", ".join([*gone, "missing"]))


@pytest.mark.parametrize("rule", LISTS)
def test_a_row_too_many_is_named(rule):
    room, name = LISTS[rule]
    inputs = asked("rich")[1]
    index = getattr(getattr(inputs, room), name)
    axes = [index.axis(axis) for axis in index.axis_names]
    known = set(zip(*(index[axis].tolist() for axis in index.axis_names), strict=True))
    stranger = next(row for row in np.ndindex(*map(len, axes)) if row not in known)
    codes = [np.append(index[axis.name], code) for axis, code in zip(axes, stranger, strict=True)]
    more = Index.sparse(index.name, axes, codes)

    part = _with(getattr(inputs, room), name, more)
    found = check(rule, "rich", dataclasses.replace(inputs, **{room: part}))

    added = [axis.labels[code] for axis, code in zip(axes, stranger, strict=True)]
    assert (found.broken, found.place) == (1, ", ".join([*added, "one too many"]))
