"""`dcplan stress`: run a fixed plan through hours and events it was not planned for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from planner.base.errors import InputError, Problem
from planner.cli.options import OWN_HOURS, RUNS_DIR, SOME_YEARS, into_folder
from planner.cli.output import note, print_written, writing_into

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from planner.outputs.folder_kinds import FolderKind
    from planner.runs.reopen import StoredPlan
    from planner.stress import FixedPlan, OwnHours

__all__ = ["Asked", "asked_of", "command", "folder_to_fill", "unless_wrong"]

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
    from planner.cli.stress_report import print_study
    from planner.outputs.folder_kinds import STRESS
    from planner.outputs.studies import write_stress
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

    from planner.cli.changed_run import warn_of_changes
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
