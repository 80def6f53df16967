"""The JSON Schema that editors use says every key with its meaning and unit."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import py_compile
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, create_model
from pydantic._internal._docs_extraction import extract_docstrings_from_cls

from planner.scenario import json_schema
from planner.scenario.keys import block_at
from planner.scenario.values import Block

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
    below = [one for one in block.__subclasses__() if one.__module__.startswith("planner.")]
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


def test_meanings_are_those_that_pydantic_itself_reads() -> None:
    def read_by_pydantic(block: type[Block], key: str) -> str | None:
        owner = next(one for one in block.__mro__ if key in inspect.get_annotations(one))
        return extract_docstrings_from_cls(owner, use_inspect=True).get(key)

    meanings = {
        (block, key): field.description
        for block in all_blocks()
        for key, field in block.model_fields.items()
    }

    assert len(meanings) > 300
    assert meanings == {where: read_by_pydantic(*where) for where in meanings}


def test_a_meaning_given_with_the_field_is_kept() -> None:
    class Pond(Block):
        depth_m: float = Field(1.0, description="How deep it is. [m]")
        """Not this."""
        area_m2: float = Field(1.0)
        """How large it is. [m2]"""

    class Lake(Pond):
        area_m2: float = Field(9.0, description="How large a lake is. [m2]")

    assert [field.description for field in Pond.model_fields.values()] == [
        "How deep it is. [m]",
        "How large it is. [m2]",
    ]
    assert [field.description for field in Lake.model_fields.values()] == [
        "How deep it is. [m]",
        "How large a lake is. [m2]",
    ]


_POND = """
from planner.scenario.values import Block

class Pond(Block):
    depth_m: float = 1.0
    \"\"\"How deep it is. [m]\"\"\"
"""


def test_a_block_that_no_source_shows_has_keys_without_meaning() -> None:
    by_exec: dict[str, Any] = {"__name__": "in_no_module"}
    exec(_POND, by_exec)
    if by_exec:

        class Within(Block):
            depth_m: float = 1.0

    made = [
        by_exec["Pond"],
        Within,
        type("Called", (Block,), {"__annotations__": {"depth_m": float}, "depth_m": 1.0}),
        create_model("Created", __base__=Block, depth_m=(float, 1.0)),
    ]

    assert [block().depth_m for block in made] == [1.0] * 4
    assert [block.model_fields["depth_m"].description for block in made] == [None] * 4


def test_blocks_are_imported_where_there_is_only_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "pond_without_source.py"
    source.write_text(_POND)
    py_compile.compile(str(source), cfile=str(source.with_suffix(".pyc")))
    source.unlink()
    monkeypatch.syspath_prepend(tmp_path)

    pond = importlib.import_module(source.stem).Pond
    monkeypatch.delitem(sys.modules, source.stem)

    assert pond(depth_m=2.5).depth_m == 2.5
    assert pond.model_fields["depth_m"].description is None


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


def test_years_are_the_keys_of_paths_in_the_schema() -> None:
    schema = json.loads(json_schema())
    cap = schema["$defs"]["Carbon"]["properties"]["cap_kt"]

    text = json.dumps(cap)

    assert re.search(r"\"additionalProperties\": \{\"minimum\": 0", text)


def test_a_block_is_found_by_its_way() -> None:
    found = block_at(("sites", "us-va-ashburn"))

    assert found is not None
    assert "grid_firm_mw" in found.model_fields
    assert block_at(("sites", "us-va-ashburn", "grid_firm_mw")) is None


def test_bounds_are_written_with_the_words_of_json_schema() -> None:
    clock = json.loads(json_schema())["$defs"]["TariffPeriod"]["properties"]["to_hour"]

    assert (clock["minimum"], clock["maximum"]) == (0, 24)
    # What pydantic can not put into the schema it leaves in its own words, which editors ignore.
    assert not re.findall(r'"(?:ge|gt|le|lt)":', json_schema())
