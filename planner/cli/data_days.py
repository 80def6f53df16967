"""`dcplan data days`: choose the days that represent a year, with weights, from its hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from planner.base.errors import InputError, Problem
from planner.cli.options import OVERRIDES

if TYPE_CHECKING:
    from planner.studies.days import ChosenDays

__all__ = ["days_command"]

_NONE = "none"


@click.command("days")
@click.argument("scenario")
@click.option("--count", type=int, required=True, metavar="N", help="Days in all, kept ones too.")
@click.option(
    "--keep",
    multiple=True,
    metavar="NAME",
    help="Extreme day to keep: hottest, 'most expensive', 'highest load', 'least sun and wind', or"
    " none; may be repeated. Left out: all that the year has figures for.",
)
@click.option("--seed", type=int, help="Of weather and prices that are drawn; left out: 1.")
@OVERRIDES
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False),
    default="days",
    show_default=True,
    help="Folder for the two tables; nothing in it is overwritten.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the days as JSON.")
@click.pass_context
def days_command(
    ctx: click.Context,
    scenario: str,
    count: int,
    keep: tuple[str, ...],
    seed: int | None,
    overrides: tuple[str, ...],
    folder: str,
    *,
    as_json: bool,
) -> None:
    """Choose N days that represent the year of SCENARIO, and write them as tables for it.

    A chronological scenario of 365 days gives its hours; for any other, weather and prices of a
    year are drawn from the shipped statistics, as for `dcplan stress`. Extreme days are kept by
    name; all others are grouped by likeness, and a real day of the year represents each group,
    with as many days as the group has. Where tariffs bill a site, each month has a day. Prints the
    lines that make a scenario use them.

    Example: dcplan data days us-base --count 13 -o days
    """
    from pathlib import Path

    from planner.cli.output import writing_into
    from planner.cli.progress import Progress
    from planner.inputs import TABLES
    from planner.inputs.scope import make_case
    from planner.inputs.tariffs_uses import use_of_sites
    from planner.outputs.days import write_days
    from planner.outputs.staging import try_folder
    from planner.scenario import load_scenario
    from planner.stress import settings_from, year_of_hours
    from planner.studies.days import choose_days
    from planner.tables import read_tables

    if _NONE in keep and len(keep) > 1:
        what_is, fix = "none is combined with names", "leave one of them out"
        raise InputError([Problem("--keep", None, None, what_is, "none alone, or names", fix)])
    with Progress.from_context(ctx, patient=True) as progress:
        progress.stage("read")
        question = load_scenario(scenario, overrides)
        try_folder(Path(folder), "--output")
        defaults = read_tables(["stress_settings"])["stress_settings"]
        settings = settings_from(defaults, {"seed": seed} if seed else {})
        case = make_case(question, read_tables(TABLES, question.data_files))
        year = year_of_hours(case, settings)
        progress.stage("Choosing days")
        drawn = f", weather and prices drawn with seed {settings.seed}" if year.is_drawn else ""
        chosen = choose_days(
            year,
            count,
            None if not keep else () if keep == (_NONE,) else keep,
            source=f"dcplan data days {question.name} --count {count}{drawn}",
            every_month=bool(use_of_sites(case)),
        )
    with writing_into(Path(folder)):
        files = write_days(chosen.days, chosen.hours, Path(folder))
    if as_json:
        click.echo(chosen.days.to_json(orient="records", indent=2))
        return
    _print(chosen)
    click.echo("\ndata:")
    for table, file in files.items():
        click.echo(f"  {table}: {(Path(Path(folder).name) / file.name).as_posix()}")
    click.echo("time: {chronological: true, days_repeat: true}")


def _print(chosen: ChosenDays) -> None:
    """Print each day with its date, and what it represents; of a whole year, the peak day alone."""
    import pandas as pd
    from rich.table import Table

    from planner.base.console import TableConsole
    from planner.base.units import DAYS_PER_YEAR

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("day", "date", "represents", "kept as"):
        table.add_column(head, justify="right" if head in {"day", "represents"} else "left")
    # No leap day: that of 2025 is a year as the model counts them.
    days = chosen.days
    if len(days) == DAYS_PER_YEAR:
        click.echo(f"All {len(days)} days of the year, each for itself; the peak day among them:\n")
        days = days[days["is_peak_day"]]
    dates = pd.Timestamp("2024-12-31") + pd.to_timedelta(days["year_day"], unit="D")
    for row, date in zip(days.to_dict("records"), dates, strict=True):
        kept = row["kept_as"] or ""
        peak = f"{kept}; the peak day" if kept and row["is_peak_day"] else kept
        table.add_row(
            str(row["day"]),
            f"{date.day} {date:%B}",
            f"{row['weight_days']:.0f} days",
            peak or ("the peak day" if row["is_peak_day"] else ""),
        )
    TableConsole().print(table)
