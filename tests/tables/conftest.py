"""A small data package of two tables, written again for each test."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from planner.tables import Package, load_package

if TYPE_CHECKING:
    from pathlib import Path

ZONES = "zone,peak_mw\nnorth,4200\nsouth,3100\n"
PLANTS = "plant,zone,power_mw,units,is_new,stage\nalpha,north,250.5,3,true,open\nbeta,south,75,2,false,planned\n"


def _field(name: str, type_: str, unit: str = "", **constraints: object) -> dict[str, object]:
    return {"name": name, "type": type_, "unit": unit, "description": f"The {name} of it.", "constraints": constraints}


def _resource(name: str, fields: list[dict[str, object]], **schema: object) -> dict[str, object]:
    return {
        "name": name,
        "path": f"{name}.csv",
        "title": name.title(),
        "description": f"All {name}.",
        "dcplan:vintage": "2025",
        "sources": [{"title": "a report"}],
        "licenses": [{"name": "MIT", "title": "MIT"}],
        "schema": {"fields": fields, **schema},
    }


@pytest.fixture
def package(tmp_path: Path) -> Package:
    zones = _resource(
        "zones",
        [
            _field("zone", "string", required=True, unique=True),
            _field("peak_mw", "number", "MW", required=True, minimum=0),
        ],
        primaryKey="zone",
    )
    plants = _resource(
        "plants",
        [
            _field("plant", "string", required=True, pattern="[a-z]+"),
            _field("zone", "string", required=True),
            _field("power_mw", "number", "MW", required=True, minimum=0, maximum=900),
            _field("units", "integer", "count"),
            _field("is_new", "boolean", required=True),
            _field("stage", "string", required=True, enum=["open", "planned"]),
        ],
        primaryKey=["plant"],
        foreignKeys=[{"fields": "zone", "reference": {"resource": "zones", "fields": "zone"}}],
    )
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "zones.csv").write_text(ZONES, encoding="utf-8")
    (folder / "plants.csv").write_text(PLANTS, encoding="utf-8")
    descriptor = folder / "datapackage.json"
    descriptor.write_text(json.dumps({"resources": [zones, plants]}), encoding="utf-8")
    return load_package(descriptor)
