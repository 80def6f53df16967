"""`dcplan init`: a project of one's own to start from."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Final, NoReturn

import click

from planner.cli.options import note, option
from planner.outputs.files import writing_into

STARTER: Final = Path(__file__).parent / "starter"
TABLES: Final = ("racks", "electricity_price", "site_limits", "zone_headroom", "demand_trajectories")
"""Tables that planners change first; the starter's scenario points to the copies."""
COMPANY: Final = Path(__file__).parent / "starter_own"
ADDED: Final = "added"
"""Folder of the company's rows that come below those of the shipped tables."""
_INSTEAD: Final = "name another place"


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
@click.pass_context
def command(
    ctx: click.Context, folder: Path, *, own: bool, xlsx: bool, start: str | None, tables: tuple[str, ...]
) -> None:
    """Make a starter project in DIR: a scenario, tables of your own to edit, a short README.

    DIR must not exist yet or be empty; nothing is ever overwritten.
    """
    if not xlsx and (start or tables):
        raise click.UsageError("--from and --table go with --xlsx")
    if xlsx and own:
        raise click.UsageError("--own makes a folder: use it without --xlsx, then --xlsx --from DIR/company.yaml")
    if xlsx:
        from planner.cli.progress import Progress

        with Progress.from_context(ctx, patient=True) as progress:
            progress.stage("Writing the workbook")
            with writing_into(folder, _INSTEAD):
                made = scenario = _make_workbook(folder, start or "us-base", tables)
    else:
        with writing_into(folder, _INSTEAD):
            made, scenario = folder, _make_folder(folder, own=own)
    shown = f'"{scenario}"' if " " in str(scenario) else scenario
    note(f"made {made}; next: dcplan validate {shown}")


def _make_folder(folder: Path, *, own: bool) -> Path:
    """Make a project in a folder, whole or not at all. Returns its scenario."""
    from planner.outputs.files import PARTIAL, move_all
    from planner.outputs.staging import staging
    from planner.scenario import json_schema

    is_used = folder.is_dir() and any(
        not path.name.startswith(PARTIAL)  # left of one that was killed: removed by `staging`
        for path in folder.iterdir()
    )
    if is_used or (os.path.lexists(folder) and not folder.is_dir()):
        _refuse(folder, "the folder is not empty" if folder.is_dir() else "it is a file", "a new or empty folder")
    with staging(folder) as staged:
        if own:
            _make_company(staged)
        else:
            _make_starter(staged)
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
        _refuse(path, "the file is there already", "a new file")
    package = load_package()
    for table in more:
        if table != "all":
            package[table]  # one that does not exist is named, with what is near
    tables = tuple(package.tables) if "all" in more else (*FIRST_TABLES, *more)
    return write_plan_workbook(load_scenario(start), path, tables)


def _refuse(path: Path, what_is: str, must_be: str) -> NoReturn:
    from planner.base.errors import InputError, Problem

    raise InputError([Problem.of(str(path), what_is, must_be, "choose another name")])


def _make_starter(folder: Path) -> None:
    from planner.tables import load_package

    _copy_files(STARTER, folder)
    (folder / "data").mkdir()
    for table in TABLES:
        shipped = load_package().path(table)
        (folder / "data" / shipped.name).write_bytes(shipped.read_bytes())


def _copy_files(home: Path, folder: Path) -> None:
    """Copy the files of a folder, and those of the folders in it but `ADDED`."""
    for file in sorted(home.rglob("*")):
        name = file.relative_to(home)
        if file.is_file() and name.parts[0] != ADDED:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(file.read_bytes())


def _make_company(folder: Path) -> None:
    """Copy the company, and put its rows below those of the shipped tables."""
    from planner.tables import load_package

    _copy_files(COMPANY, folder)
    for added in sorted((COMPANY / ADDED).glob("*.csv")):
        shipped = load_package().path(added.stem).read_text(encoding="utf-8")
        columns = next(csv.reader([shipped.splitlines()[0]]))
        with (folder / "data" / added.name).open("w", encoding="utf-8", newline="") as file:
            file.write(shipped)
            rows = csv.DictReader(added.read_text(encoding="utf-8").splitlines())
            csv.DictWriter(file, columns, restval="", lineterminator="\n").writerows(rows)
