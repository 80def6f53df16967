"""One thing wrong with a plan of stated halls and racks, and the check that finds it out."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

from planner.scenario import load_scenario

EXISTING = Path(__file__).parent / "existing.yaml"


def other_row(table, column, value, plan):
    """Judge the plan by tables whose first row says something else."""
    frame = plan.inputs.tables[table].copy()
    frame.loc[0, column] = value
    return plan.read(**{table: frame})


def asked_for(*settings):
    """Judge a plan against another scenario than it was made for."""
    scenario = load_scenario(str(EXISTING), settings)
    return lambda plan: dataclasses.replace(plan, scenario=scenario)


def halls(column, value):
    return partial(other_row, "existing_halls", column, value)


def racks(column, value):
    return partial(other_row, "existing_racks", column, value)


SPOILED_EXISTING = (
    ("a hall is larger", "existing_halls_from_tables", halls("it_mw", 41.0)),
    ("a hall is of another design", "existing_halls_from_tables", halls("redundancy", "2N")),
    ("a hall comes later", "existing_halls_from_tables", halls("first_year", 2026)),
    ("a connection is larger", "firm_connection_from_tables", halls("it_mw", 41.0)),
    ("more is under construction", "committed_of_zones", halls("first_year", 2026)),
    ("racks are more", "existing_racks_from_tables", racks("racks", 710)),
    ("racks are older", "existing_racks_from_tables", racks("first_year", 2022)),
    ("racks have another use", "existing_racks_from_tables", racks("duty", "inference")),
    ("racks stand in another hall", "existing_racks_from_tables", racks("hall", "C")),
    ("a site is left out", "sites_in_scope", asked_for("scope.exclude_sites=[]")),
    ("no halls are wanted", "columns_as_stated", asked_for("sites.oak.new_halls=false")),
)
