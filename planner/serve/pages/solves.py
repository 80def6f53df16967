"""Solves: what is running, how far it is, and how it ended."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from planner.base.words import duration
from planner.outputs.report.markup import NOTHING, Html, element, joined, name
from planner.serve.jobs import Job
from planner.serve.project import JOBS, files_path, job_path, run_path
from planner.serve.service import Service, button_form, service_of, shell, table

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
    jobs = service_of(request).jobs.latest()
    if not jobs:
        text = element("p", "Nothing was solved since the server was started.")
        return shell("Solves", text, here=JOBS)
    rows = (
        element(
            "tr",
            element("th", element("a", name(job.label), href=job_path(job)), scope="row"),
            element("td", _WORDS[job.state], class_="bad" if job.state == "failed" else None),
            element("td", duration(job.elapsed_s) if job.stages else "-", class_="num"),
        )
        for job in jobs
    )
    note = element("p", "Since the server was started; one runs at a time, the others wait.", class_="note")
    return shell("Solves", note, table((("What", None), ("State", None), ("Time", "num")), rows), here=JOBS)


@router.get(f"{JOBS}/{{identifier}}")
def solve(request: Request, identifier: str) -> HTMLResponse:
    """Show a solve; a script asks for what has changed."""
    service = service_of(request)
    job = service.job(identifier)
    live = element("div", _live(service, job), id="live", data_state=f"{job_path(job)}/state", data_over=job.is_over)
    said = element("p", _said(job), id="said", role="status", class_="heard")
    gone = "The server does not answer: it was ended, or the connection is lost."
    return shell(
        job.label,
        element("p", gone, id="gone", class_="bad", hidden=True),
        said,
        live,
        here=JOBS,
        refresh_s=None if job.is_over else _REFRESH_S,
    )


@router.get(f"{JOBS}/{{identifier}}/state")
def state(request: Request, identifier: str) -> JSONResponse:
    """Return how far a solve is, as markup of ours."""
    service = service_of(request)
    job = service.job(identifier)
    html = str(_live(service, job))
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


def _live(service: Service, job: Job) -> Html:
    """Return what changes while a solve runs."""
    parts = [element("p", element("strong", _WORDS[job.state].capitalize()), _time(job))]
    if job.state == "running":
        parts.append(_bar(job))
    if job.is_solving and not job.is_stopped:
        what = "Stop and keep the best plan so far"
        parts.append(button_form(f"{job_path(job)}/stop", what, service.keys.form))
    if job.is_stopped and not job.is_over:
        parts.append(element("p", "It was asked to stop with the best plan so far."))
    if not job.is_over:
        parts.append(button_form(f"{job_path(job)}/cancel", "Cancel", service.keys.form))
    if job.state == "done":
        parts.append(_done(job))
    if job.state == "cancelled":
        parts.append(element("p", job.when_cancelled))
    if job.message:
        parts.append(element("pre", job.message, class_="message"))
    if job.stages:
        parts.append(status_table(job))
    if job.warnings:
        items = (element("li", name(text)) for text in job.warnings)
        parts += [element("h2", "Implausible figures"), element("ul", items)]
    return joined(parts)


def _said(job: Job) -> str:
    """Return what is read out when it changes: less than what is seen."""
    return job.stages[-1].name if job.state == "running" else _WORDS[job.state]


def _time(job: Job) -> str:
    if not job.stages:
        return ""
    text = f", {duration(job.elapsed_s)}"
    if job.state == "running" and job.expected_s is not None:
        text += f" of about {duration(job.expected_s)}, as it took before"
    return text


def _bar(job: Job) -> Html:
    """Return a bar: how much is done, or how much of the time that it took before."""
    share = job.share
    if share is None and job.expected_s:
        share = min(job.elapsed_s / job.expected_s, _NEARLY)
    value = None if share is None else f"{share:.3f}"
    return element("progress", max="1", value=value, aria_label="progress")


def _done(job: Job) -> Html:
    if job.link:
        return element("p", element("a", "Open what it found", href=job.link, class_="button"))
    run = job.result.get("run")
    if not isinstance(run, str):
        return NOTHING
    return element(
        "p",
        element("a", "Open the report", href=run_path(run), class_="button"),
        " ",
        element("a", "Downloads", href=files_path(run)),
    )


def status_table(job: Job) -> Html:
    """Return the stages of a solve with their times, and what the solver says now."""
    ends = [stage.began for stage in job.stages[1:]]
    last = job.stages[0].began + job.elapsed_s
    rows = (
        element("tr", element("th", stage.name, scope="row"), element("td", f"{end - stage.began:.1f} s", class_="num"))
        for stage, end in zip(job.stages, [*ends, last], strict=True)
    )
    text = element("p", job.text, class_="note") if job.text and not job.is_over else NOTHING
    return joined([element("table", element("tbody", rows)), text])
