"""What there is to ask for, and the schema of a scenario that form and interface are made from."""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import APIRouter
from fastapi.routing import APIRoute

from planner.runs.meta import versions_used
from planner.scenario import json_schema
from planner.serve.api import jobs, runs, scenarios
from planner.serve.paths import API

__all__ = ["PARTS", "router"]

router = APIRouter(prefix=API)
PARTS: Final = (scenarios.router, jobs.router, runs.router)
"""All other paths."""


@router.get("")
def api_index() -> dict[str, Any]:
    """List what can be asked for, and which versions answer."""
    routes = [route for part in (router, *PARTS) for route in part.routes]
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
