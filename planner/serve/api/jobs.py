"""Jobs by the API, each asked for once."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse

from planner.serve.jobs import Job
from planner.serve.project import API, JOBS, SWEEPS, job_path
from planner.serve.service import service_of

# --- Bodies in which a key is given twice are refused: a reader of JSON keeps the last in silence ---


async def _require_each_key_once(request: Request) -> None:
    """Refuse a body with an object that has a key twice; one that is no JSON is refused later."""
    body = await request.body()
    try:
        json.loads(body, object_pairs_hook=_pairs_once)
    except (ValueError, RecursionError):
        return


def _pairs_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise HTTPException(422, f"the body has the key {key!a} twice in one object; give it once")
        found[key] = value
    return found


EACH_KEY_ONCE = Depends(_require_each_key_once)
"""What a part of the interface asks of every body."""
# --- Solves and sweeps: started, watched, stopped, cancelled --------------------------------------

router = APIRouter(prefix=API, dependencies=[EACH_KEY_ONCE])


class ScenarioName(BaseModel):
    """Which scenario is meant, by its key in the list of scenarios."""

    model_config = ConfigDict(extra="forbid")

    scenario: str


class SweepName(BaseModel):
    """Which sweep is meant, by its key in the list of sweeps."""

    model_config = ConfigDict(extra="forbid")

    sweep: str


@router.post("/solves", status_code=202)
def solve(request: Request, asked: ScenarioName) -> JSONResponse:
    """Start to solve a scenario as it is; one job runs at a time, others wait."""
    service = service_of(request)
    return _started(service.start_solve(service.source(asked.scenario)))


@router.get(SWEEPS)
def sweeps(request: Request) -> dict[str, Any]:
    """List the sweeps."""
    return {
        "sweeps": [
            {"sweep": one.key, "title": one.title, "question": one.question, "is_own": one.is_own}
            for one in service_of(request).project.sweeps()
        ]
    }


@router.post(SWEEPS, status_code=202)
def sweep(request: Request, asked: SweepName) -> JSONResponse:
    """Start a sweep; what it has stored is not solved again."""
    service = service_of(request)
    return _started(service.start_sweep(service.sweep(asked.sweep)))


@router.get(JOBS)
def jobs(request: Request) -> dict[str, Any]:
    """List what was started since the server was, latest first."""
    return {"jobs": [_said_of(job) for job in service_of(request).jobs.latest()]}


@router.get(f"{JOBS}/{{identifier}}")
def job(request: Request, identifier: str) -> dict[str, Any]:
    """Return how far a job is, or how it ended."""
    return _said_of(service_of(request).job(identifier))


@router.post(f"{JOBS}/{{identifier}}/stop")
def stop(request: Request, identifier: str) -> dict[str, Any]:
    """Ask a solve to end with the best plan so far; what cannot goes on as it is."""
    service = service_of(request)
    found = service.job(identifier)
    service.jobs.stop(found)
    return _said_of(found)


@router.post(f"{JOBS}/{{identifier}}/cancel")
def cancel(request: Request, identifier: str) -> dict[str, Any]:
    """Cancel a job; nothing of what it has not finished is left."""
    service = service_of(request)
    found = service.job(identifier)
    service.jobs.cancel(found)
    return _said_of(found)


def _started(made: Job) -> JSONResponse:
    place = {"location": f"{API}{job_path(made)}"}
    return JSONResponse(_said_of(made), status_code=202, headers=place)


def _said_of(of: Job) -> dict[str, Any]:
    """Return what is known of a job."""
    run = of.result.get("run")
    return {
        "job": of.id,
        "label": of.label,
        "state": of.state,
        "is_over": of.is_over,
        "is_stopped": of.is_stopped,
        "stages": [{"name": one.name, "began_s": one.began} for one in of.stages],
        "text": of.text,
        "share": of.share,
        "elapsed_s": of.elapsed_s,
        "expected_s": of.expected_s,
        "warnings": of.warnings,
        "message": of.message,
        "run": run if isinstance(run, str) else None,
        "page": job_path(of),
    }
