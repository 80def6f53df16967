"""Every setting is on the page of settings, and its example is right."""

from __future__ import annotations

import json

import pytest
from pydantic import TypeAdapter

from planner.docs import first_id
from planner.scenario import ID_TABLES, json_schema, read_draft, unknown_ids
from planner.scenario.contradictions import ID_KEYS
from planner.scenario.keys import SchemaKey, field_at, settings, written
from planner.scenario.page import example, settings_page
from planner.scenario.tree import plain
from planner.scenario.yaml12 import parse
from planner.tables import read_tables

SETTINGS = list(settings())
TABLES = read_tables(ID_TABLES)


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
    shown = plain(parse(written(example(one, first_id)), "example"))

    TypeAdapter(one.field.rebuild_annotation()).validate_python(shown)
    assert written(shown) != one.default or one.keys[-1] in ("version", "countries")
    assert one.meaning


GOES_WITH = {
    "demand.explicit.<n>.days": ["{unit: training_run_pf_days}"],
    "siting.exactly_sites": ["siting.whole_openings=true"],
    "siting.at_most_sites": ["siting.whole_openings=true"],
    "energy.own_tariffs.<id>.energy.<n>.tier_limits_mwh": ["{usd_per_mwh: [55, 40]}"],
    "energy.own_tariffs.<id>.energy.<n>.periods.<n>.tier_limits_mwh": ["{usd_per_mwh: [55, 40]}"],
    "energy.own_tariffs.<id>.demand.<n>.tier_limits_kw": ["{usd_per_kw_month: [9.5, 8]}"],
    "energy.own_tariffs.<id>.standing.<n>.name": ["{usd_per_month: 900}"],
}
"""What an example needs beside it, as its meaning says: a setting, or keys in the same block."""


def written_out(one: SchemaKey) -> list[str]:
    """Return an example with the keys that its blocks must have, as after --set."""
    beside = GOES_WITH.get(".".join(one.keys), [])
    value: object = example(one, first_id)
    for depth in range(len(one.keys) - 1, 0, -1):
        step, above = one.keys[depth], one.keys[:depth]
        if step == "<n>":
            value = [value]
        elif step == "<id>":
            keys = ".".join((*("*" if key.startswith("<") else key for key in above), "{}"))
            value = {first_id(ID_KEYS[keys]) if keys in ID_KEYS else "my-own": value}
        else:
            required = {
                other.keys[-1]: example(other, first_id)
                for other in SETTINGS
                if other.keys[:-1] == above and other.field.is_required()
            }
            if above[:2] == ("energy", "own_tariffs") and len(above) == 3:
                required["standing"] = [{"usd_per_month": 900}]  # one charge at least
            if depth == len(one.keys) - 1:
                inside = [text for text in beside if text.startswith("{")]
                required |= {k: v for text in inside for k, v in plain(parse(text, "")).items()}
            value = {**required, step: value}
    return [f"{one.keys[0]}={written(value)}", *(text for text in beside if "=" in text)]


@pytest.mark.parametrize("one", SETTINGS, ids=lambda one: ".".join(one.keys))
def test_an_example_is_loaded_in_a_scenario(one, tmp_path, monkeypatch):
    if one.keys[0] in ("version", "extends"):  # of the file itself
        return
    monkeypatch.chdir(tmp_path)
    for name in ("data/racks.csv", "rtt.csv", "service_cost.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("read later")

    draft = read_draft("us-base", written_out(one))

    _, problems = draft.checked()
    assert [*problems, *unknown_ids(draft.tree, TABLES)] == []


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
