"""`dcplan validate`: every problem of a scenario and its data at once."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, NoReturn

import click

from planner.cli.options import OVERRIDES, STRICT, option, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.errors import Problem


@click.command("validate")
@click.argument("scenario", default="us-base")
@OVERRIDES
@STRICT
@option("--json as_json", "Print the problems as JSON.")
@click.pass_context
def command(ctx: click.Context, scenario: str, overrides: tuple[str, ...], *, strict: bool, as_json: bool) -> None:
    """List every problem of SCENARIO (a file or a shipped name; default us-base) and its data.

    Each line says file, line and column, what is, what must be and how to fix it. Ends with
    exit code 2 if there is any. Warnings are about figures that are allowed but implausible, such
    as a price in another unit. Where there is no problem, settings are noted that have no effect,
    or that keep sites out, such as a block of racks that a site has no room for.
    """
    from planner.base.errors import InputError
    from planner.cli.progress import Progress
    from planner.inputs.build import validated

    with Progress.from_context(ctx, patient=True) as progress:
        progress.stage("Reading scenario and data")
        found = validated(scenario, overrides)
    wrong = (*found.problems, *found.warnings) if strict else found.problems
    if as_json:
        lists = {name: [asdict(one) for one in getattr(found, name)] for name in ("problems", "warnings", "notes")}
        print_json({"scenario": scenario, **lists})
        ctx.exit(InputError.exit_code if wrong else 0)
    if wrong:
        refuse(ctx, wrong, () if strict else found.warnings)
    count = len(found.warnings)
    some = f"no errors, {count} warning{'s' if count > 1 else ''}"
    click.echo(f"{scenario}: {some if count else 'no problems found'}")
    print_warnings(found.warnings)
    for note in found.notes:
        click.echo(f"note: {note}")


def refuse(ctx: click.Context, problems: Sequence[Problem], warnings: Sequence[Problem]) -> NoReturn:
    """Print every problem, then the warnings, and end with the exit code of wrong input."""
    from planner.base.errors import InputError

    click.echo(str(InputError(problems)), err=True)
    print_warnings(warnings, err=True)
    ctx.exit(InputError.exit_code)


def print_warnings(warnings: Sequence[Problem], *, err: bool = False) -> None:
    """Print a line for each warning."""
    for warning in warnings:
        click.echo(f"warning: {warning}", err=err)
