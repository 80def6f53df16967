"""The report of a run, and the comparison of several, by the renderer of `dcplan report`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from planner.outputs.report import MOST_RUNS, comparison_html, report_html
from planner.runs.folder import load_run, naming_changed_files
from planner.serve.paths import RUNS, files_path, scenario_path
from planner.serve.service import service_of
from planner.serve.shell import framed, message_page

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["router"]

router = APIRouter()


@router.get(f"{RUNS}/{{run}}")
def report(request: Request, run: str) -> HTMLResponse:
    """Show the report of a run."""
    service = service_of(request)
    with service.computing:
        folder = service.project.run_folder(run)
        if folder is None:
            raise HTTPException(404)
        with naming_changed_files(folder):
            loaded = load_run(folder)
            document = report_html(loaded)
        source = service.project.source_of_run(loaded.name)
    more = [(files_path(run), "Downloads")]
    if source is not None:
        more.append((scenario_path(source, run=run), "Change and solve again"))
    return framed(document, more)


@router.get("/compare")
def compare(request: Request, run: Annotated[tuple[str, ...], Query()] = ()) -> HTMLResponse:
    """Compare runs; the others with the first."""
    chosen = list(dict.fromkeys(run))
    if not 2 <= len(chosen) <= MOST_RUNS:
        text = f"Choose two to {MOST_RUNS} runs; {len(chosen)} are chosen."
        return message_page("Compare runs", text, 422)
    service = service_of(request)
    with service.computing, ExitStack() as stack:
        folders = [_folder(service.project.run_folder(one)) for one in chosen]
        for folder in folders:
            stack.enter_context(naming_changed_files(folder))
        document = comparison_html([load_run(folder) for folder in folders])
    return framed(document)


def _folder(found: Path | None) -> Path:
    if found is None:
        raise HTTPException(404)
    return found
