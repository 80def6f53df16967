"""The JSON Schema that editors use says every key with its meaning and unit."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from planner.family.values import Block
from planner.scenario import Scenario, json_schema

GOLDEN = Path(__file__).parent.parent / "golden" / "scenario.schema.json"
UNIT_OF_SUFFIX = {
    "_mw": "[MW]",
    "_gw": "[GW]",
    "_frac": "[-]",
    "_h": "[h]",
    "_ms": "[ms]",
    "_km": "[km]",
    "_kw": "[kW]",
    "_m2": "[m2]",
    "_s": "[s]",
    "_pct": "[%]",
    "_months": "[months]",
    "_years": "[years]",
    "_musd": "[MUSD]",
    "_usd": "[USD]",
    "_kt": "[kt CO2]",
}
OTHER_UNITS = {
    "wacc_nominal_frac": "[1/year]",
    "inflation_frac": "[1/year]",
    "asset_wacc_nominal_frac": "[1/year]",
    "escalation_real_frac": "[1/year]",
    "trend_frac": "[1/year]",
    "companion_frac": "[MW/MW]",
    "diversity_frac": "[MW/MW]",
}


def all_blocks(block: type[Block] = Block) -> list[type[Block]]:
    below = block.__subclasses__()
    return below + [deeper for child in below for deeper in all_blocks(child)]


@pytest.mark.golden
def test_the_json_schema_is_the_one_that_was_reviewed() -> None:
    if os.environ.get("DCPLAN_GOLDEN") == "write":
        GOLDEN.write_text(json_schema(), encoding="utf-8")

    assert json_schema() == GOLDEN.read_text(encoding="utf-8")


def test_every_key_has_a_meaning() -> None:
    without = [
        f"{block.__name__}.{name}"
        for block in all_blocks()
        for name, field in block.model_fields.items()
        if not field.description
    ]

    assert without == []


def test_the_unit_in_a_key_is_the_unit_in_its_meaning() -> None:
    wrong = []
    for block in all_blocks():
        for name, field in block.model_fields.items():
            suffix = next((end for end in UNIT_OF_SUFFIX if name.endswith(end)), None)
            if suffix and "_per_" not in name:
                unit = OTHER_UNITS.get(name, UNIT_OF_SUFFIX[suffix])
                if not (field.description or "").endswith(unit):
                    wrong.append(f"{block.__name__}.{name}: {field.description}")

    assert wrong == []


def test_unknown_keys_are_refused_by_editors_too() -> None:
    schema: dict[str, Any] = json.loads(json_schema())

    open_blocks = [
        name
        for name, block in schema["$defs"].items()
        if "properties" in block and block["additionalProperties"] is not False
    ]
    assert open_blocks == []
    assert schema["additionalProperties"] is False


def test_a_default_is_what_an_empty_block_is() -> None:
    """Defaults are constructed, which validates nothing."""
    for name, field in Scenario.model_fields.items():
        if isinstance(field.default, Block):
            validated = type(field.default).model_validate({})
            assert repr(field.default) == repr(validated), name
            assert field.default.model_fields_set == validated.model_fields_set, name
