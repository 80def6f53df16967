"""Pages of runs: the catalogue, reports, files in every format of `dcplan export`; of solves and of sweeps."""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response

from planner.base.errors import InputError
from planner.base.words import unit_of_money
from planner.outputs.files import staging
from planner.outputs.own_folder import SWEEP_FILE, files_in
from planner.outputs.report import MOST_RUNS, comparison_html, report_html, studies_html
from planner.outputs.run import START, from_shipped_words, is_said_by_name, with_differences
from planner.outputs.study_folders import read_table, stored_sweep, unreadable
from planner.outputs.writers import FORMATS, WRITERS
from planner.runs.folder import load_run, naming_changed_files
from planner.runs.names import slug
from planner.serve.form_pages import sources_page
from planner.serve.jobs import Job, State
from planner.serve.project import JOBS, RUNS, SCENARIOS, SWEEPS, path_of
from planner.serve.service import STATIC, TEMPLATES, Asked, AskedJob, Fields, framed, message_page, page
from planner.studies.sweep.answers import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from planner.serve.project import Source


router = APIRouter()


@router.get("/")
def catalogue(service: Asked, tag: Annotated[tuple[str, ...], Query()] = ()) -> HTMLResponse:
    """List the runs, or those that have all of some tags."""
    listing = service.project.runs()
    runs = [entry for entry in listing.entries if set(tag) <= set(entry.tags)]
    unit = unit_of_money(entry.objective_musd for entry in runs)
    tags = list(dict.fromkeys(tag))
    return page("runs.html", "Runs", service, here="/", tags=tags, listing=listing, runs=runs, unit=unit)


def _cost(musd: float | None, unit: tuple[str, float, int]) -> str:
    _, factor, decimals = unit
    return "-" if musd is None or math.isnan(musd) else f"{musd * factor:,.{decimals}f}"


TEMPLATES.globals |= {"quoted": partial(quote, safe=""), "cost": _cost}
TEMPLATES.globals |= {"start": START, "scenarios": SCENARIOS, "most_runs": MOST_RUNS}
TEMPLATES.globals |= {one.__name__: one for one in (with_differences, is_said_by_name, from_shipped_words)}


@router.get("/static/{name}")
def static_file(name: str) -> FileResponse:
    """Return a style or a script."""
    if name not in STATIC:
        raise HTTPException(404)
    path, kind = STATIC[name]
    return FileResponse(path, media_type=kind)


@router.get(f"{RUNS}/{{run}}")
def report(service: Asked, run: str) -> HTMLResponse:
    """Show the report of a run."""
    with service.computing:
        folder = service.run_folder(run)
        with naming_changed_files(folder):
            loaded = load_run(folder)
            document = report_html(loaded)
        source = next((one for one in service.project.sources() if one.name == loaded.name), None)
    again = () if source is None else ((f"{source.page}?run={quote(run, safe='')}", "Change and solve again"),)
    return framed(document, ((f"{path_of(RUNS, run)}/files", "Downloads"), *again))


@router.get("/compare")
def compare(service: Asked, run: Annotated[tuple[str, ...], Query()] = ()) -> HTMLResponse:
    """Compare runs; the others with the first."""
    chosen = list(dict.fromkeys(run))
    if not 2 <= len(chosen) <= MOST_RUNS:
        return message_page("Compare runs", f"Choose two to {MOST_RUNS} runs; {len(chosen)} are chosen.", 422)
    with service.computing, ExitStack() as stack:
        folders = [service.run_folder(one) for one in chosen]
        for folder in folders:
            stack.enter_context(naming_changed_files(folder))
        document = comparison_html([load_run(folder) for folder in folders])
    return framed(document)


WHOLE: Final = "all"  # the run folder itself, as an archive
_FILES: Final = ("plan.xlsx", "report.html", "solve.log", "run.json")
"""Files of a run folder that are read by themselves."""


@router.get(f"{RUNS}/{{run}}/files")
def downloads(service: Asked, run: str) -> HTMLResponse:
    """List what can be downloaded of a run."""
    folder = service.run_folder(run)
    stored = [file for file in _FILES if (folder / file).is_file()]
    made = {kind: about for kind, (about, *_) in FORMATS.items()}
    return page("downloads.html", "Downloads", path=path_of(RUNS, run), run=run, stored=stored, made=made, whole=WHOLE)


@router.get(f"{RUNS}/{{run}}/files/{{file}}")
def stored_file(service: Asked, run: str, file: str) -> Response:
    """Return a file of a run folder as it is."""
    folder = service.run_folder(run)
    if file not in _FILES or not (folder / file).is_file() or (folder / file).is_symlink():
        raise HTTPException(404)
    return attached((folder / file).read_bytes(), f"{slug(run)}-{file}")


@router.get(f"{RUNS}/{{run}}/export/{{kind}}")
def export(service: Asked, run: str, kind: str) -> Response:
    """Return a run in a format of `dcplan export`, or its whole folder."""
    folder = service.run_folder(run)
    if kind == WHOLE:
        return attached(_archive(folder, _all_files(folder)), f"{slug(run)}.zip")
    if kind not in WRITERS:
        raise HTTPException(404)
    with service.computing, staging(service.project.runs_dir) as staged, naming_changed_files(folder):
        made = WRITERS[kind](load_run(folder), staged)
        if len(made) == 1 and made[0].parent == staged:
            return attached(made[0].read_bytes(), f"{slug(run)}-{made[0].name}")
        return attached(_archive(staged, made), f"{slug(run)}-{kind}.zip")


def _all_files(folder: Path) -> list[Path]:
    """List the files of a folder; links are not followed, hidden ones are left out."""
    found = {name: path for name, path in files_in(folder) if path.is_file() and not path.is_symlink()}
    return [found[name] for name in sorted(found) if not any(part.startswith(".") for part in name.split("/"))]


def _archive(folder: Path, files: Iterable[Path]) -> bytes:
    return _archive_of({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


def _archive_of(contents: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in contents.items():
            archive.writestr(path, content)
    return made.getvalue()


def attached(content: bytes, file: str) -> Response:
    """Return bytes to be saved, never shown: a stored report may have been edited."""
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"content-disposition": f'attachment; filename="{file}"'},
    )


# --- Solves and sweeps: started, watched, how they ended, and what sweeps found -------------------

_REFRESH_S: Final = 3
_WORDS: Final = {state: state for state in get_args(State)} | {"waiting": "waiting for the one before it"}
_NEARLY: Final = 0.98  # of the bar, once a solve takes longer than the one before it


@router.get(JOBS)
def solves(service: Asked) -> HTMLResponse:
    """List the solves since the server was started."""
    return page("jobs.html", "Solves", here=JOBS, jobs=service.jobs.latest(), words=_WORDS)


@router.get(f"{JOBS}/{{identifier}}")
def solve(service: Asked, job: AskedJob) -> HTMLResponse:
    """Show a solve; a script asks for what has changed."""
    refresh_s = None if job.is_over else _REFRESH_S
    return page("job.html", job.label, service, here=JOBS, refresh_s=refresh_s, said=_solves_said(job), **_shown(job))


@router.get(f"{JOBS}/{{identifier}}/state")
def state(service: Asked, job: AskedJob) -> JSONResponse:
    """Return how far a solve is, as markup of ours."""
    html = TEMPLATES.get_template("live.html").render(token=service.keys.form, **_shown(job))
    return JSONResponse({"state": job.state, "over": job.is_over, "said": _solves_said(job), "html": html})


@router.post(f"{JOBS}/{{identifier}}/{{how}}")
def end(service: Asked, job: AskedJob, how: Literal["stop", "cancel"]) -> RedirectResponse:
    """Cancel a solve, or ask it to end with the best plan so far."""
    getattr(service.jobs, how)(job)
    return RedirectResponse(job.page, status_code=303)


def _shown(job: Job) -> dict[str, Any]:
    """Return what is shown of a job: how much is done, or how much of the time that it took before."""
    before = min(job.elapsed_s / job.expected_s, _NEARLY) if job.expected_s else None
    return {"job": job, "words": _WORDS, "share": before if job.share is None else job.share}


def _solves_said(job: Job) -> str:
    """Return what is read out when it changes: less than what is seen."""
    return job.stages[-1].name if job.state == "running" else _WORDS[job.state]


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")  # spreadsheets skip white space


@router.get(SWEEPS)
def sweeps(service: Asked) -> HTMLResponse:
    """List the sweeps."""
    return sources_page("Sweeps", service, service.project.sweeps(), SWEEPS)


@router.post("/sweep")
def start(service: Asked, fields: Fields) -> RedirectResponse:
    """Start a sweep; what it has stored is not solved again."""
    source = service.sweep(fields.get("sweep", ""))
    return RedirectResponse(service.start_sweep(source).page, status_code=303)


@router.get(f"{SWEEPS}/{{key}}")
def show_sweep(service: Asked, key: str) -> HTMLResponse:
    """Show the report of a sweep, or say why there is none, and how to solve it."""
    source = service.sweep(key)
    folder, why = service.project.sweep_folder(source), "It was not solved yet, or not to its end."
    try:
        other = _of_another(source, folder)
        if not other and (folder / "futures.parquet").is_file():
            with service.computing:
                document = studies_html(stored_sweep(folder), ())
            return framed(document, ((f"{source.page}/tables.zip", "Tables as csv"),))
    except InputError as error:
        other = str(error)
    asks = source.question or source.title
    return page("sweep.html", f"Sweep {source.name}", service, here=SWEEPS, asks=asks, why=other or why, key=key)


@router.get(f"{SWEEPS}/{{key}}/tables.zip")
def tables(service: Asked, key: str) -> Response:
    """Return the tables of a sweep as csv."""
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
    return attached(_archive_of(contents), f"{folder.name}-sweep.zip")


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


def _harmless(value: object) -> object:
    """Keep a name from being taken for a formula by a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
