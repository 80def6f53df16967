"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["INTO_RUNS_DIR", "LOST_LOAD", "OVERRIDES", "OWN_HOURS", "RUNS_DIR", "SOME_YEARS", "STRICT", "into_folder"]

OVERRIDES: Final = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting, such as operator.demand_share_frac=0.2; may be repeated.",
)

RUNS_DIR: Final = click.option(
    "--runs",
    "runs_dir",
    type=click.Path(file_okay=False),
    default="runs",
    show_default=True,
    help="Folder of the runs; RUN is looked for there by name.",
)

INTO_RUNS_DIR: Final = click.option(
    "--runs",
    "-o",
    "--output",
    "runs_dir",
    type=click.Path(file_okay=False),
    default="runs",
    show_default=True,
    help="Folder of the runs, into which the run is written.",
)

STRICT: Final = click.option("--strict", is_flag=True, help="Treat warnings, such as an implausible figure, as errors.")


SOME_YEARS: Final = click.option("--year", "years", type=int, multiple=True, help="A model year; left out: all.")

LOST_LOAD: Final = click.option(
    "--lost-load-usd-per-mwh",
    type=float,
    metavar="USD",
    help="Price of energy that is short at sites without racks; left out: 10,000.",
)

OWN_HOURS: Final = click.option(
    "--hours",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Own weather and wholesale prices, as `dcplan data show own_hours` describes them.",
)


def into_folder(text: str) -> Callable[[Any], Any]:
    """Make the option for the folder that a study writes its files into."""
    return click.option("-o", "--output", "folder", type=click.Path(file_okay=False, path_type=Path), help=text)
