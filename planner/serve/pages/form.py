"""Pages of scenarios and of the form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from planner.outputs.report.map import HEIGHT, WIDTH
from planner.runs.folder import load_run
from planner.scenario.keys import ID
from planner.serve.form.draft import ABOUT, NAME, BaseScenario, FormDraft, Keys, Said, is_setting, name_of, value_text
from planner.serve.form.fields import every_cards, fields_by_keys
from planner.serve.form.form_page import ADD, DO, NEW_SITES, ShownForm, form_page, place_at
from planner.serve.jobs import Job
from planner.serve.project import PLACE, SCENARIOS, SWEEPS, Source, job_path
from planner.serve.service import Service, fields_of, page, service_of

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter()
_LONGEST_ID: Final = 300
_OnMap = Annotated[float, Query(ge=0, le=max(WIDTH, HEIGHT), allow_inf_nan=False)]
"""From the upper left corner of a map. [pixel]"""


@router.get(f"{SCENARIOS}/{{key}}")
def form(request: Request, key: str, run: str = "") -> HTMLResponse:
    """Show the form of a scenario, with the settings of a run of it if one is named."""
    service = service_of(request)
    base = BaseScenario(service.source(key))
    with service.computing:
        draft = FormDraft(base, _texts_of_run(service, base, run) if run else {})
        return form_page(ShownForm(service, draft, {NAME: service.project.free_name(base.source.name)}))


@router.post(f"{SCENARIOS}/{{key}}")
async def change(request: Request, key: str) -> Response:
    """Check what was typed, save it as a new scenario, solve it."""
    service = service_of(request)
    fields = await fields_of(request)
    return await run_in_threadpool(_changed, service, BaseScenario(service.source(key)), fields)


@router.get(f"{PLACE}/{{key}}")
def place(request: Request, key: str, x: _OnMap, y: _OnMap) -> JSONResponse:
    """Return what is known of a place on the map of a scenario."""
    found = place_at(BaseScenario(service_of(request).source(key)), x, y)
    if found is None:
        raise HTTPException(404)
    return JSONResponse(found)


def _texts_of_run(service: Service, base: BaseScenario, run: str) -> dict[str, str]:
    """Return the settings of a run that are not those of its scenario."""
    merged = load_run(service.run_folder(run)).meta["merged"]
    found = ((keys, of, value) for at, of in fields_by_keys().items() for keys, value in _values_at(merged, at))
    return {
        name_of(keys): text
        for keys, of, value in found
        if keys != ("data",) and value is not None
        if (text := value_text(of, value)) != value_text(of, base.value(keys, of.default))
    }


def _values_at(merged: Any, at: Keys) -> list[tuple[Keys, Any]]:
    """Return what settings hold at a key path, with that of each id where it has one."""
    found: list[tuple[Keys, Any]] = [((), merged)]
    for step in at:
        inside = [(keys, below) for keys, below in found if isinstance(below, dict)]
        found = [((*keys, k), below[k]) for keys, below in inside for k in below if step in {ID, k}]
    return found


def _changed(service: Service, base: BaseScenario, fields: Mapping[str, str]) -> Response:
    """Do what was asked for with what was typed."""
    # A browser sends the lines of a text with both signs of a line's end.
    texts = {key: text.replace("\r\n", "\n") for key, text in fields.items() if is_setting(key)}
    about = {key: fields.get(key, "").strip() for key in (NAME, *ABOUT)}
    shown = ShownForm(service, FormDraft(base, texts), about)
    do = fields.get(DO, "")
    if do.startswith(ADD):
        with service.computing:
            return form_page(_with_card(shown, do.removeprefix(ADD), fields))
    with service.checking_alone():
        changed, said = shown.draft.settings()
        if not said:
            said = shown.draft.judged(service.project, about, changed)
        if do in {"save", "solve"} and not any(one.kind == "problem" for one in said):
            if do == "solve" and not changed:
                return _watched(service.start_solve(base.source))
            made = shown.draft.saved(service.project, about, changed)
            if isinstance(made, Source):
                if do == "solve":
                    return _watched(service.start_solve(made, base.source.name))
                return RedirectResponse(SCENARIOS, status_code=303)
            said = [made, *said]
    with service.computing:
        return form_page(replace(shown, said=tuple(said), is_judged=True))


def _watched(job: Job) -> RedirectResponse:
    """Lead to the page that shows how far a job is."""
    return RedirectResponse(job_path(job), status_code=303)


def _with_card(page: ShownForm, cards_name: str, fields: Mapping[str, str]) -> ShownForm:
    """Add a card for an id."""
    cards = next((one for one in every_cards() if name_of(one.keys) == cards_name), None)
    if cards is None:
        raise HTTPException(404)
    identifier = fields.get(f"id:{cards_name}", "").strip()
    if not identifier or len(identifier) > _LONGEST_ID:
        problem = Said(cards.keys, "What is added needs an id.", "problem")
        return replace(page, said=(problem,))
    if identifier in page.draft.ids(cards):
        problem = Said(cards.keys, f"{identifier} is there already.", "problem")
        return replace(page, said=(problem,))
    keys = (*cards.keys, identifier)
    texts = {**page.draft.texts, name_of(keys): ""}
    for of in cards.fields:
        typed = fields.get(f"new:{'.'.join(of.keys)}", "").strip()
        if cards.keys == NEW_SITES and typed:
            texts[name_of((*keys, *of.keys))] = typed
    return replace(page, draft=replace(page.draft, texts=texts), added=keys)


@router.get(SCENARIOS)
def scenarios(request: Request) -> HTMLResponse:
    """List the scenarios."""
    service = service_of(request)
    return sources_page("Scenarios", service, service.project.sources(), SCENARIOS)


def sources_page(title: str, service: Service, every: list[Source], here: str) -> HTMLResponse:
    """List scenarios, or sweeps: the folder's own, and those that ship."""
    own, shipped = ([one for one in every if one.is_own is is_own] for is_own in (True, False))
    return page("scenarios.html", title, service, here=here, own=own, shipped=shipped, is_sweep=here == SWEEPS)


@router.post("/solve")
async def solve(request: Request) -> RedirectResponse:
    """Solve a scenario as it is."""
    service = service_of(request)
    source = service.source((await fields_of(request)).get("scenario", ""))
    return _watched(service.start_solve(source))
