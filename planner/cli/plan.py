"""Commands that make a plan: `dcplan init`, `validate` and `solve`."""

from __future__ import annotations

import csv
import os
from dataclasses import asdict
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from planner.base.errors import InputError, LimitReachedError, OutputError
from planner.cli.options import INTO_RUNS_DIR, OVERRIDES, STRICT, note, option, print_json, print_written
from planner.outputs.files import writing_into

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.base.errors import Problem
    from planner.cli.progress import Progress
    from planner.runs.folder import SolvedBeforeError


STARTER: Final = Path(__file__).parent / "starter"
TABLES: Final = ("racks", "electricity_price", "site_limits", "zone_headroom", "demand_trajectories")
"""Tables that planners change first; the starter's scenario points to the copies."""
COMPANY: Final = Path(__file__).parent / "starter_own"
ADDED: Final = "added"  # folder of the company's rows that come below those of the shipped tables


@click.command("init")
@click.argument("folder", metavar="DIR|FILE", type=click.Path(path_type=Path))
@option("--own", "A company with three campuses of its own: halls, racks, prices, tariff, round trips.")
@option(
    "--xlsx",
    "One workbook instead of a folder: FILE, or my-plan.xlsx in DIR. Every command that takes a SCENARIO reads it.",
)
@option(
    "--from=SCENARIO start",
    "With --xlsx: the scenario that the workbook says; a file or a shipped name, by default us-base.",
)
@option(
    "--table=NAME* tables", "With --xlsx: one more table that gets a sheet; may be repeated, `all` for every table."
)
def init_command(folder: Path, *, own: bool, xlsx: bool, start: str | None, tables: tuple[str, ...]) -> None:
    """Make a starter project in DIR: a scenario, tables of your own to edit, a short README.

    DIR must not exist yet or be empty; nothing is ever overwritten.
    """
    if not xlsx and (start or tables):
        raise click.UsageError("--from and --table go with --xlsx")
    if xlsx and own:
        raise click.UsageError("--own makes a folder: use it without --xlsx, then --xlsx --from DIR/company.yaml")
    from planner.cli.progress import Progress

    with Progress.of_command() as progress, writing_into(folder, "name another place"):
        if xlsx:
            progress.stage("Writing the workbook")
            made = scenario = _make_workbook(folder, start or "us-base", tables)
        else:
            made, scenario = folder, _make_folder(folder, own=own)
    shown = f'"{scenario}"' if " " in str(scenario) else scenario
    note(f"made {made}; next: dcplan validate {shown}")


def _make_folder(folder: Path, *, own: bool) -> Path:
    """Make a project in a folder, whole or not at all. Returns its scenario."""
    from planner.outputs.files import PARTIAL, move_all, staging
    from planner.scenario import json_schema

    # What begins with PARTIAL is left of one that was killed: removed by `staging`.
    is_used = folder.is_dir() and any(not path.name.startswith(PARTIAL) for path in folder.iterdir())
    if is_used or (os.path.lexists(folder) and not folder.is_dir()):
        what_is = "the folder is not empty" if folder.is_dir() else "it is a file"
        raise InputError.at(folder, what_is, "a new or empty folder", "choose another name")
    with staging(folder) as staged:
        _copy_project(COMPANY if own else STARTER, staged)
        (staged / "scenario.schema.json").write_text(json_schema(), encoding="utf-8")
        move_all((made, folder / made.name) for made in sorted(staged.iterdir()))
    return folder / ("company.yaml" if own else "my-plan.yaml")


def _make_workbook(target: Path, start: str, more: tuple[str, ...]) -> Path:
    """Make a plan workbook. Returns its path."""
    from planner.outputs.plan_workbook import FIRST_TABLES, write_plan_workbook
    from planner.scenario import load_scenario
    from planner.tables import load_package

    path = target if target.suffix.lower() == ".xlsx" else target / "my-plan.xlsx"
    if os.path.lexists(path):
        raise InputError.at(path, "the file is there already", "a new file", "choose another name")
    package = load_package()
    for table in more:
        if table != "all":
            package[table]  # one that does not exist is named, with what is near
    tables = tuple(package.tables) if "all" in more else (*FIRST_TABLES, *more)
    return write_plan_workbook(load_scenario(start), path, tables)


def _copy_project(home: Path, folder: Path) -> None:
    """Copy a project, and shipped tables with the rows that it has in `ADDED` below them; the starter adds none."""
    from planner.tables import load_package

    (folder / "data").mkdir(parents=True)
    for path in (path for path in sorted(home.rglob("*")) if path.is_file()):
        name = path.relative_to(home)
        if name.parts[0] != ADDED:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(path.read_bytes())
    added = {path.stem: path.read_text(encoding="utf-8") for path in (home / ADDED).glob("*.csv")}
    for table in added or TABLES:
        shipped = load_package().path(table)
        text = shipped.read_text(encoding="utf-8")
        columns, rows, below = next(csv.reader(text.splitlines())), added.get(table, "").splitlines(), StringIO()
        csv.DictWriter(below, columns, restval="", lineterminator="\n").writerows(csv.DictReader(rows))
        (folder / "data" / shipped.name).write_bytes(f"{text}{below.getvalue()}".encode())


# --- `dcplan validate`: every problem of a scenario and its data at once --------------------------


@click.command("validate")
@click.argument("scenario", default="us-base")
@OVERRIDES
@STRICT
@option("--json as_json", "Print the problems as JSON.")
def validate_command(scenario: str, overrides: tuple[str, ...], *, strict: bool, as_json: bool) -> None:
    """List every problem of SCENARIO (a file or a shipped name; default us-base) and its data.

    Each line says file, line and column, what is, what must be and how to fix it. Ends with
    exit code 2 if there is any. Warnings are about figures that are allowed but implausible, such
    as a price in another unit. Where there is no problem, settings are noted that have no effect,
    or that keep sites out, such as a block of racks that a site has no room for.
    """
    from planner.cli.progress import Progress
    from planner.inputs.build import validated

    with Progress.of_command() as progress:
        progress.stage("Reading scenario and data")
        found = validated(scenario, overrides)
    wrong = (*found.problems, *found.warnings) if strict else found.problems
    if as_json:
        lists = {name: [asdict(one) for one in getattr(found, name)] for name in ("problems", "warnings", "notes")}
        print_json({"scenario": scenario, **lists})
        raise click.exceptions.Exit(InputError.exit_code if wrong else 0)
    if wrong:
        refuse(wrong, () if strict else found.warnings)
    count = len(found.warnings)
    some = f"no errors, {count} warning{'s' if count > 1 else ''}"
    lines = [f"{scenario}: {some if count else 'no problems found'}", *(f"warning: {one}" for one in found.warnings)]
    click.echo("\n".join([*lines, *(f"note: {one}" for one in found.notes)]))


def refuse(problems: Sequence[Problem], warnings: Sequence[Problem]) -> NoReturn:
    """Print every problem, then the warnings, and end with the exit code of wrong input."""
    click.echo("\n".join([str(InputError(problems)), *(f"warning: {one}" for one in warnings)]), err=True)
    raise click.exceptions.Exit(InputError.exit_code)


# --- `dcplan solve`: solve, check, write a run folder, print a summary ----------------------------


@click.command("solve")
@click.argument("scenario", default="us-base")
@INTO_RUNS_DIR
@OVERRIDES
@STRICT
@option("--again", "Solve what was solved before once more, into a folder of another name.")
@option("--no-workbook", "Leave out plan.xlsx and report.html.")
@option("--json as_json", "Print run.json instead of the summary.")
def solve_command(**asked: Any) -> None:
    """Find the least-cost plan of SCENARIO (a file or a shipped name; default us-base).

    Figures that are allowed but implausible are warned of before the solve, and in the run.

    The plan is checked by an independent program; the run folder holds tables, workbook and log.
    A question that was solved before with the same data is not solved again: its run is shown.
    Which figures of the data move its cost most is a question of its own: dcplan estimates RUN.
    """
    raise click.exceptions.Exit(_solve(**asked))


def _solve(
    scenario: str, runs_dir: str, *, strict: bool, again: bool, no_workbook: bool, as_json: bool, **overrides: Any
) -> int:
    from planner.cli.progress import Progress
    from planner.inputs.build import validated
    from planner.outputs.own_folder import RUNS, try_own_folder
    from planner.outputs.terminal import print_paths, print_summary
    from planner.runs import load_run
    from planner.runs.catalogue import read_runs, seconds_before
    from planner.runs.folder import SolvedBeforeError, free_name, save_or_rescue, stop_if_solved
    from planner.studies.solve import solve

    failed, folder = None, None
    try:
        with Progress.of_command(patient=False) as progress:
            try:
                home = Path(runs_dir)
                try_own_folder(home, RUNS)
                progress.expect(seconds_before([Path(scenario).stem], read_runs(home).entries))
                tell = {"on_stage": progress.stage, "on_progress": progress.solver, "on_warning": progress.warn}
                on_read = None if again else partial(stop_if_solved, runs_dir=home)
                more: dict[str, Any] = {**overrides, **tell, "on_read": on_read, "interrupt": progress.interrupt}
                plan = solve(scenario, strict=strict, **more)
            except InputError as error:
                # A solve stops at the first room that finds mistakes; all are reported to a planner.
                found = validated(scenario, **overrides)
                every = (*error.problems, *found.problems, *(found.warnings if strict else ()))
                refuse(every, () if strict else found.warnings)
            run = plan.run.named(free_name(plan.run.meta["run"], home))
            unheard = None if as_json else _unheard(partial(print_summary, run), progress)
            progress.stage("write")
            try:
                folder = save_or_rescue(run, home, workbook=not no_workbook, log=progress.lines)
            except OutputError as error:
                failed = error
    except SolvedBeforeError as error:
        return _solved_before(error, as_json=as_json)
    if as_json:
        print_json((load_run(folder) if folder is not None else run).meta)
    if folder is not None and unheard is None:  # the last line of a screen of 45
        print_written(folder, as_json=True) if as_json else print_paths([folder])
    if wrong := failed or unheard:
        raise wrong
    # Who stopped a solve that was done at that moment has a whole plan, and did not ask for 0.
    stopped = LimitReachedError.exit_code if progress.interrupt.is_set() else 0
    return plan.exit_code or stopped


def _solved_before(found: SolvedBeforeError, *, as_json: bool) -> int:
    """Show the run of a question that was solved before, as `dcplan runs show` does."""
    from planner.cli.options import warn_of_changes
    from planner.outputs.terminal import print_summary
    from planner.results.ended import exit_code
    from planner.runs import load_run

    run = load_run(found.folder)
    note(f"{found}; --again solves it once more, into another folder")
    warn_of_changes(run)
    print_json(run.meta) if as_json else print_summary(run, found.folder)
    return exit_code(run.meta["status"], run.meta["check"]["broken"])


def _unheard(tell: Callable[[], None], progress: Progress) -> Exception | None:
    """Tell of the plan before it is written; neither a bug in that nor a reader who has left may lose it."""
    try:
        with progress.aside():
            tell()
            click.echo("", nl=False)  # which flushes, where there is a stdout
    except Exception as error:  # raised again once the plan is stored
        return error
    return None
