"""`dcplan init`: a project of one's own to start from."""

from __future__ import annotations

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


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.pass_context
def command(ctx: click.Context, folder: Path) -> None:
    """Make a starter project in DIR: a scenario, tables of your own to edit, a short README.

    DIR must not exist yet or be empty; nothing is ever overwritten.
    """
    from planner.base.errors import InputError, Problem
    from planner.scenario import json_schema
    from planner.tables import load_package

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what_is = "there is something in it already" if folder.is_dir() else "it is a file"
        problem = Problem(
            str(folder), None, None, what_is, "a new or empty folder", "choose another name"
        )
        raise InputError([problem])
    shutil.copytree(STARTER, folder, dirs_exist_ok=True)
    (folder / "scenario.schema.json").write_text(json_schema(), encoding="utf-8")
    (folder / "data").mkdir()
    for table in TABLES:
        shutil.copy(load_package().path(table), folder / "data")
    if not (ctx.obj or {}).get("quiet"):
        click.echo(f"made {folder}; next: dcplan validate {folder / 'my-plan.yaml'}", err=True)
