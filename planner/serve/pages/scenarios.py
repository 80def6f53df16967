"""The scenarios that can be solved as they are, or changed first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from planner.outputs.report.markup import NOTHING, Html, element, name
from planner.serve.paths import SCENARIOS, job_path, scenario_path
from planner.serve.posted import fields_of
from planner.serve.service import Service, service_of
from planner.serve.shell import button_form, shell
from planner.serve.starting import start_solve

if TYPE_CHECKING:
    from planner.serve.project import Source

__all__ = ["router"]

router = APIRouter()


@router.get(SCENARIOS)
def scenarios(request: Request) -> HTMLResponse:
    """List the scenarios."""
    service = service_of(request)
    sources = service.project.sources()
    own = [source for source in sources if source.is_own]
    shipped = [source for source in sources if not source.is_own]
    folder = element("code", str(service.project.folder))
    none = element("p", "No scenario file (*.yaml, *.xlsx) is in ", folder, " yet: change one and save it.")
    return shell(
        "Scenarios",
        element("h2", "Yours"),
        _list(own, service) if own else none,
        element("h2", "Shipped with dcplan"),
        _list(shipped, service),
        here=SCENARIOS,
    )


@router.post("/solve")
async def solve(request: Request) -> RedirectResponse:
    """Solve a scenario as it is."""
    service = service_of(request)
    source = service.project.source((await fields_of(request)).get("scenario", ""))
    if source is None:
        raise HTTPException(404)
    return RedirectResponse(job_path(start_solve(service, source)), status_code=303)


def _list(sources: list[Source], service: Service) -> Html:
    return element("ul", (_item(source, service) for source in sources), class_="scenarios")


def _item(source: Source, service: Service) -> Html:
    said = source.question or source.title
    return element(
        "li",
        element("div", element("strong", name(source.key)), class_="name"),
        element("div", name(said), class_="note") if said else NOTHING,
        element(
            "div",
            button_form("/solve", "Solve", service.keys.form, "inline", scenario=source.key),
            element("a", "Change", href=scenario_path(source)),
            class_="actions",
        ),
    )
