"""Sweeps: those of the folder and those that ship, started, watched, and what they found."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from planner.base.errors import InputError
from planner.base.words import unit_of_money
from planner.outputs.folder_kinds import SWEEP_FILE
from planner.outputs.labels import LEAST_MW, order_words
from planner.outputs.report.markup import NOTHING, Html, element, joined, name
from planner.outputs.study_folders import read_table, unreadable
from planner.results.ended import PLANNED
from planner.serve.pages.catalogue import archive_of, attached
from planner.serve.project import SWEEPS, job_path, sweep_path
from planner.serve.service import Service, button_form, fields_of, service_of, shell, table
from planner.studies.sweep.answers import OWN_COLUMNS, TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from planner.serve.project import Source

router = APIRouter()
_MOST_ROWS: Final = 500
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")  # spreadsheets skip white space
_OF_FUTURES: Final = frozenset({"future", "status", "broken", "objective_musd", "message"})
_OF_NO_REGRET: Final = frozenset({"kind", "site", "item", "year", "least_mw"})


@router.get(SWEEPS)
def sweeps(request: Request) -> HTMLResponse:
    """List the sweeps."""
    service = service_of(request)
    every = service.project.sweeps()
    own = [source for source in every if source.is_own]
    shipped = [source for source in every if not source.is_own]
    none = element("p", "The folder has no file of a sweep; docs/sweep.md says how to write one.")
    return shell(
        "Sweeps",
        element("p", "Many futures of one scenario, side by side.", class_="note"),
        element("h2", "Yours"),
        _list(own, service) if own else none,
        element("h2", "Shipped with dcplan"),
        _list(shipped, service),
        here=SWEEPS,
    )


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
    begin = button_form("/sweep", "Solve", service.keys.form, sweep=source.key)
    asks = source.question or source.title
    head = element("p", name(asks), class_="question") if asks else NOTHING
    try:
        other = _of_another(source, folder)
        futures = None if other else read_table(folder, "futures", _OF_FUTURES)
        least = None if other else read_table(folder, "no_regret", _OF_NO_REGRET)
    except InputError as error:
        other, futures, least = str(error), None, None
    if futures is None:
        text = element("p", other or "It was not solved yet, or not to its end.")
        return shell(f"Sweep {source.name}", head, text, begin, here=SWEEPS)
    files = element("a", "Its tables as csv", href=f"{sweep_path(source)}/tables.zip", download=True)
    return shell(
        f"Sweep {source.name}",
        head,
        _range(futures),
        _futures(futures),
        _no_regret(least, futures),
        _messages(futures),
        element("h2", "Files"),
        element("p", files, "; whole tables are in ", element("code", str(folder))),
        begin,
        here=SWEEPS,
    )


@router.get(f"{SWEEPS}/{{key}}/tables.zip")
def tables(request: Request, key: str) -> Response:
    """Return the tables of a sweep as csv."""
    service = service_of(request)
    source = service.sweep(key)
    folder = service.project.sweep_folder(source)
    if _of_another(source, folder):
        raise HTTPException(404)
    found = {one: read_table(folder, one, frozenset()) for one in TABLES}
    contents = {
        f"{one}.csv": frame.rename(columns=_harmless).map(_harmless).to_csv(index=False).encode()
        for one, frame in found.items()
        if frame is not None
    }
    if not contents:
        raise HTTPException(404)
    return attached(archive_of(contents), f"{folder.name}-sweep.zip")


def _list(sources: list[Source], service: Service) -> Html:
    return element(
        "ul",
        (
            element(
                "li",
                element("div", element("a", name(source.key), href=sweep_path(source)), class_="name"),
                element("div", name(source.question or source.title), class_="note"),
                element(
                    "div",
                    button_form("/sweep", "Solve", service.keys.form, "inline", sweep=source.key),
                    class_="actions",
                ),
            )
            for source in sources
        ),
        class_="scenarios",
    )


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


def _range(futures: pd.DataFrame) -> Html:
    """Say from where to where the cost goes."""
    solved = futures.dropna(subset="objective_musd").sort_values("objective_musd")
    count = element("p", f"{len(solved)} of {len(futures)} futures have a plan.")
    if len(solved) < 2:
        return count
    low, *_, high = solved.to_dict("records")
    unit = unit_of_money(solved["objective_musd"])
    ends = (f"{_cost(one['objective_musd'], unit)} {unit[0]} ({one['future']})" for one in (low, high))
    return joined([count, element("p", "Cost from ", name(next(ends)), " to ", name(next(ends)), ".")])


def _futures(futures: pd.DataFrame) -> Html:
    axes = [column for column in futures.columns if column not in OWN_COLUMNS]
    unit = unit_of_money(futures["objective_musd"])
    heads = ["Future", *axes, "Status", "Check", f"Cost [{unit[0]}]"]
    rows = (
        element(
            "tr",
            element("th", name(str(row["future"])), scope="row"),
            (element("td", name(_cell(row[axis]))) for axis in axes),
            element("td", str(row["status"]).replace("_", " ")),
            element("td", _checked(row), class_="bad" if row["broken"] else None),
            element("td", _cost(row["objective_musd"], unit), class_="num"),
        )
        for row in futures.head(_MOST_ROWS).to_dict("records")
    )
    more = len(futures) - _MOST_ROWS
    note = element("p", f"and {more} more in the tables", class_="note") if more > 0 else NOTHING
    return joined(
        [
            element("h2", "Futures"),
            table(((name(text), "num" if text == heads[-1] else None) for text in heads), rows, "Futures"),
            note,
        ]
    )


def _checked(row: dict[Any, Any]) -> str:
    if row["status"] not in PLANNED:
        return "-"
    return f"FAILED: {row['broken']}" if row["broken"] else "ok"


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"  # of a future that is no point of the axes
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _cost(musd: float | None, unit: tuple[str, float, int]) -> str:
    _, factor, decimals = unit
    return "-" if musd is None or math.isnan(musd) else f"{musd * factor:,.{decimals}f}"


def _no_regret(least: pd.DataFrame | None, futures: pd.DataFrame) -> Html:
    """Show what every future with a plan has ordered by each year, at least."""
    if least is None or len(futures) < 2:
        return NOTHING
    of_all = least[least["least_mw"] >= LEAST_MW]
    if of_all.empty:
        return NOTHING
    years = sorted(of_all["year"].unique())
    things = ["kind", "site", "item"]
    by_year = of_all.pivot_table(index=things, columns="year", values="least_mw", fill_value=0.0)
    by_year = by_year.sort_values(years[-1], ascending=False).reset_index()
    rows = (
        element(
            "tr",
            element("th", name(order_words(*(row[part] for part in things))), scope="row"),
            (element("td", f"{row[year]:,.1f}", class_="num") for year in years),
        )
        for row in by_year.to_dict("records")
    )
    heads = [("What", None), *((str(year), "num") for year in years)]
    title = "Ordered by that year in every future with a plan, at least [MW]"
    return joined([element("h2", title), table(heads, rows)])


def _messages(futures: pd.DataFrame) -> Html:
    """Say why futures have no plan, or one that is at a limit or fails the check."""
    failed = futures[futures["message"].astype(str) != ""].head(_MOST_ROWS)
    if failed.empty:
        return NOTHING
    return joined(
        [
            element("h2", "Without a plan as asked"),
            [
                element("details", element("summary", name(str(future))), element("pre", str(said)))
                for future, said in zip(failed["future"], failed["message"], strict=True)
            ],
        ]
    )


def _harmless(value: object) -> object:
    """Keep a name from being taken for a formula by a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
