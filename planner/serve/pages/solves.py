"""Solves and sweeps: started, watched, how they ended, and what sweeps found."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from planner.base.errors import InputError
from planner.base.words import unit_of_money
from planner.outputs.folder_kinds import SWEEP_FILE
from planner.outputs.labels import LEAST_MW, order_words
from planner.outputs.report.markup import name
from planner.outputs.study_folders import read_table, unreadable
from planner.results.ended import PLANNED
from planner.serve.jobs import Job
from planner.serve.pages.catalogue import archive_of, attached
from planner.serve.pages.form import sources_page
from planner.serve.project import JOBS, SWEEPS, job_path, sweep_path
from planner.serve.service import TEMPLATES, fields_of, page, service_of
from planner.studies.sweep.answers import OWN_COLUMNS, TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from planner.serve.project import Source


router = APIRouter()
_REFRESH_S: Final = 3
_WORDS: Final = {
    "waiting": "waiting for the one before it",
    "running": "running",
    "done": "done",
    "failed": "failed",
    "cancelled": "cancelled",
}
_NEARLY: Final = 0.98  # of the bar, once a solve takes longer than the one before it


@router.get(JOBS)
def solves(request: Request) -> HTMLResponse:
    """List the solves since the server was started."""
    return page("jobs.html", "Solves", here=JOBS, jobs=service_of(request).jobs.latest(), words=_WORDS)


@router.get(f"{JOBS}/{{identifier}}")
def solve(request: Request, identifier: str) -> HTMLResponse:
    """Show a solve; a script asks for what has changed."""
    service = service_of(request)
    job = service.job(identifier)
    refresh_s = None if job.is_over else _REFRESH_S
    return page("job.html", job.label, service, here=JOBS, refresh_s=refresh_s, said=_said(job), **_shown(job))


@router.get(f"{JOBS}/{{identifier}}/state")
def state(request: Request, identifier: str) -> JSONResponse:
    """Return how far a solve is, as markup of ours."""
    service = service_of(request)
    job = service.job(identifier)
    html = TEMPLATES.get_template("live.html").render(token=service.keys.form, **_shown(job))
    return JSONResponse({"state": job.state, "over": job.is_over, "said": _said(job), "html": html})


@router.post(f"{JOBS}/{{identifier}}/cancel")
def cancel(request: Request, identifier: str) -> RedirectResponse:
    """Cancel a solve."""
    service = service_of(request)
    job = service.job(identifier)
    service.jobs.cancel(job)
    return RedirectResponse(job_path(job), status_code=303)


@router.post(f"{JOBS}/{{identifier}}/stop")
def stop(request: Request, identifier: str) -> RedirectResponse:
    """Ask a solve to end with the best plan so far."""
    service = service_of(request)
    job = service.job(identifier)
    service.jobs.stop(job)
    return RedirectResponse(job_path(job), status_code=303)


def _shown(job: Job) -> dict[str, Any]:
    """Return what is shown of a job: how much is done, or how much of the time that it took before."""
    before = min(job.elapsed_s / job.expected_s, _NEARLY) if job.expected_s else None
    return {"job": job, "words": _WORDS, "share": before if job.share is None else job.share}


def _said(job: Job) -> str:
    """Return what is read out when it changes: less than what is seen."""
    return job.stages[-1].name if job.state == "running" else _WORDS[job.state]


_MOST_ROWS: Final = 500
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")  # spreadsheets skip white space
_OF_FUTURES: Final = frozenset({"future", "status", "broken", "objective_musd", "message"})
_OF_NO_REGRET: Final = frozenset({"kind", "site", "item", "year", "least_mw"})


@router.get(SWEEPS)
def sweeps(request: Request) -> HTMLResponse:
    """List the sweeps."""
    service = service_of(request)
    return sources_page("Sweeps", service, service.project.sweeps(), SWEEPS)


@router.post("/sweep")
async def start(request: Request) -> RedirectResponse:
    """Start a sweep; what it has stored is not solved again."""
    service = service_of(request)
    source = service.sweep((await fields_of(request)).get("sweep", ""))
    return RedirectResponse(job_path(service.start_sweep(source)), status_code=303)


@router.get(f"{SWEEPS}/{{key}}")
def show_sweep(request: Request, key: str) -> HTMLResponse:
    """Show what a sweep found."""
    service = service_of(request)
    source = service.sweep(key)
    folder = service.project.sweep_folder(source)
    try:
        other = _of_another(source, folder)
        futures = None if other else read_table(folder, "futures", _OF_FUTURES)
        least = None if other else read_table(folder, "no_regret", _OF_NO_REGRET)
    except InputError as error:
        other, futures, least = str(error), None, None
    found = {"futures": None} if futures is None else {**_futures(futures), **_no_regret(least, futures)}
    about: dict[str, Any] = {
        "asks": source.question or source.title,
        "other": other,
        "key": source.key,
        "path": sweep_path(source),
    }
    return page("sweep.html", f"Sweep {source.name}", service, here=SWEEPS, **about, **found, folder=folder)


@router.get(f"{SWEEPS}/{{key}}/tables.zip")
def tables(request: Request, key: str) -> Response:
    """Return the tables of a sweep as csv."""
    service = service_of(request)
    source = service.sweep(key)
    folder = service.project.sweep_folder(source)
    if _of_another(source, folder):
        raise HTTPException(404)
    contents = {
        f"{one}.csv": frame.rename(columns=_harmless).map(_harmless).to_csv(index=False).encode()
        for one in TABLES
        if (frame := read_table(folder, one, frozenset())) is not None
    }
    if not contents:
        raise HTTPException(404)
    return attached(archive_of(contents), f"{folder.name}-sweep.zip")


def _of_another(source: Source, folder: Path) -> str:
    """Say so where the tables of a folder are not those of a file as it is now."""
    path = folder / SWEEP_FILE
    if not path.is_file() and not (folder / "futures.parquet").is_file():
        return ""
    try:
        digest = str(json.loads(path.read_bytes())["file"]["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise unreadable(path, "what is swept cannot be read from it") from error
    if digest == hashlib.sha256(source.path.read_bytes()).hexdigest():
        return ""
    return f"The file was changed since it was solved; solve it again. {folder} has the tables."


def _futures(futures: pd.DataFrame) -> dict[str, Any]:
    """Return what is shown of futures: from where to where the cost goes, and why some have no plan."""
    solved = futures.dropna(subset="objective_musd").sort_values("objective_musd")
    unit = unit_of_money(futures["objective_musd"])
    axes = [column for column in futures.columns if column not in OWN_COLUMNS]
    heads = [(name(axis), None) for axis in ("Future", *axes, "Status", "Check")]
    return {
        "futures": futures.to_dict("records"),
        "solved": solved.to_dict("records"),
        "range_unit": unit_of_money(solved["objective_musd"]),
        "unit": unit,
        "axes": axes,
        "heads": [*heads, (name(f"Cost [{unit[0]}]"), "num")],
        "failed": futures[futures["message"].astype(str) != ""].to_dict("records"),
        "most": _MOST_ROWS,
        "planned": PLANNED,
        "cell": _cell,
    }


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"  # of a future that is no point of the axes
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _no_regret(least: pd.DataFrame | None, futures: pd.DataFrame) -> dict[str, Any]:
    """Return what every future with a plan has ordered by each year, at least."""
    of_all = None if least is None or len(futures) < 2 else least[least["least_mw"] >= LEAST_MW]
    if of_all is None or of_all.empty:
        return {"least": []}
    by_year = of_all.pivot_table(index=["kind", "site", "item"], columns="year", values="least_mw", fill_value=0.0)
    by_year = by_year.sort_values(by_year.columns[-1], ascending=False)
    shown = zip(by_year.index, by_year.to_numpy().tolist(), strict=True)
    rows = [(order_words(*thing), row) for thing, row in shown]
    return {"least": rows, "least_heads": [("What", None), *((str(year), "num") for year in by_year.columns)]}


def _harmless(value: object) -> object:
    """Keep a name from being taken for a formula by a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
