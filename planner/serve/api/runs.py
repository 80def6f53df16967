"""Runs by the API, and what the server is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

import pandas as pd
from fastapi import APIRouter, HTTPException
from fastapi.routing import APIRoute
from starlette.requests import Request

from planner.outputs.run import Run
from planner.outputs.table_files import records
from planner.results.schema import TABLES
from planner.runs.folder import load_run, naming_changed_files
from planner.runs.meta import versions_used
from planner.scenario import json_schema
from planner.serve.api import jobs, scenarios
from planner.serve.project import API, RUNS
from planner.serve.service import Service, service_of

# --- Runs and their tables ------------------------------------------------------------------------

# --- What there is to ask for, and the schema of a scenario that form and interface are made from ---

router = APIRouter(prefix=API)
_LIMIT: Final = "limit"
_OFFSET: Final = "offset"
_MOST_ROWS: Final = 10_000
_BOOLEANS: Final = {"true": True, "false": False}


@router.get(RUNS)
def runs(request: Request) -> dict[str, Any]:
    """List the runs, latest first, and what cannot be read as one."""
    listing = service_of(request).project.runs()
    return {
        "runs": [asdict(entry) for entry in listing.entries],
        "unreadable": [asdict(bad) for bad in listing.unreadable],
    }


@router.get(f"{RUNS}/{{run}}")
def run(request: Request, run: str) -> dict[str, Any]:
    """Return `run.json` of a run, and the names of its tables with their number of rows."""
    loaded = _loaded(service_of(request), run)
    return {
        "run": run,
        "meta": dict(loaded.meta),
        "tables": {name: len(frame) for name, frame in loaded.tables.items()},
    }


@router.get(f"{RUNS}/{{run}}/tables/{{table}}")
def table(request: Request, run: str, table: str) -> dict[str, Any]:
    """Return rows of a table: ?COLUMN=VALUE keeps those that say so; limit and offset page on."""
    loaded = _loaded(service_of(request), run)
    frame = loaded.tables.get(table)
    if frame is None:
        raise HTTPException(404)
    pairs = request.query_params.multi_items()
    asked = dict(pairs)
    if len(asked) < len(pairs):
        repeated = next(name for name in asked if len(request.query_params.getlist(name)) > 1)
        raise HTTPException(422, f"{repeated} is given more than once; give it one value")
    limit = _count(asked.pop(_LIMIT, str(_MOST_ROWS)), _LIMIT, 1, _MOST_ROWS)
    offset = _count(asked.pop(_OFFSET, "0"), _OFFSET, 0, None)
    for column, value in asked.items():
        frame = frame[_says(frame, column, value, table)]
    return {
        "run": run,
        "table": table,
        "columns": _columns(frame, table),
        "rows_in_all": len(frame),
        "rows": records(frame.iloc[offset : offset + limit]),
    }


def _loaded(service: Service, name: str) -> Run:
    folder = service.run_folder(name)
    with service.computing, naming_changed_files(folder):
        return load_run(folder)


def _count(text: str, name: str, least: int, most: int | None) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10:
        number = int(text)
        if number >= least and (most is None or number <= most):
            return number
    top = "" if most is None else f", at most {most:,}"
    raise HTTPException(422, f"{name} must be an integer, at least {least}{top}")


def _says(frame: pd.DataFrame, column: str, value: str, table: str) -> pd.Series:
    """Tell which rows have a value in a column."""
    if column not in frame.columns:
        known = ", ".join(map(str, frame.columns))
        raise HTTPException(422, f"table {table} has no column {column}; it has {known}")
    of = frame[column]
    if pd.api.types.is_bool_dtype(of):
        if value.lower() not in _BOOLEANS:
            raise HTTPException(422, f"column {column} holds true or false, and {value} is neither")
        return of == _BOOLEANS[value.lower()]
    if pd.api.types.is_numeric_dtype(of):
        number = pd.to_numeric(value, errors="coerce")
        if pd.isna(number):
            raise HTTPException(422, f"column {column} holds numbers, and {value} is none")
        return of == number
    return of.astype(str) == value


def _columns(frame: pd.DataFrame, table: str) -> list[dict[str, str]]:
    """Return name, unit and meaning of each column."""
    known = {field.name: field for field in TABLES[table].fields} if table in TABLES else {}
    return [
        {
            "name": str(name),
            "unit": known[name].unit if name in known else "",
            "meaning": known[name].description if name in known else "",
        }
        for name in frame.columns
    ]


PARTS: Final = (scenarios.router, jobs.router, router)
"""All other paths."""


@router.get("")
def api_index() -> dict[str, Any]:
    """List what can be asked for, and which versions answer."""
    routes = [route for part in PARTS for route in part.routes]
    return {
        "versions": versions_used(),
        "paths": [
            {"method": method, "path": route.path, "does": (route.description or "").partition("\n")[0]}
            for route in routes
            if isinstance(route, APIRoute)
            for method in sorted(route.methods or ())
        ],
    }


@router.get("/schema")
def schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario: types, bounds, units, meanings, defaults."""
    found: dict[str, Any] = json.loads(json_schema())
    return found
