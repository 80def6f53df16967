"""Inputs of a question on the way to an answer have all figures, and fewer notes."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.inputs import TABLES, build_inputs_from, inputs_without_notes
from planner.lp.change import Arrays
from planner.model import build_model
from planner.scenario import load_scenario
from planner.studies.estimates.changed_fields import changed_fields, is_same
from planner.tables import read_tables

CHECK = Path(__file__).parent.parent / "check"
WORLDS = ("tiny", *(str(CHECK / f"{name}.yaml") for name in ("rich", "tariffs", "non_firm", "own")))


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
