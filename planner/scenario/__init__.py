"""What a planner asks: scenario files, their schema, and their problems with places."""

from planner.family.values import interpolated, path_value
from planner.scenario.chain import shipped_names
from planner.scenario.contradictions import ID_TABLES, unknown_ids, written_at
from planner.scenario.load import (
    Changes,
    ScenarioDraft,
    Setting,
    as_overrides,
    load_scenario,
    read_draft,
    with_settings,
)
from planner.scenario.schema import Scenario, json_schema

__all__ = [
    "ID_TABLES",
    "Changes",
    "Scenario",
    "ScenarioDraft",
    "Setting",
    "as_overrides",
    "interpolated",
    "json_schema",
    "load_scenario",
    "path_value",
    "read_draft",
    "shipped_names",
    "unknown_ids",
    "with_settings",
    "written_at",
]
