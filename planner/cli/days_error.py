"""`dcplan days-error`: operate a plan in all hours, and say what its choice of days leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from planner.base.errors import InputError
from planner.cli.dispatch import print_short, write_and_report
from planner.cli.options import LOST_LOAD, RUNS_DIR, SOME_YEARS, into_folder, print_written
from planner.cli.stress import asked_of, folder_to_fill, unless_wrong

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from planner.base.errors import Problem
    from planner.stress import StressSettings
    from planner.studies.dispatch import DaysError

_HEADS: Final = (
    *("days\nMUSD", "hours\nMUSD", "error\nMUSD", "error\n%", "peaks\nMUSD"),
    *("carbon\n%", "short\nMUSD", "short\nMWh", "short\nh"),
)
"""Cost counted on the plan's days and in all hours, the error and what of it demand charges are,
that of emissions, and what is short, in hours added up over sites."""


@click.command("days-error")
@click.argument("run")
@SOME_YEARS
@click.option(
    "--hours-of",
    metavar="SCENARIO",
    help="Chronological scenario whose 365 days are the hours, with the same sites; left out: those"
    " of RUN, or drawn ones.",
)
@click.option("--seed", type=int, help="Of weather and prices that are drawn; left out: 1.")
@LOST_LOAD
@RUNS_DIR
@into_folder("Folder to write into; left out: days_error/ in the run folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    run: str,
    *,
    years: tuple[int, ...],
    hours_of: str | None,
    seed: int | None,
    lost_load_usd_per_mwh: float | None,
    runs_dir: str,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Operate the plan of RUN in all 8,760 hours, and say the error of the days it was made for.

    RUN is a run folder, its name, or a scenario: its latest run as it is. The same sites, racks and
    connections are operated with all hours of a year in view; cost of operation, billed peaks,
    energy, emissions and what is short stand next to what the plan's days count, by year and zone.

    Example: dcplan days-error us-base --year 2030
    """
    import json
    from pathlib import Path

    from planner.cli.progress import Progress
    from planner.inputs import TABLES
    from planner.inputs.scope import make_case
    from planner.outputs.folder_kinds import DAYS_ERROR
    from planner.scenario import load_scenario
    from planner.stress import settings_from, year_of_hours
    from planner.studies.dispatch import days_error
    from planner.tables import read_tables

    problems: list[Problem] = []
    given = {"seed": seed, "lost_load_usd_per_mwh": lost_load_usd_per_mwh}
    table = read_tables(["stress_settings"])["stress_settings"]
    settings = unless_wrong(problems, lambda: settings_from(table, given))
    asked = unless_wrong(problems, lambda: asked_of(run, Path(runs_dir), years, None))
    named = unless_wrong(problems, lambda: hours_of and load_scenario(hours_of)) or None
    if problems or settings is None or asked is None:
        raise InputError(problems)
    stored = asked.stored
    home = folder_to_fill(stored, folder, DAYS_ERROR)
    with Progress.from_context(ctx) as progress:
        progress.stage("hours of a year")
        question, tables = stored.scenario, stored.run.inputs_tables
        if named is not None:
            question, tables = named, read_tables(TABLES, named.data_files)
        hours = year_of_hours(make_case(question, tables), settings)
        progress.stage("operating")
        found = days_error(
            stored.run,
            asked.plan,
            stored.scenario,
            stored.inputs,
            hours,
            settings.lost_load_usd_per_mwh,
            years=years or None,
            on_progress=progress.share,
        )
    write_and_report(found, DAYS_ERROR, home, stored.run)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print(found, settings)
    print_written(home, as_json=as_json)


def _print(found: DaysError, settings: StressSettings) -> None:
    from planner.base.console import wrapped

    slots = f"{found.days} days in time slices of {found.slot_h} h"
    click.echo(f"{found.run}: operation counted on {slots}, and in 8,760 hours\n")
    _print_table("year", found.sums("year"))
    click.echo("")
    zones = found.sums("zone")
    above = zones["hours_cost_musd"] - zones["days_cost_musd"]
    _print_table("zone", zones.loc[above.sort_values(ascending=False).index])
    more = "more" if found.error_musd >= 0.0 else "less"
    error_musd = abs(found.error_musd)
    share = error_musd / found.objective_musd
    years = ", ".join(map(str, dict.fromkeys(found.table["year"])))
    click.echo("")
    click.echo(
        wrapped(
            f"Discounted, operation of {years} in all hours costs {error_musd:,.1f} MUSD {more}"
            f" than counted on {slots}: {share:.3%} of the plan's {found.objective_musd:,.0f} MUSD."
        )
    )
    short_mwh, short_musd = (float(found.table[f"hours_short_{of}"].sum()) for of in ("mwh", "musd"))
    cost = "the cost in all hours, not discounted"
    print_short(short_mwh, short_musd, cost, settings.lost_load_usd_per_mwh)
    if found.is_drawn:
        click.echo(
            wrapped(
                f"Weather and prices of the year are drawn with seed {settings.seed}, as"
                " `dcplan data days` and `dcplan stress` draw them. --hours-of names a scenario"
                " with a year of your own."
            )
        )
    if found.with_tariffs:
        click.echo(wrapped(f"Bills of tariffs are not in it: {', '.join(found.with_tariffs)}."))


def _print_table(by: str, sums: pd.DataFrame) -> None:
    from rich.table import Table

    from planner.base.console import TableConsole

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in (by, *_HEADS):
        table.add_column(head, justify="left" if head == by else "right")
    for row in sums.to_dict("records"):
        table.add_row(
            str(row[by]),
            f"{row['days_cost_musd']:,.1f}",
            f"{row['hours_cost_musd']:,.1f}",
            f"{row['hours_cost_musd'] - row['days_cost_musd']:+,.1f}",
            _percent(row["days_cost_musd"], row["hours_cost_musd"]),
            f"{row['hours_demand_musd'] - row['days_demand_musd']:+,.1f}",
            _percent(row["days_carbon_t"], row["hours_carbon_t"]),
            f"{row['hours_short_musd']:,.1f}",
            f"{row['hours_short_mwh']:,.0f}",
            f"{row['hours_short_h']:,.0f}",
        )
    TableConsole().print(table)


def _percent(counted: float, found: float) -> str:
    """Write by how much a figure of all hours is above that of the days."""
    return f"{100.0 * (found / counted - 1.0):+.2f}" if counted > 0.0 else "-"
