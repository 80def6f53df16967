"""`dcplan stress`: what a plan does in years of hours."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from planner.base.errors import InputError, Problem
from planner.base.words import some
from planner.cli.options import OWN_HOURS, RUNS_DIR, SOME_YEARS, into_folder, note, print_written, writing_into

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from planner.outputs.folder_kinds import FolderKind
    from planner.runs.reopen import StoredPlan
    from planner.stress import FixedPlan, OwnHours, StressStudy

# --- `dcplan stress`: run a fixed plan through hours and events it was not planned for ------------

Made = TypeVar("Made")
_NAMED: Final = 8


@click.command("stress")
@click.argument("run")
@click.option("--draws", type=int, help="Years drawn for each model year; default 10.")
@click.option("--seed", type=int, help="Of the random numbers; left out: 1.")
@SOME_YEARS
@OWN_HOURS
@click.option("--heat-wave-k", type=float, metavar="K", help="Kelvin above normal.")
@click.option("--heat-wave-days", type=float, metavar="DAYS", help="Its length.")
@click.option(
    "--curtailment-frac", type=float, metavar="SHARE", help="Share of all connections that a grid emergency curtails."
)
@click.option("--curtailment-h", type=float, metavar="H", help="Its length.")
@click.option("--outages-per-year", type=float, metavar="N", help="Grid outages at a site.")
@click.option("--fuel-h", type=float, metavar="H", help="Hours at full output of fuel on site.")
@RUNS_DIR
@into_folder("Folder to write into; left out: stress/ in the run folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the tables as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    run: str,
    years: tuple[int, ...],
    hours: str | None,
    runs_dir: str,
    folder: Path | None,
    *,
    as_json: bool,
    **given: Any,
) -> None:
    """Take the plan of RUN as it is and run it through all hours of each year.

    RUN is a run folder, its name, or a scenario: its latest run as it is. Weather, prices and
    outages of the grid are drawn from the shipped statistics; on top come a heat wave and an
    emergency in which the grid takes back a share of the connections. Reported are what is not
    served, overloads of connections, the spread of energy cost, hours of generators, and how
    likely standby power carries outages of 1 to 72 hours. Figures not given here are those of
    table `stress_settings`.

    Example: dcplan stress us-base --draws 20 --year 2030
    """
    import json
    from pathlib import Path

    from planner.cli.progress import Progress
    from planner.outputs.folder_kinds import STRESS
    from planner.outputs.study_files import write_stress
    from planner.stress import reliability_of, settings_from, site_outage_losses, stress_study
    from planner.tables import read_tables

    tables = read_tables(["stress_settings", "source_reliability"])
    problems: list[Problem] = []
    settings = unless_wrong(problems, lambda: settings_from(tables["stress_settings"], given))
    asked = unless_wrong(problems, lambda: asked_of(run, Path(runs_dir), years, hours))
    if settings is None or asked is None:
        raise InputError(problems)
    loaded = asked.stored.run
    losses = site_outage_losses(asked.stored.inputs, loaded.tables)
    home = folder_to_fill(asked.stored, folder, STRESS)
    if asked.drawn_instead:
        note(f"warning: {asked.drawn_instead}")
    with Progress.from_context(ctx, patient=True) as progress:
        progress.stage("Drawing years")
        study = stress_study(
            asked.plan,
            settings,
            reliability_of(tables["source_reliability"]),
            losses,
            own=asked.own,
            years=years or None,
            on_progress=progress.share,
        )
    with writing_into(home):
        write_stress(study, home, loaded.title)
    if as_json:
        content = {name: json.loads(frame.to_json(orient="records")) for name, frame in study.tables.items()}
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        print_study(study)
    print_written(home, as_json=as_json)


@dataclass(frozen=True, eq=False)
class Asked:
    """A stored plan, what of it is fixed, and a user's own hours."""

    stored: StoredPlan
    plan: FixedPlan
    own: OwnHours | None

    @property
    def drawn_instead(self) -> str:
        """Say where the plan has temperatures of its own and others are drawn; empty if nowhere."""
        from numpy import isnan

        from planner.base.words import some

        plan, own = self.plan, self.own
        drawn = [
            site
            for at, site in enumerate(plan.sites)
            if site in plan.own_weather and (own is None or isnan(own.dry_c[at]).any())
        ]
        if not drawn:
            return ""
        return (
            f"The plan of {some(drawn, _NAMED)} has temperatures of table site_series, and here"
            " weather is drawn about the monthly means of table climate_monthly. Give all hours of"
            " a year with --hours (dry_bulb_c, wet_bulb_c) to use your own."
        )


def asked_of(run: str, runs_dir: Path, years: tuple[int, ...], hours: str | None) -> Asked:
    """Open the run, and read what is asked of it; every mistake is reported together."""
    from pathlib import Path

    from planner.runs import find_run
    from planner.runs.reopen import reopen
    from planner.stress import fixed_plan, read_own_hours

    problems: list[Problem] = []
    file = None if hours is None else Path(hours)
    if file is not None and not file.is_file():
        fix = "check the path; `dcplan data show own_hours` describes the file"
        what_is = f"there is no file {str(file)!r}"
        problems.append(Problem("--hours", None, None, what_is, "a file", fix))
        file = None
    opened = unless_wrong(problems, lambda: reopen(find_run(run, runs_dir)))
    if opened is None:
        raise InputError(problems)
    loaded = opened.run
    known = ", ".join(map(str, loaded.years))
    problems += [
        Problem("--year", None, None, f"{year} is not a model year", known, "name one of them")
        for year in years
        if year not in loaded.years
    ]
    plan = fixed_plan(opened.scenario, loaded.inputs_tables, loaded.tables)
    own = None
    if file is not None:
        own = unless_wrong(problems, lambda: read_own_hours(file, plan.sites))
    if problems:
        raise InputError(problems)
    return Asked(opened, plan, own)


def folder_to_fill(stored: StoredPlan, folder: Path | None, kind: FolderKind) -> Path:
    """Return the folder of a study of a run, once it is known that it can be written."""
    from pathlib import Path

    from planner.cli.options import warn_of_changes
    from planner.outputs.own_folder import try_own_folder

    if stored.run.folder is not None:
        warn_of_changes(stored.run)
    home = folder or (stored.run.folder or Path()) / kind.name
    try_own_folder(home, kind)
    return home


def unless_wrong(problems: list[Problem], make: Callable[[], Made]) -> Made | None:
    """Return what is made, or None, and its problems among the others."""
    try:
        return make()
    except InputError as error:
        problems += error.problems
        return None


# --- What `dcplan stress` prints: years, sites, losses, and which outages standby power carries ---

_FEW = 5
"""So many sites are named in a line."""
_WIDTH = 95
"""Of printed sentences."""
_SURE = 0.99
"""Share of outages from which on a site counts as safe."""


def print_study(study: StressStudy) -> None:
    """Print what matters of a study, with why sites do not carry an outage."""
    from planner.base.console import TableConsole

    console = TableConsole()
    years, sites = study.tables["stress_year"], study.tables["stress_site"]
    click.echo("Means over the drawn years: cost of energy and its spread, energy not served (and")
    click.echo("in the worst year), compute lost by it, standby energy, and overloads:\n")
    console.print(_year_table(years))
    click.echo(
        "\nOutages of the grid are drawn in ordinary years alone. A heat wave and a grid emergency"
        " come on\nthe same weather and prices without them, so their losses can look lower."
    )
    worst = years.iloc[int(years["put_off_mwh"].to_numpy().argmax())]
    if worst["put_off_mwh"] > 0:
        click.echo(
            f"Deferrable work was deferred further than planned: {worst['put_off_mwh']:,.0f} MWh"
            f" in the worst year\n({worst['case']}, {worst['year']}), of which"
            f" {worst['given_up_mwh']:,.0f} MWh were dropped, part of the energy not served."
        )
    click.echo("\nSites with most energy not served, worst drawn year:\n")
    standby = study.tables["stress_standby"]
    console.print(_site_table(sites, standby))
    click.echo("\nWork that no site could take over in an outage, worst year:\n")
    console.print(_loss_table(study.tables["stress_loss"]))
    last = standby[standby["year"] == standby["year"].max()]
    click.echo(
        f"\nOutages that standby power carries, {last['year'].max()}, share by length, and\nsites"
        " that carry less than 99 % of them, of which with too few units or none:\n"
    )
    console.print(standby_table(last))
    for reason in standby_reasons(last):
        click.echo("\n" + fill(reason, _WIDTH, break_on_hyphens=False))


def standby_reasons(last: pd.DataFrame) -> list[str]:
    """Say why sites do not carry the shortest outage in 99 % of cases, and name a few."""
    rows = last[last["outage_h"] == last["outage_h"].min()]
    of_all = f"of {len(rows)} sites"
    has_none, is_short = rows["generators"] == 0, rows["generators"] < rows["needed"]
    is_below = rows["carried_frac"] < _SURE
    without = rows[has_none & is_short]
    short = rows[is_below & is_short & ~has_none]
    tight = rows[is_below & ~is_short].sort_values("carried_frac")
    short = short.assign(share=short["generators"] / short["needed"]).sort_values("share")
    reasons = []
    if len(without):
        reasons.append(
            f"no generators at {len(without)} {of_all} ({some(list(without['site']), _FEW)}): halls"
            " such as those of redundancy N have none, and batteries alone carry an outage there."
        )
    if len(short):
        named = [
            f"{row['site']} {row['generators']} of {row['needed']} units needed" for row in short.to_dict("records")
        ]
        reasons.append(
            f"too few generators at {len(short)} {of_all}: some of their halls have none, and the"
            f" units of the others do not carry the whole site ({some(named, _FEW)})."
        )
    if len(tight):
        named = [
            f"{row['site']} {row['carried_frac']:.1%} with {row['generators']} of {row['needed']}"
            for row in tight.to_dict("records")
        ]
        reasons.append(
            f"little generator margin at {len(tight)} {of_all}: one failed start can drop load"
            f" ({some(named, _FEW)} needed)."
        )
    return reasons


def _year_table(years: pd.DataFrame) -> Any:
    table = _table(
        "case",
        "year",
        "cost\nMUSD",
        "spread\n%",
        "unserved\nMWh",
        "worst\nMWh",
        "compute lost\nkH100e",
        "standby\nMWh",
        "overload\nMWh",
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
    table = _table("site", "case", "year", "unserved\nMWh", "overload\nMW", "generators\nh, worst")
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
            row["site"], str(row["year"]), f"{row['load_kh100e']:,.1f}", f"{row['unserved_kh100e']:,.1f}", row["share"]
        )
    return table


def standby_table(last: pd.DataFrame) -> Any:
    """Return how outages are carried by their length, of table `stress_standby` in a year."""
    table = _table(
        "hours", "worst, with\nenough units", "median", "best", "below\n99 %", "too few\nunits", "without\nunits"
    )
    for hours, rows in last.groupby("outage_h"):
        carried, has_none = rows["carried_frac"], rows["generators"] == 0
        is_below, is_short = carried < _SURE, rows["generators"] < rows["needed"]
        # A site whose units do not carry it carries nothing, however short the outage.
        enough = carried[~is_short]
        shown = [f"{enough.min():.1%}" if len(enough) else "-"]
        shown += [
            "no generators" if share == 0 and has_none[carried == share].any() else f"{share:.1%}"
            for share in (carried.median(), carried.max())
        ]
        counts = ((is_below & mask).sum() for mask in (True, is_short, has_none))
        table.add_row(str(hours), *shown, *map(str, counts))
    return table


def _table(*heads: str) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 else "right", no_wrap=True)
    return table
