"""The JSON Schema of the files of sweeps, for editors."""

from __future__ import annotations

import json
from typing import Any, Final

from planner.scenario import json_schema
from planner.scenario.chain import VERSION
from planner.studies.sweep.file import MOST_FUTURES

__all__ = ["sweep_schema"]

_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "number"}
_SHARE: Final = {"type": "number", "minimum": 0, "maximum": 1}
_LIKELIHOOD: Final = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
_KEY: Final = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}


def sweep_schema() -> str:
    """Return the JSON Schema of the file of a sweep as text."""
    scenario = json.loads(json_schema())
    kinds = {name: _in_part(kind) for name, kind in scenario.pop("$defs", {}).items()}
    settings = {key: scenario[key] for key in ("type", "properties", "additionalProperties")}
    kinds["settings"] = _in_part(settings)
    kinds["axis"] = _axis()
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dcplan sweep",
        "type": "object",
        "additionalProperties": False,
        "required": ["version", "base"],
        "properties": {
            "version": {"const": VERSION, "description": "Version of the format."},
            "title": {**_TEXT, "description": "For readers; left out: the name of the file."},
            "question": {**_TEXT, "description": "For readers."},
            "base": {**_TEXT, "description": "The scenario that every future starts from."},
            "set": {"$ref": "#/$defs/settings", "description": "Settings of every future."},
            "axes": {
                "type": "object",
                "additionalProperties": {"$ref": "#/$defs/axis"},
                "description": "What differs between futures, by a name of yours.",
            },
            "sample": _sample(),
            "futures": {
                "type": "object",
                "additionalProperties": {"anyOf": [_settings(), {"type": "null"}]},
                "description": "Futures by name, each with its settings.",
            },
            "runs": {
                "anyOf": [{"enum": ["all", "none"]}, {"type": "array", "items": _TEXT}],
                "description": "Futures whose whole run is kept.",
            },
            "uncertainty": _uncertainty(),
        },
        "$defs": kinds,
    }
    return json.dumps(schema, indent=2) + "\n"


def _settings() -> dict[str, Any]:
    return {"$ref": "#/$defs/settings"}


def _axis() -> dict[str, Any]:
    ends = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
    return _mapping(
        {
            "key": {**_KEY, "description": "Key path of a setting."},
            "values": {"type": "array", "minItems": 1, "description": "Its values."},
            "range": _mapping(
                {"from": _NUMBER, "to": _NUMBER, "step": _NUMBER, "count": {"type": "integer", "minimum": 2}},
                ("from", "to"),
            ),
            "between": {**ends, "description": "Least and greatest value; with a sample."},
            "levels": {
                "type": "object",
                "additionalProperties": {"anyOf": [_settings(), {"type": "null"}]},
                "description": "Groups of settings by name.",
            },
            "table": {**_TEXT, "description": "Table of the data whose figures move."},
            "column": {**_TEXT, "description": "Their column."},
            "row": {"description": "Their row; left out: all of the column."},
        }
    )


def _sample() -> dict[str, Any]:
    keys = {
        "method": {"enum": ["latin_hypercube", "sobol"]},
        "size": {"type": "integer", "minimum": 2, "maximum": MOST_FUTURES},
        "seed": {"type": "integer", "minimum": 0},
    }
    return {**_mapping(keys, tuple(keys)), "description": "Draw futures from the axes."}


def _uncertainty() -> dict[str, Any]:
    keys = {
        "known_from": {"type": "integer", "description": "Year from which on it is known which future comes."},
        "weights": {
            "type": "object",
            "additionalProperties": _LIKELIHOOD,
            "description": "Likelihood of each future; they add up to 1. Left out: all the same.",
        },
        "cvar": {
            **_mapping({"weight": _SHARE, "tail": _LIKELIHOOD}, ("weight", "tail")),
            "description": "Share of the mean cost of the worst futures in the objective.",
        },
        "central": {**_TEXT, "description": "The future of one who plans for a single one."},
    }
    about = "How likely futures are, and when it is known which comes: dcplan stochastic."
    return {**_mapping(keys, ("known_from",)), "description": about}


def _mapping(keys: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": keys}
    return made | ({"required": list(required)} if required else {})


def _in_part(schema: Any) -> Any:
    """Return a schema that asks for no key: what is laid over a scenario may be any part of one."""
    if isinstance(schema, dict):
        return {
            key: _in_part(value) for key, value in schema.items() if not (key == "required" and isinstance(value, list))
        }
    return [_in_part(one) for one in schema] if isinstance(schema, list) else schema
