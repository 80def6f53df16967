"""Pages of the catalogue, of files and of reports."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse

from planner.base.words import duration, unit_of_money
from planner.outputs.differences import START, from_shipped_words, is_said_by_name, with_differences
from planner.outputs.report import MOST_RUNS, comparison_html, report_html
from planner.outputs.report.markup import NOTHING, Html, element, name
from planner.runs.folder import load_run, naming_changed_files
from planner.serve.project import RUNS, SCENARIOS, files_path, run_path, scenario_path
from planner.serve.service import STATIC, framed, message_page, service_of, shell, table

if TYPE_CHECKING:
    from planner.runs.catalogue import Entry, Listing

# --- Styles and scripts of the pages --------------------------------------------------------------

# --- The catalogue: every run of the folder, to be opened or compared -----------------------------

# --- The report of a run, and the comparison of several, by the renderer of `dcplan report` -------

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
