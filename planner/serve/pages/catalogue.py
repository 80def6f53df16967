"""Pages of the catalogue, of reports and of files: those that are there, and every format of `dcplan export`."""

from __future__ import annotations

import io
import zipfile
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from planner.base.words import duration, unit_of_money
from planner.outputs import WRITERS
from planner.outputs.differences import START, from_shipped_words, is_said_by_name, with_differences
from planner.outputs.report import MOST_RUNS, comparison_html, report_html
from planner.outputs.report.markup import NOTHING, Html, element, name
from planner.outputs.staging import staging
from planner.runs.folder import load_run, naming_changed_files
from planner.runs.names import slug
from planner.serve.project import RUNS, SCENARIOS, files_path, run_path, scenario_path
from planner.serve.service import STATIC, framed, message_page, service_of, shell, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from planner.runs.catalogue import Entry, Listing


router = APIRouter()
_HEADS = (
    ("Compare", ""),
    ("Run", ""),
    ("Net present cost [{unit}]", "num"),
    ("Solved (UTC)", ""),
    ("Status", ""),
    ("Check", ""),
    ("Solve took", "num"),
)


@router.get("/")
def catalogue(request: Request, tag: Annotated[tuple[str, ...], Query()] = ()) -> HTMLResponse:
    """List the runs, or those that have all of some tags."""
    service = service_of(request)
    listing = service.project.runs()
    folder = element("p", "Runs of ", element("code", str(service.project.folder)), class_="note")
    meant = [entry for entry in listing.entries if set(tag) <= set(entry.tags)]
    return shell("Runs", folder, _tags(tag), _runs(listing, meant), _unreadable(listing), here="/")


def _tags(tags: tuple[str, ...]) -> Html:
    """Say by which tags runs are chosen, with a way back to all of them."""
    if not tags:
        return NOTHING
    shown = [piece for tag in dict.fromkeys(tags) for piece in (" ", name(tag))]
    return element("p", "Only runs with the tags", shown, ". ", element("a", "All runs", href="/"))


def _runs(listing: Listing, entries: list[Entry]) -> Html:
    if not listing.entries:
        return element(
            "p", "There is no run yet: ", element("a", "choose a scenario and solve it", href=SCENARIOS), "."
        )
    unit, factor, decimals = unit_of_money(entry.objective_musd for entry in entries)
    heads = ((text.format(unit=unit), kind) for text, kind in _HEADS)
    rows = (_row(entry, factor, decimals) for entry in entries)
    compare = element(
        "p",
        element("button", "Compare chosen runs", type="submit"),
        element(
            "span", f" Choose 2 to {MOST_RUNS}; the first in the list is what others are compared with.", class_="note"
        ),
    )
    return element("form", table(heads, rows, "Runs, latest first"), compare, method="get", action="/compare")


def _row(entry: Entry, factor: float, decimals: int) -> Html:
    musd = entry.objective_musd
    label = f"{entry.scenario}{with_differences(entry.differs)}"
    box = element("input", type="checkbox", name="run", value=entry.run, aria_label=f"compare {entry.run}")
    title = element("div", name(entry.title), class_="note") if entry.title else NOTHING
    start = f"{START}: {from_shipped_words(entry.from_shipped)}"
    started = (
        NOTHING
        if is_said_by_name(entry.scenario, entry.differs, entry.from_shipped)
        else element("div", name(start), class_="note")
    )
    called = element("div", name(entry.name), class_="name") if entry.name else NOTHING
    tags = [
        piece for tag in entry.tags for piece in (" ", element("a", name(tag), href=f"/?tag={quote(tag, safe='')}"))
    ]
    tagged = element("div", "Tags:", tags, class_="note") if tags else NOTHING
    link = element("a", name(label), href=run_path(entry.run))
    return element(
        "tr",
        element("td", box),
        element(
            "th", called, link, title, started, element("div", name(entry.run), class_="note"), tagged, scope="row"
        ),
        element("td", "-" if musd is None else f"{musd * factor:,.{decimals}f}", class_="num"),
        element("td", _moment(entry.created)),
        element("td", entry.status.replace("_", " ")),
        element("td", "ok" if entry.checked else "FAILED", class_=None if entry.checked else "bad"),
        element("td", duration(entry.seconds), class_="num"),
    )


def _moment(created: str) -> str:
    return datetime.fromisoformat(created).astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _unreadable(listing: Listing) -> Html:
    if not listing.unreadable:
        return NOTHING
    items = (element("li", name(bad.run), f": {bad.reason}") for bad in listing.unreadable)
    return element("section", element("h2", "What cannot be read"), element("ul", items))


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
