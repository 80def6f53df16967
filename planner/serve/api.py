"""What the pages do, for programs: JSON in and out, below ``/api/``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final

import pandas as pd
from fastapi import APIRouter, HTTPException, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse

from planner.outputs.plan_workbook.write import one_line
from planner.outputs.run import Run
from planner.outputs.table_files import records
from planner.results.schema import TABLES
from planner.runs.folder import load_run, naming_changed_files
from planner.runs.meta import versions_used
from planner.scenario import json_schema
from planner.scenario.keys import ABOUT_THE_FILE
from planner.scenario.tree import plain
from planner.serve.draft import NAME, BaseScenario, FormDraft, Keys, Said
from planner.serve.fields import fields_by_keys
from planner.serve.jobs import Job
from planner.serve.project import API, JOBS, RUNS, SCENARIOS, SWEEPS, Source
from planner.serve.service import Asked, AskedJob, Service

# --- Solves and sweeps: started, watched, stopped, cancelled --------------------------------------

router = APIRouter(prefix=API)


class _Body(BaseModel, extra="forbid"):
    """What a program sends."""


class ScenarioName(_Body):
    """Which scenario is meant, by its key in the list of scenarios."""

    scenario: str


class SweepName(_Body):
    """Which sweep is meant, by its key in the list of sweeps."""

    sweep: str


@router.post("/solves", status_code=202)
def solve(service: Asked, asked: ScenarioName) -> JSONResponse:
    """Start to solve a scenario as it is; one job runs at a time, others wait."""
    return _started(service.start_solve(service.source(asked.scenario)))


@router.get(SWEEPS)
def sweeps(service: Asked) -> dict[str, Any]:
    """List the sweeps."""
    return {"sweeps": [_about(one, "sweep") for one in service.project.sweeps()]}


_OF_JOB: Final = (
    *("label", "state", "is_over", "is_stopped", "text", "share"),
    *("elapsed_s", "expected_s", "warnings", "message", "run"),
)


@router.post(SWEEPS, status_code=202)
def sweep(service: Asked, asked: SweepName) -> JSONResponse:
    """Start a sweep; what it has stored is not solved again."""
    return _started(service.start_sweep(service.sweep(asked.sweep)))


@router.get(JOBS)
def jobs(service: Asked) -> dict[str, Any]:
    """List what was started since the server was, latest first."""
    return {"jobs": [_said_of(job) for job in service.jobs.latest()]}


@router.get(f"{JOBS}/{{identifier}}")
def job(job: AskedJob) -> dict[str, Any]:
    """Return how far a job is, or how it ended."""
    return _said_of(job)


@router.post(f"{JOBS}/{{identifier}}/stop")
def stop(service: Asked, found: AskedJob) -> dict[str, Any]:
    """Ask a solve to end with the best plan so far; what cannot goes on as it is."""
    service.jobs.stop(found)
    return _said_of(found)


@router.post(f"{JOBS}/{{identifier}}/cancel")
def cancel(service: Asked, found: AskedJob) -> dict[str, Any]:
    """Cancel a job; nothing of what it has not finished is left."""
    service.jobs.cancel(found)
    return _said_of(found)


def _started(made: Job) -> JSONResponse:
    return JSONResponse(_said_of(made), status_code=202, headers={"location": f"{API}{made.page}"})


def _said_of(of: Job) -> dict[str, Any]:
    """Return what is known of a job."""
    stages = [{"name": one.name, "began_s": one.began} for one in of.stages]
    return {"job": of.id, **{name: getattr(of, name) for name in _OF_JOB}, "stages": stages, "page": of.page}


_DEEPEST: Final = 30  # so many mappings and lists in one another are more than any setting has


class ChangedSettings(_Body):
    """Settings that differ from those of a scenario, laid over it as a file over one it extends."""

    settings: dict[str, Any]


class NewScenario(ChangedSettings):
    """A new scenario that says only what differs."""

    name: str
    title: str = ""
    question: str = ""


@router.get(SCENARIOS)
def scenarios(service: Asked) -> dict[str, Any]:
    """List the scenarios: those of the folder, then those that ship."""
    return {"scenarios": [_about(source) for source in service.project.sources()]}


@router.get(f"{SCENARIOS}/{{key}}")
def scenario(service: Asked, key: str) -> dict[str, Any]:
    """Return the settings of a scenario, with those of the ones that it extends."""
    source = service.source(key)
    with service.computing:
        return {**_about(source), "settings": _settings(BaseScenario(source))}


@router.post(f"{SCENARIOS}/{{key}}/check")
def check(service: Asked, key: str, asked: ChangedSettings) -> dict[str, Any]:
    """Say what would be wrong or implausible of a scenario with changed settings."""
    with service.checking():
        draft, changed = _draft(service, key, asked)
        return _told(draft.judged(service.project, {}, changed))


@router.post(f"{SCENARIOS}/{{key}}", status_code=201)
def save(service: Asked, key: str, asked: NewScenario) -> JSONResponse:
    """Save changed settings as a new scenario file of the folder, if nothing is wrong with them."""
    given = {NAME: asked.name, "title": asked.title, "question": asked.question}
    about = {key: text.strip() for key, text in given.items()}
    with service.checking():
        draft, changed = _draft(service, key, asked)
        said = draft.judged(service.project, about, changed)
        if not any(one.kind == "problem" for one in said):
            made = draft.saved(service.project, about, changed)
            if isinstance(made, Source):
                place = {"location": f"{API}{made.page}"}
                return JSONResponse({**_about(made), **_told(said)}, status_code=201, headers=place)
            said = [made, *said]
    return JSONResponse({"error": "it was not saved", **_told(said)}, status_code=422)


def _about(source: Source, kind: str = "scenario") -> dict[str, Any]:
    return {kind: source.key, "title": source.title, "question": source.question, "is_own": source.is_own}


def _draft(service: Service, key: str, asked: ChangedSettings) -> tuple[FormDraft, dict[Keys, Any]]:
    if _is_deeper(asked.settings, _DEEPEST):
        raise HTTPException(422, f"settings are nested too deeply (at most {_DEEPEST})")
    base = BaseScenario(service.source(key))

    def is_new(keys: Keys, value: Any) -> bool:
        is_set = keys[0] not in ABOUT_THE_FILE and base.tree.at(*keys) is not None
        return not is_set or one_line(value) != one_line(base.value(keys, None))

    return FormDraft(base), {keys: value for keys, value in _by_key(asked.settings) if is_new(keys, value)}


def _settings(base: BaseScenario) -> dict[str, Any]:
    """Return what a scenario and those that it extends set."""
    return {key: plain(node) for key, node in base.tree.children.items() if key not in ABOUT_THE_FILE}


def _is_deeper(value: Any, most: int) -> bool:
    """Return whether more than so many mappings and lists lie in one another."""
    if not isinstance(value, Mapping | list):
        return False
    return most == 0 or any(
        _is_deeper(one, most - 1) for one in (value.values() if isinstance(value, Mapping) else value)
    )


def _by_key(settings: Mapping[str, Any], above: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Return the settings by key path, each as far down as the form has a field for it."""
    for key, value in settings.items():
        keys = (*above, key)
        if isinstance(value, Mapping) and value and keys not in fields_by_keys():
            yield from _by_key(value, keys)
        else:
            yield keys, value


def _told(said: list[Said]) -> dict[str, Any]:
    """Return what is said by kind, each with its key path."""
    return {
        f"{kind}s": [{"keys": one.keys, "text": one.text} for one in said if one.kind == kind]
        for kind in ("problem", "warning", "note")
    }


# --- Runs and their tables, what there is to ask for, and the schema of a scenario -----------------

_MOST_ROWS: Final = 10_000
_Limit = Annotated[int, Query(ge=1, le=_MOST_ROWS)]
_Offset = Annotated[int, Query(ge=0, lt=10**9)]
_BOOLEANS: Final = {"true": True, "false": False}


@router.get(RUNS)
def runs(service: Asked) -> dict[str, Any]:
    """List the runs, latest first, and what cannot be read as one."""
    listing = service.project.runs()
    return {
        "runs": [asdict(entry) for entry in listing.entries],
        "unreadable": [asdict(bad) for bad in listing.unreadable],
    }


@router.get(f"{RUNS}/{{run}}")
def run(service: Asked, run: str) -> dict[str, Any]:
    """Return `run.json` of a run, and the names of its tables with their number of rows."""
    loaded = _loaded(service, run)
    return {
        "run": run,
        "meta": dict(loaded.meta),
        "tables": {name: len(frame) for name, frame in loaded.tables.items()},
    }


@router.get(f"{RUNS}/{{run}}/tables/{{table}}")
def table(
    request: Request, service: Asked, run: str, table: str, limit: _Limit = _MOST_ROWS, offset: _Offset = 0
) -> dict[str, Any]:
    """Return rows of a table: ?COLUMN=VALUE keeps those that say so; limit and offset page on."""
    frame = _loaded(service, run).tables.get(table)
    if frame is None:
        raise HTTPException(404)
    pairs = request.query_params.multi_items()
    asked = dict(pairs)
    if len(asked) < len(pairs):
        repeated = next(name for name in asked if len(request.query_params.getlist(name)) > 1)
        raise HTTPException(422, f"{repeated} is given more than once; give it one value")
    for column, value in asked.items():
        if column not in {"limit", "offset"}:
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
    known = {field.name: (field.unit, field.description) for field in TABLES[table].fields} if table in TABLES else {}
    every = [(name, *known.get(name, ("", ""))) for name in map(str, frame.columns)]
    return [{"name": name, "unit": unit, "meaning": meaning} for name, unit, meaning in every]


@router.get("")
def api_index() -> dict[str, Any]:
    """List what can be asked for, and which versions answer."""
    return {
        "versions": versions_used(),
        "paths": [
            {"method": method, "path": route.path, "does": (route.description or "").partition("\n")[0]}
            for route in router.routes
            if isinstance(route, APIRoute)
            for method in sorted(route.methods or ())
        ],
    }


@router.get("/schema")
def schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario: types, bounds, units, meanings, defaults."""
    found: dict[str, Any] = json.loads(json_schema())
    return found
