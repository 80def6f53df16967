"""`dcplan init`: a project of one's own to start from."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Final

import click

__all__ = ["command"]

STARTER: Final = Path(__file__).parent / "starter"
TABLES: Final = (
    "racks",
    "electricity_price",
    "site_limits",
    "zone_headroom",
    "demand_trajectories",
)
"""Tables that planners change first; the starter's scenario points to the copies."""
COMPANY: Final = Path(__file__).parent / "starter_own"
ADDED: Final = "added"
"""Folder of the company's rows that come below those of the shipped tables."""


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--own",
    is_flag=True,
    help="A company with three campuses of its own: halls, racks, prices, tariff, round trips.",
)
@click.pass_context
def command(ctx: click.Context, folder: Path, *, own: bool) -> None:
    """Make a starter project in DIR: a scenario, tables of your own to edit, a short README.

    DIR must not exist yet or be empty; nothing is ever overwritten.
    """
    from planner.base.errors import InputError, Problem
    from planner.scenario import json_schema

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what_is = "the folder is not empty" if folder.is_dir() else "it is a file"
        problem = Problem(
            str(folder), None, None, what_is, "a new or empty folder", "choose another name"
        )
        raise InputError([problem])
    scenario = folder / ("company.yaml" if own else "my-plan.yaml")
    if own:
        _make_company(folder)
    else:
        _make_starter(folder)
    (folder / "scenario.schema.json").write_text(json_schema(), encoding="utf-8")
    if not (ctx.obj or {}).get("quiet"):
        click.echo(f"made {folder}; next: dcplan validate {scenario}", err=True)


def _make_starter(folder: Path) -> None:
    from planner.tables import load_package

    shutil.copytree(STARTER, folder, dirs_exist_ok=True)
    (folder / "data").mkdir()
    for table in TABLES:
        shutil.copy(load_package().path(table), folder / "data")


def _make_company(folder: Path) -> None:
    """Copy the company, and put its rows below those of the shipped tables."""
    from planner.tables import load_package

    shutil.copytree(COMPANY, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(ADDED))
    for added in sorted((COMPANY / ADDED).glob("*.csv")):
        shipped = load_package().path(added.stem).read_text(encoding="utf-8")
        columns = next(csv.reader([shipped.splitlines()[0]]))
        with (folder / "data" / added.name).open("w", encoding="utf-8", newline="") as file:
            file.write(shipped)
            rows = csv.DictReader(added.read_text(encoding="utf-8").splitlines())
            csv.DictWriter(file, columns, restval="", lineterminator="\n").writerows(rows)
