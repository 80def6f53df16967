"""Pages of the catalogue, of reports and of files: those that are there, and every format of `dcplan export`."""

from __future__ import annotations

import io
import math
import zipfile
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from planner.base.words import unit_of_money
from planner.outputs import WRITERS
from planner.outputs.differences import START, from_shipped_words, is_said_by_name, with_differences
from planner.outputs.report import MOST_RUNS, comparison_html, report_html
from planner.outputs.staging import staging
from planner.runs.folder import load_run, naming_changed_files
from planner.runs.names import slug
from planner.serve.project import RUNS, SCENARIOS, files_path, run_path, scenario_path
from planner.serve.service import STATIC, TEMPLATES, framed, message_page, page, service_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


router = APIRouter()


@router.get("/")
def catalogue(request: Request, tag: Annotated[tuple[str, ...], Query()] = ()) -> HTMLResponse:
    """List the runs, or those that have all of some tags."""
    service = service_of(request)
    listing = service.project.runs()
    runs = [entry for entry in listing.entries if set(tag) <= set(entry.tags)]
    unit = unit_of_money(entry.objective_musd for entry in runs)
    tags = list(dict.fromkeys(tag))
    return page("runs.html", "Runs", service, here="/", tags=tags, listing=listing, runs=runs, unit=unit)


def _moment(created: str) -> str:
    return datetime.fromisoformat(created).astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _cost(musd: float | None, unit: tuple[str, float, int]) -> str:
    _, factor, decimals = unit
    return "-" if musd is None or math.isnan(musd) else f"{musd * factor:,.{decimals}f}"


TEMPLATES.globals |= {"start": START, "scenarios": SCENARIOS, "most_runs": MOST_RUNS, "moment": _moment, "cost": _cost}
TEMPLATES.globals |= {one.__name__: one for one in (with_differences, is_said_by_name, from_shipped_words)}
TEMPLATES.globals["quoted"] = partial(quote, safe="")


@router.get("/static/{name}")
def static_file(name: str) -> FileResponse:
    """Return a style or a script."""
    if name not in STATIC:
        raise HTTPException(404)
    path, kind = STATIC[name]
    return FileResponse(path, media_type=kind)


@router.get(f"{RUNS}/{{run}}")
def report(request: Request, run: str) -> HTMLResponse:
    """Show the report of a run."""
    service = service_of(request)
    with service.computing:
        folder = service.run_folder(run)
        with naming_changed_files(folder):
            loaded = load_run(folder)
            document = report_html(loaded)
        source = service.project.source_of_run(loaded.name)
    again = () if source is None else ((scenario_path(source, run=run), "Change and solve again"),)
    return framed(document, ((files_path(run), "Downloads"), *again))


@router.get("/compare")
def compare(request: Request, run: Annotated[tuple[str, ...], Query()] = ()) -> HTMLResponse:
    """Compare runs; the others with the first."""
    chosen = list(dict.fromkeys(run))
    if not 2 <= len(chosen) <= MOST_RUNS:
        return message_page("Compare runs", f"Choose two to {MOST_RUNS} runs; {len(chosen)} are chosen.", 422)
    service = service_of(request)
    with service.computing, ExitStack() as stack:
        folders = [service.run_folder(one) for one in chosen]
        for folder in folders:
            stack.enter_context(naming_changed_files(folder))
        document = comparison_html([load_run(folder) for folder in folders])
    return framed(document)


WHOLE: Final = "all"
"""The run folder itself, as an archive."""
_FILES: Final = ("plan.xlsx", "report.html", "solve.log", "run.json")
"""Files of a run folder that are read by themselves."""


@router.get(f"{RUNS}/{{run}}/files")
def downloads(request: Request, run: str) -> HTMLResponse:
    """List what can be downloaded of a run."""
    folder = service_of(request).run_folder(run)
    stored = [file for file in _FILES if (folder / file).is_file()]
    made = {kind: _said(kind) for kind in WRITERS}
    return page("downloads.html", "Downloads", path=run_path(run), run=run, stored=stored, made=made, whole=WHOLE)


@router.get(f"{RUNS}/{{run}}/files/{{file}}")
def stored_file(request: Request, run: str, file: str) -> Response:
    """Return a file of a run folder as it is."""
    folder = service_of(request).run_folder(run)
    if file not in _FILES or not (folder / file).is_file() or (folder / file).is_symlink():
        raise HTTPException(404)
    return attached((folder / file).read_bytes(), f"{slug(run)}-{file}")


@router.get(f"{RUNS}/{{run}}/export/{{kind}}")
def export(request: Request, run: str, kind: str) -> Response:
    """Return a run in a format of `dcplan export`, or its whole folder."""
    service = service_of(request)
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


def _said(kind: str) -> str:
    """Say what a format is, as its writer does."""
    text = (WRITERS[kind].__doc__ or "").split(": ", maxsplit=1)[0].removeprefix("Write ")
    return " ".join(text.split()).rstrip(".")


def _all_files(folder: Path) -> list[Path]:
    """List the files of a folder; links are not followed, hidden ones are left out."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") or (folder / part).is_symlink() for part in path.relative_to(folder).parts)
        and path.resolve().is_relative_to(folder.resolve())
    ]


def _archive(folder: Path, files: Iterable[Path]) -> bytes:
    return archive_of({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


def archive_of(contents: Mapping[str, bytes]) -> bytes:
    """Return an archive of files."""
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
