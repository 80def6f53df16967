"""Everything of a run as files: those that are there, and every format of `dcplan export`."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from planner.outputs import WRITERS
from planner.outputs.report.markup import Html, element, name
from planner.outputs.staging import staging
from planner.runs.folder import load_run, naming_changed_files
from planner.runs.names import slug
from planner.serve.project import RUNS, files_path, run_path
from planner.serve.service import service_of, shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

router = APIRouter()
WHOLE: Final = "all"
"""The run folder itself, as an archive."""
_FILES: Final = ("plan.xlsx", "report.html", "solve.log", "run.json")
"""Files of a run folder that are read by themselves."""


@router.get(f"{RUNS}/{{run}}/files")
def downloads(request: Request, run: str) -> HTMLResponse:
    """List what can be downloaded of a run."""
    folder = service_of(request).run_folder(run)
    path = run_path(run)
    there = [file for file in _FILES if (folder / file).is_file()]
    stored = (element("li", element("a", file, href=f"{files_path(run)}/{file}", download=True)) for file in there)
    made = (
        element("li", element("a", kind, href=f"{path}/export/{kind}", download=True), f": {_said(kind)}")
        for kind in WRITERS
    )
    whole = element("a", "The whole folder", href=f"{path}/export/{WHOLE}", download=True)
    return shell(
        "Downloads",
        element("p", element("a", "Report", href=path), " of ", name(run)),
        element("h2", "As they are stored"),
        element("ul", stored, element("li", whole, ", as an archive")),
        element("h2", "Created on request"),
        _note("Those that are several files come as one archive. Making some takes a while."),
        element("ul", made),
    )


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


def _note(text: str) -> Html:
    return element("p", text, class_="note")


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
