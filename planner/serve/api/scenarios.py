"""Scenarios: listed, read, checked with changes, saved with changes as new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse

from planner.scenario.keys import ABOUT_THE_FILE, is_by_year
from planner.scenario.tree import plain
from planner.serve.api.jobs import EACH_KEY_ONCE
from planner.serve.form.draft import NAME, BaseScenario, FormDraft, Keys, Said, one_line
from planner.serve.form.fields import fields_by_keys
from planner.serve.project import API, SCENARIOS, Source, scenario_path
from planner.serve.service import Service, service_of

router = APIRouter(prefix=API, dependencies=[EACH_KEY_ONCE])
_DEEPEST: Final = 30
"""So many mappings and lists in one another are more than any setting has."""


class ChangedSettings(BaseModel):
    """Settings that differ from those of a scenario, laid over it as a file over one it extends."""

    model_config = ConfigDict(extra="forbid")

    settings: dict[str, Any]


class NewScenario(ChangedSettings):
    """A new scenario that says only what differs."""

    name: str
    title: str = ""
    question: str = ""


@router.get(SCENARIOS)
def scenarios(request: Request) -> dict[str, Any]:
    """List the scenarios: those of the folder, then those that ship."""
    every = service_of(request).project.sources()
    return {"scenarios": [_about(source) for source in every]}


@router.get(f"{SCENARIOS}/{{key}}")
def scenario(request: Request, key: str) -> dict[str, Any]:
    """Return the settings of a scenario, with those of the ones that it extends."""
    service = service_of(request)
    source = service.source(key)
    with service.computing:
        return {**_about(source), "settings": _settings(BaseScenario(source))}


@router.post(f"{SCENARIOS}/{{key}}/check")
def check(request: Request, key: str, asked: ChangedSettings) -> dict[str, Any]:
    """Say what would be wrong or implausible of a scenario with changed settings."""
    service = service_of(request)
    with service.checking_alone():
        draft, changed = _draft(service, key, asked)
        return _told(draft.judged(service.project, {}, changed))


@router.post(f"{SCENARIOS}/{{key}}", status_code=201)
def save(request: Request, key: str, asked: NewScenario) -> JSONResponse:
    """Save changed settings as a new scenario file of the folder, if nothing is wrong with them."""
    service = service_of(request)
    given = {NAME: asked.name, "title": asked.title, "question": asked.question}
    about = {key: text.strip() for key, text in given.items()}
    with service.checking_alone():
        draft, changed = _draft(service, key, asked)
        said = draft.judged(service.project, about, changed)
        if not any(one.kind == "problem" for one in said):
            made = draft.saved(service.project, about, changed)
            if isinstance(made, Source):
                place = {"location": f"{API}{scenario_path(made)}"}
                content = {**_about(made), **_told(said)}
                return JSONResponse(content, status_code=201, headers=place)
            said = [made, *said]
    return JSONResponse({"error": "it was not saved", **_told(said)}, status_code=422)


def _about(source: Source) -> dict[str, Any]:
    return {"scenario": source.key, "title": source.title, "question": source.question, "is_own": source.is_own}


def _draft(service: Service, key: str, asked: ChangedSettings) -> tuple[FormDraft, dict[Keys, Any]]:
    if _depth(asked.settings) > _DEEPEST:
        raise HTTPException(422, f"settings are nested too deeply (at most {_DEEPEST})")
    draft = FormDraft(BaseScenario(service.source(key)))
    return draft, dict(_by_key(_differing(asked.settings, _settings(draft.base))))


def _settings(base: BaseScenario) -> dict[str, Any]:
    """Return what a scenario and those that it extends set."""
    written = base.tree.children
    return {key: plain(node) for key, node in written.items() if key not in ABOUT_THE_FILE}


def _differing(settings: Mapping[str, Any], before: Mapping[str, Any], above: Keys = ()) -> dict[str, Any]:
    """Return the settings that are not as a scenario has them; a path by year is one value."""
    found = {}
    for key, value in settings.items():
        keys = (*above, key)
        old = before.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping) and not is_by_year(keys):
            inner = _differing(value, old, keys)
            if inner:
                found[key] = inner
        elif key not in before or one_line(value) != one_line(old):
            found[key] = value
    return found


def _depth(value: Any) -> int:
    """Return how many mappings and lists lie in one another."""
    depth, layer = 0, [value]
    while layer and depth <= _DEEPEST:
        inner = [one for one in layer if isinstance(one, Mapping | list)]
        layer = [item for one in inner for item in (one.values() if isinstance(one, Mapping) else one)]
        depth += bool(inner)
        if not inner:
            break
    return depth


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
