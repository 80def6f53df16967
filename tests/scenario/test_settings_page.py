"""Every setting is on the page of settings, and its example is right."""

from __future__ import annotations

import json

import pytest
from pydantic import TypeAdapter

from planner.docs import first_id
from planner.scenario import json_schema
from planner.scenario.keys import field_at
from planner.scenario.page import settings, settings_page, written
from planner.scenario.tree import plain
from planner.scenario.yaml12 import parse

SETTINGS = list(settings())


def test_every_key_of_the_schema_is_on_the_page():
    schema = json.loads(json_schema())
    keys = {key for block in schema["$defs"].values() for key in block.get("properties", {})}
    keys |= set(schema["properties"])
    blocks = {key for one in SETTINGS for key in one.keys[:-1]}

    assert keys - blocks == {one.keys[-1] for one in SETTINGS} - blocks
    page = settings_page(first_id)
    assert all(f"| `{'.'.join(one.keys)}` |" in page for one in SETTINGS)


@pytest.mark.parametrize("one", SETTINGS, ids=lambda one: ".".join(one.keys))
def test_an_example_is_admitted_and_says_something_else_than_the_default(one):
    example = plain(parse(written(one.example(first_id)), "example"))

    TypeAdapter(one.field.rebuild_annotation()).validate_python(example)
    assert written(example) != one.default or one.keys[-1] in ("version", "countries")
    assert one.meaning


@pytest.mark.parametrize(
    ("keys", "unit", "default", "meaning"),
    [
        (("operator", "demand_share_frac"), "-", "0.1", "Share of the demand path"),
        (("sites", "<id>", "land_limit_mw"), "MW", "left out", "Most critical IT power"),
        (("new_sites", "<id>", "like"), "", "required", "Site whose figures it takes"),
        (("lease", "depth_mw_per_site"), "MW", "20", "Most critical IT MW on offer"),
    ],
)
def test_unit_default_and_meaning_are_those_of_the_schema(keys, unit, default, meaning):
    (one,) = (one for one in SETTINGS if one.keys == keys)

    assert one.field.description == field_at(keys).description
    assert (one.unit, one.default) == (unit, default)
    assert one.meaning.startswith(meaning)
