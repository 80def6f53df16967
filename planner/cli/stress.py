"""`dcplan stress`: run a fixed plan through hours and events it was not planned for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd

    from planner.stress import StressStudy

__all__ = ["command"]


@click.command("stress")
@click.argument("run")
@click.option("--draws", type=int, help="Years drawn for each model year; left out: 10.")
@click.option("--seed", type=int, help="Of the random numbers; left out: 1.")
@click.option("--year", "years", type=int, multiple=True, help="A model year; left out: all.")
@click.option(
    "--hours",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Own weather and wholesale prices, as `dcplan data show own_hours` describes them.",
)
@click.option("--heat-wave-k", type=float, metavar="K", help="Heat of the heat wave.")
@click.option("--heat-wave-days", type=float, metavar="DAYS", help="Its length.")
@click.option(
    "--curtailment-frac",
    type=float,
    metavar="SHARE",
    help="Share of all connections that an emergency takes back.",
)
@click.option("--curtailment-h", type=float, metavar="H", help="Its length.")
@click.option("--outages-per-year", type=float, metavar="N", help="Grid outages at a site.")
@click.option("--fuel-h", type=float, metavar="H", help="Hours at full output of fuel on site.")
@click.option(
    "--runs",
    "runs_dir",
    type=click.Path(file_okay=False),
    default="runs",
    show_default=True,
    help="Folder in which RUN is looked for by name.",
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False),
    help="Folder to write into; left out: stress/ in the run folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the tables as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    run: str,
    years: tuple[int, ...],
    hours: str | None,
    runs_dir: str,
    folder: str | None,
    *,
    as_json: bool,
    **given: Any,
) -> None:
    """Take the plan of RUN as it is and run it through all hours of each year.

    RUN is a run folder, its name, or a scenario, whose latest run is meant. Weather, prices and
    outages of the grid are drawn from the shipped statistics; on top come a heat wave and an
    emergency in which the grid takes back a share of the connections. Reported are what is not
    served, overloads of connections, the spread of energy cost, hours of generators, and how
    likely stand-by power carries outages of 1 to 72 hours. Figures not given here are those of
    table `stress_settings`.

    Example: dcplan stress us-base --draws 20 --year 2030
    """
    import json
    from pathlib import Path

    from planner.errors import InputError, Problem
    from planner.outputs.stress import write_stress
    from planner.runs import find_run
    from planner.runs.reopen import reopen
    from planner.stress import (
        fixed_plan,
        read_own_hours,
        reliability_of,
        settings_from,
        site_losses,
        stress_study,
    )
    from planner.tables import read_tables

    tables = read_tables(["stress_settings", "source_reliability"])
    settings = settings_from(tables["stress_settings"], given)
    opened = reopen(find_run(run, Path(runs_dir)))
    loaded = opened.run
    unknown = [year for year in years if year not in loaded.years]
    if unknown:
        known = ", ".join(map(str, loaded.years))
        raise InputError(
            [Problem("--year", None, None, f"{year} is no model year", known) for year in unknown]
        )
    plan = fixed_plan(opened.scenario, loaded.inputs_tables, loaded.tables)
    losses = site_losses(opened.inputs, loaded.tables)
    own = None if hours is None else read_own_hours(Path(hours), plan.sites)
    with _Progress(quiet=(ctx.obj or {}).get("quiet", False)) as progress:
        study = stress_study(
            plan,
            settings,
            reliability_of(tables["source_reliability"]),
            losses,
            own=own,
            years=years or None,
            on_progress=progress,
        )
    home = Path(folder) if folder else (loaded.folder or Path()) / "stress"
    write_stress(study, home, name=loaded.title)
    if as_json:
        content = {
            name: json.loads(frame.to_json(orient="records"))
            for name, frame in study.tables.items()
        }
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    _print(study)
    if not (ctx.obj or {}).get("quiet"):
        click.echo(f"\nwritten to {home}", err=True)


class _Progress:
    """One line on stderr that is redrawn, on a terminal alone."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console

        console = Console(stderr=True, quiet=quiet)
        self._is_shown = console.is_terminal and not quiet
        self._status = console.status("Drawing years")

    def __enter__(self) -> _Progress:
        if self._is_shown:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def __call__(self, case: str, share: float) -> None:
        self._status.update(f"{case}: {100 * share:.0f} %")


def _print(study: StressStudy) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    years, sites = study.tables["stress_year"], study.tables["stress_site"]
    click.echo("Means over the drawn years: cost of energy and its spread, energy not served (and")
    click.echo("in the worst year), compute lost by it, stand-by energy, and overloads:\n")
    console.print(_year_table(years))
    click.echo("\nSites with most energy not served, worst drawn year:\n")
    console.print(_site_table(sites))
    click.echo("\nWork that nobody could take over if the site were lost, worst year:\n")
    console.print(_loss_table(study.tables["stress_loss"]))
    standby = study.tables["stress_standby"]
    last = standby[standby["year"] == standby["year"].max()]
    click.echo(f"\nOutages that stand-by power carries, {last['year'].max()}, share by length:\n")
    console.print(_standby_table(last))


def _year_table(years: pd.DataFrame) -> Any:
    table = _table(
        "case",
        "year",
        "cost\nMUSD",
        "spread\n%",
        "unserved\nMWh",
        "worst\nMWh",
        "lost\nkH100e",
        "standby\nMWh",
        "over\nMWh",
    )
    for (case, year), rows in years.groupby(["case", "year"], sort=False):
        cost = rows["energy_cost_musd"]
        spread = 100 * (cost.max() - cost.min()) / cost.mean() if cost.mean() else 0.0
        table.add_row(
            str(case),
            str(year),
            f"{cost.mean():,.0f}",
            f"{spread:.0f}",
            f"{rows['unserved_mwh'].mean():,.0f}",
            f"{rows['unserved_mwh'].max():,.0f}",
            f"{rows['unserved_kh100e'].mean():,.3f}",
            f"{rows['generator_mwh'].mean():,.0f}",
            f"{rows['overload_mwh'].mean():,.0f}",
        )
    return table


def _site_table(sites: pd.DataFrame) -> Any:
    worst = sites.sort_values("unserved_most_mwh", ascending=False)
    worst = worst.drop_duplicates("site").head(8)
    table = _table("site", "case", "year", "MWh", "overload\nMW", "generators\nh, worst")
    for row in worst.to_dict("records"):
        table.add_row(
            row["site"],
            row["case"],
            str(row["year"]),
            f"{row['unserved_most_mwh']:,.0f}",
            f"{row['overload_mw']:,.1f}",
            f"{row['generator_most_h']:,.0f}",
        )
    return table


def _loss_table(losses: pd.DataFrame) -> Any:
    by = losses.groupby(["site", "year"], as_index=False)[["load_kh100e", "unserved_kh100e"]].sum()
    worst = by.sort_values("unserved_kh100e", ascending=False).drop_duplicates("site").head(8)
    share = 100 * worst["unserved_kh100e"] / worst["load_kh100e"]
    table = _table("site", "year", "its work\nkH100e", "not taken over\nkH100e", "%")
    for row in worst.assign(share=share.map("{:.0f}".format)).to_dict("records"):
        table.add_row(
            row["site"],
            str(row["year"]),
            f"{row['load_kh100e']:,.1f}",
            f"{row['unserved_kh100e']:,.1f}",
            row["share"],
        )
    return table


def _standby_table(last: pd.DataFrame) -> Any:
    table = _table("hours", "worst site", "median", "best", "sites below 99 %")
    for hours, rows in last.groupby("outage_h"):
        carried = rows["carried_frac"]
        table.add_row(
            str(hours),
            f"{carried.min():.1%}",
            f"{carried.median():.1%}",
            f"{carried.max():.1%}",
            str(int((carried < 0.99).sum())),
        )
    return table


def _table(*heads: str) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 else "right", no_wrap=True)
    return table
