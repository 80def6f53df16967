"""`dcplan dispatch`: operate a plan hour by hour with few hours in view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from planner.base.errors import InputError
from planner.cli.options import (
    LOST_LOAD,
    OWN_HOURS,
    RUNS_DIR,
    SOME_YEARS,
    into_folder,
    note,
    print_written,
    writing_into,
)
from planner.cli.stress import asked_of, folder_to_fill, unless_wrong

if TYPE_CHECKING:
    from pathlib import Path

    from planner.base.errors import Problem
    from planner.outputs.folder_kinds import FolderKind
    from planner.outputs.run import Run
    from planner.studies.dispatch import DaysError, Dispatch

_SHORT_MWH: Final = 0.5
"""Less is noise of the solver, and 0 in print."""


@click.command("dispatch")
@click.argument("run")
@click.option("--window-h", type=int, default=48, show_default=True, metavar="H", help="Hours in view.")
@click.option(
    "--overlap-h",
    type=int,
    default=24,
    show_default=True,
    metavar="H",
    help="Hours of a window that the next one sees again.",
)
@SOME_YEARS
@click.option("--seed", type=int, help="Of weather and prices; left out: 1.")
@OWN_HOURS
@LOST_LOAD
@RUNS_DIR
@into_folder("Folder to write into; left out: dispatch/ in the run folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    run: str,
    *,
    window_h: int,
    overlap_h: int,
    years: tuple[int, ...],
    seed: int | None,
    hours: str | None,
    lost_load_usd_per_mwh: float | None,
    runs_dir: str,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Operate the plan of RUN through all hours of each year, at least cost and with few in view.

    RUN is a run folder, its name, or a scenario: its latest run as it is. On-site technologies,
    batteries and the connection are dispatched three times on the same drawn weather and prices:
    with all hours of the year in view, with windows that roll on and hand over the batteries'
    level, and by the rules of `dcplan stress`, which keep to the plan.

    Example: dcplan dispatch us-base --window-h 48 --overlap-h 24 --year 2030
    """
    import json
    from pathlib import Path

    from planner.cli.progress import Progress
    from planner.outputs.folder_kinds import DISPATCH
    from planner.stress import reliability_of, settings_from
    from planner.studies.dispatch import dispatch, window_problems
    from planner.tables import read_tables

    tables = read_tables(["stress_settings", "source_reliability"])
    problems: list[Problem] = window_problems(window_h, overlap_h)
    given: dict[str, Any] = {"seed": seed, "lost_load_usd_per_mwh": lost_load_usd_per_mwh}
    settings = unless_wrong(problems, lambda: settings_from(tables["stress_settings"], given))
    asked = unless_wrong(problems, lambda: asked_of(run, Path(runs_dir), years, hours))
    if problems or settings is None or asked is None:
        raise InputError(problems)
    stored = asked.stored
    home = folder_to_fill(stored, folder, DISPATCH)
    if asked.drawn_instead:
        note(f"warning: {asked.drawn_instead}")
    with Progress.from_context(ctx) as progress:
        progress.stage("dispatch")
        found = dispatch(
            stored.run,
            asked.plan,
            stored.scenario,
            stored.inputs,
            settings,
            reliability_of(tables["source_reliability"]),
            window_h=window_h,
            overlap_h=overlap_h,
            years=years or None,
            own=asked.own,
            on_progress=progress.share,
        )
    write_and_report(found, DISPATCH, home, stored.run)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print(found, settings.lost_load_usd_per_mwh)
    print_written(home, as_json=as_json)


def write_and_report(found: Dispatch | DaysError, kind: FolderKind, home: Path, run: Run) -> None:
    """Write the table of a study of operation, and say which files of the user were kept."""
    from planner.outputs.study_files import write_operation

    with writing_into(home):
        write_operation(found.table, kind, home)


def print_short(short_mwh: float, short_musd: float, cost: str, lost_load_usd: float) -> None:
    """Say how much energy is short, and what of the cost that is; nothing where none is.

    Takes `short_musd` [MWh], `lost_load_usd` [USD/MWh].
    """
    from planner.base.console import wrapped

    if short_mwh > _SHORT_MWH:
        click.echo(
            wrapped(
                f"Warning: {short_mwh:,.0f} MWh are short, {short_musd:,.1f} MUSD of {cost}: at the"
                " price of unmet compute where racks work, and at"
                f" {lost_load_usd:,.0f} USD/MWh (--lost-load-usd-per-mwh) elsewhere."
            )
        )


def _print(found: Dispatch, lost_load_usd: float) -> None:
    from rich.table import Table

    from planner.base.console import TableConsole, wrapped

    table = Table(box=None, pad_edge=False, header_style="bold")
    heads = ("year", "operated by", "cost\nMUSD", "above\nMUSD", "energy\nMUSD", "sources\nMUSD")
    for head in (*heads, "sold\nMUSD", "short\nMWh", "battery\nMWh"):
        table.add_column(head, justify="left" if head == "operated by" else "right")
    for row in found.table.to_dict("records"):
        table.add_row(
            str(row["year"]),
            row["way"],
            *(f"{row[name]:,.3f}" for name in ("cost_musd", "above_musd", "energy_musd", "source_musd", "sold_musd")),
            f"{row['short_mwh']:,.0f}",
            f"{row['taken_mwh']:,.0f}",
        )
    click.echo(f"{found.run}: {found.window_h} hours in view, {found.overlap_h} of them seen again")
    TableConsole().print(table)
    for way, rows in found.table.groupby("way", sort=False):
        short_mwh, short_musd = (float(rows[name].sum()) for name in ("short_mwh", "short_musd"))
        print_short(short_mwh, short_musd, f"the cost with {way}", lost_load_usd)
    if not found.batteries:
        click.echo(wrapped("No site has a battery: no hour depends on another, and windows cost nothing."))
