"""The table of contents: every block is listed, named once, explained and tested."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import planner.families
import planner.model
from planner.family.block import Constraint, Cost
from planner.model import ALL_COSTS, FAMILIES

BLOCKS = [block for family in FAMILIES for block in family.CONSTRAINTS]
NOT_FAMILIES = {"families", "variables"}
FILES = {f"planner.model.{module.name}" for module in pkgutil.iter_modules(planner.model.__path__)}
DECLARED = {f"planner.families.{module.name}" for module in pkgutil.iter_modules(planner.families.__path__)}


def test_every_file_of_the_room_is_a_listed_family_or_a_known_helper() -> None:
    families = {family.__name__ for family in FAMILIES}

    assert families <= FILES | DECLARED
    assert (FILES | DECLARED) - families == {f"planner.model.{name}" for name in NOT_FAMILIES}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_every_block_of_a_family_is_in_its_list(family: object) -> None:
    written = {thing for _, thing in inspect.getmembers(family) if isinstance(thing, Constraint)}

    assert written == set(family.CONSTRAINTS)  # type: ignore[attr-defined]


def test_every_cost_is_in_the_one_list() -> None:
    modules = [importlib.import_module(name) for name in FILES | DECLARED]
    members = (thing for module in modules for _, thing in inspect.getmembers(module))
    written = {thing for thing in members if isinstance(thing, Cost)}

    assert written == set(ALL_COSTS)


def test_names_are_distinct() -> None:
    names = [block.name for block in BLOCKS] + [item.name for item in ALL_COSTS]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_a_block_has_a_sentence_an_equation_and_a_source(block: Constraint) -> None:
    doc = inspect.cleandoc(block.doc)

    assert doc.splitlines()[0].endswith(".")
    assert ".. math::" in doc


def test_a_family_says_what_it_is() -> None:
    for family in FAMILIES:
        assert (family.__doc__ or "").splitlines()[0].endswith(".")
