"""`dcplan stress`: run a fixed plan through hours and events it was not planned for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from planner.cli.options import RUNS_DIR
from planner.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from planner.run import Run
    from planner.stress import FixedPlan, OwnHours, StressStudy

__all__ = ["command"]

Made = TypeVar("Made")
_FEW = 5
"""So many sites are named in a line."""


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
@RUNS_DIR
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

    from planner.outputs.stress import write_stress
    from planner.stress import reliability_of, settings_from, stress_study
    from planner.tables import read_tables

    tables = read_tables(["stress_settings", "source_reliability"])
    problems: list[Problem] = []
    settings = _unless_wrong(problems, lambda: settings_from(tables["stress_settings"], given))
    asked = _unless_wrong(problems, lambda: _asked_of(run, Path(runs_dir), years, hours))
    if settings is None or asked is None:
        raise InputError(problems)
    loaded, plan, losses, own = asked
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


def _asked_of(
    run: str, runs_dir: Path, years: tuple[int, ...], hours: str | None
) -> tuple[Run, FixedPlan, pd.DataFrame, OwnHours | None]:
    """Open the run, and read what is asked of it; every mistake is told together."""
    from pathlib import Path

    from planner.runs import find_run
    from planner.runs.reopen import reopen
    from planner.stress import fixed_plan, read_own_hours, site_losses

    problems: list[Problem] = []
    file = None if hours is None else Path(hours)
    if file is not None and not file.is_file():
        mend = "check the path; `dcplan data show own_hours` describes the file"
        what_is = f"there is no file {str(file)!r}"
        problems.append(Problem("--hours", None, None, what_is, "a file", mend))
        file = None
    opened = _unless_wrong(problems, lambda: reopen(find_run(run, runs_dir)))
    if opened is None:
        raise InputError(problems)
    loaded = opened.run
    known = ", ".join(map(str, loaded.years))
    problems += [
        Problem("--year", None, None, f"{year} is no model year", known, "name one of them")
        for year in years
        if year not in loaded.years
    ]
    plan = fixed_plan(opened.scenario, loaded.inputs_tables, loaded.tables)
    own = None
    if file is not None:
        own = _unless_wrong(problems, lambda: read_own_hours(file, plan.sites))
    if problems:
        raise InputError(problems)
    return loaded, plan, site_losses(opened.inputs, loaded.tables), own


def _unless_wrong(problems: list[Problem], make: Callable[[], Made]) -> Made | None:
    """Return what is made, or None, and its problems among the others."""
    try:
        return make()
    except InputError as error:
        problems += error.problems
        return None


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
    standby = study.tables["stress_standby"]
    console.print(_site_table(sites, standby))
    click.echo("\nWork that nobody could take over if the site were lost, worst year:\n")
    console.print(_loss_table(study.tables["stress_loss"]))
    last = standby[standby["year"] == standby["year"].max()]
    click.echo(f"\nOutages that stand-by power carries, {last['year'].max()}, share by length:\n")
    console.print(_standby_table(last))
    without = sorted(set(last.loc[last["generators"] == 0, "site"]))
    if without:
        few = ", ".join(without[:_FEW]) + (
            f" and {len(without) - _FEW} more" * (len(without) > _FEW)
        )
        click.echo(
            f"\nno generators at {len(without)} of {last['site'].nunique()} sites ({few}): halls"
            " such as those\nof redundancy N have none, and batteries alone carry an outage there."
        )


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


def _site_table(sites: pd.DataFrame, standby: pd.DataFrame) -> Any:
    bare = standby[standby["generators"] == 0]
    has_none = set(zip(bare["site"], bare["year"], strict=True))
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
            "none" if (row["site"], row["year"]) in has_none else f"{row['generator_most_h']:,.0f}",
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
    table = _table(
        "hours", "worst site", "median", "best", "sites below 99 %", "of them without\ngenerators"
    )
    for hours, rows in last.groupby("outage_h"):
        carried, has_none = rows["carried_frac"], rows["generators"] == 0
        is_below = carried < 0.99
        # A site without generators carries nothing for another reason than one whose fuel ends.
        shown = [
            "no generators" if share == 0 and has_none[carried == share].any() else f"{share:.1%}"
            for share in (carried.min(), carried.median(), carried.max())
        ]
        counts = (is_below.sum(), (is_below & has_none).sum())
        table.add_row(str(hours), *shown, *map(str, counts))
    return table


def _table(*heads: str) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 else "right", no_wrap=True)
    return table
