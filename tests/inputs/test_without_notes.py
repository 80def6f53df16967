"""Inputs of a question on the way to an answer have all figures, and fewer notes."""

from __future__ import annotations

from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pytest

from planner.base.arrays import Record
from planner.base.errors import InputError
from planner.inputs import TABLES, build_inputs_from, inputs_without_notes
from planner.lp import Axis
from planner.lp.change import Arrays
from planner.model import build_model
from planner.scenario import load_scenario
from planner.tables import read_tables

if TYPE_CHECKING:
    from planner.inputs.inputs import Inputs

CHECK = Path(__file__).parent.parent / "check"
WORLDS = ("tiny", *(str(CHECK / f"{name}.yaml") for name in ("rich", "tariffs", "non_firm", "own")))

_NO_FIGURES: Final = ("tables", "sha256", "notes", "assumed", "noted_settings", "moved", "warnings", "reference")


def changed_fields(new: Inputs, old: Inputs) -> set[tuple[str, str]]:
    """Return the family and name of every field of the model's inputs that differs."""
    changed = set()
    for family, after in vars(new).items():
        before = getattr(old, family)
        if family in _NO_FIGURES or after is before:
            continue
        names = list(vars(after)) if isinstance(after, Record) or is_dataclass(after) else []
        changed |= {(family, name) for name in names if not is_same(getattr(after, name), getattr(before, name))}
        if not names and not is_same(after, before):
            changed.add((family, "*"))
    return changed


def is_same(new: object, old: object) -> bool:
    """Return whether two things that inputs are made of hold the same numbers and labels.

    Things of a type that is not looked into are the same where they are one object.
    """
    if new is old:
        return True
    match new, old:
        case np.ndarray(), np.ndarray():
            same = new.dtype == old.dtype and np.array_equal(new, old, equal_nan=new.dtype.kind == "f")
        case pd.DataFrame(), pd.DataFrame():
            same = new.equals(old)
        case Axis(), Axis():
            same = (new.name, new.labels) == (old.name, old.labels)
        case ((tuple() | list()), (tuple() | list())):
            same = len(new) == len(old) and all(map(is_same, new, old))
        case dict(), dict():
            same = list(new) == list(old) and all(is_same(new[key], old[key]) for key in new)
        case (str() | int() | float() | frozenset() | set() | np.generic(), _):
            same = type(new) is type(old) and bool(new == old)
        case _:
            same = (
                (isinstance(new, Record) or is_dataclass(new))
                and type(new).__name__ == type(old).__name__
                and all(is_same(getattr(new, name), getattr(old, name)) for name in vars(new))
            )
    return bool(same)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: Path(world).stem)
def test_the_figures_are_those_of_inputs_with_notes(world: str) -> None:
    scenario = load_scenario(world)
    tables = read_tables(TABLES, scenario.data_files)

    noted = build_inputs_from(scenario, tables)
    plain = inputs_without_notes(scenario, tables)

    # Accounts of a tariff have no equality; bills by them are rows of the program.
    assert changed_fields(plain, noted) <= {("tariffs", "accounts")}
    programs = (Arrays.from_problem(build_model(inputs).problem) for inputs in (plain, noted))
    assert is_same(*programs)
    assert plain.tables == noted.tables
    assert set(plain.notes) < set(noted.notes) or plain.notes == noted.notes
    assert set(plain.warnings) <= set(noted.warnings)


def test_a_note_of_what_has_no_effect_is_left_out() -> None:
    scenario = load_scenario("tiny", ["build.capex_budget_musd=1e9", "lease.depth_mw_per_site=7"])
    tables = read_tables(TABLES, scenario.data_files)

    noted = build_inputs_from(scenario, tables)

    assert any("lease.depth_mw_per_site" in note for note in noted.notes)
    assert not any("lease.depth_mw_per_site" in note for note in inputs_without_notes(scenario, tables).notes)


def test_what_makes_no_inputs_is_refused_in_the_same_words() -> None:
    scenario = load_scenario("tiny")
    tables = read_tables(TABLES, scenario.data_files)
    costs = tables["facility_cost"]
    tables["facility_cost"] = costs[costs["item"] != costs["item"].iloc[0]]

    with pytest.raises(InputError) as noted:
        build_inputs_from(scenario, tables)
    with pytest.raises(InputError) as plain:
        inputs_without_notes(scenario, tables)

    assert str(plain.value) == str(noted.value)
