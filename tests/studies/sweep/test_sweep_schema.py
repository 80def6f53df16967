"""The JSON Schema of sweeps knows every key that is read, and takes every shipped file."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from planner.base.paths import SCENARIOS_DIR
from planner.cli import main
from planner.family.values import Block
from planner.studies.sweep.axes import AxisBlock, CvarBlock, Sample, SweepBlock, SweepRange, UncertaintyBlock
from planner.studies.sweep.file import shipped_sweeps, sweep_schema

SCHEMA = json.loads(sweep_schema())


def wrong(content: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(content)]


@pytest.mark.parametrize("name", shipped_sweeps())
def test_a_shipped_sweep_is_right(name: str) -> None:
    text = (SCENARIOS_DIR / "sweeps" / f"{name}.yaml").read_text(encoding="utf-8")

    assert wrong(yaml.safe_load(text)) == []


def test_the_keys_are_those_that_are_read() -> None:
    properties, axis = SCHEMA["properties"], SCHEMA["$defs"]["axis"]["properties"]
    of_block: list[tuple[dict[str, Any], type[Block]]] = [
        (properties, SweepBlock),
        (properties["sample"]["properties"], Sample),
        (axis, AxisBlock),
        (axis["range"]["properties"], SweepRange),
        (properties["uncertainty"]["properties"], UncertaintyBlock),
        (properties["uncertainty"]["properties"]["cvar"]["properties"], CvarBlock),
    ]

    for keys, block in of_block:
        assert set(keys) == {field.alias or name for name, field in block.model_fields.items()}


@pytest.mark.parametrize(
    "slip",
    [
        {"uncertainty": {"weights": {"low": 1}}},
        {"uncertainty": {"known_from": 2028, "weights": {"low": 0}}},
        {"uncertainty": {"known_from": 2028, "cvar": {"weight": 0.3}}},
        {"futures": {"low": {"no_such_block": {}}}},
        {"axes": {"price": {"keys": "demand.trajectory"}}},
        {"sample": {"method": "halton", "size": 8, "seed": 1}},
    ],
)
def test_a_slip_is_seen(slip: dict[str, Any]) -> None:
    right = {"version": 1, "base": "tiny", "futures": {"low": None}}

    assert wrong(right) == []
    assert wrong(right | slip) != []


def test_a_future_may_change_a_part_of_a_block() -> None:
    part = {"new_sites": {"north": {"land_limit_mw": 25}}, "demand": {"unmet": "forbid"}}

    assert wrong({"version": 1, "base": "tiny", "futures": {"less land": part}}) == []


def test_the_command_prints_it() -> None:
    printed = CliRunner().invoke(main, ["schema", "--of", "sweep"])

    assert json.loads(printed.stdout) == SCHEMA
