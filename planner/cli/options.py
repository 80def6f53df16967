"""Options that several commands have."""

from __future__ import annotations

from typing import Final

import click

__all__ = ["OVERRIDES", "RUNS_DIR", "STRICT"]

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
    help="Folder in which RUN is looked for by name.",
)

STRICT: Final = click.option(
    "--strict", is_flag=True, help="Treat warnings, such as an implausible figure, as errors."
)
