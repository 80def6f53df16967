"""`dcplan validate`: every problem of a scenario and its data at once."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NoReturn

import click

from planner.cli.options import OVERRIDES, STRICT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.errors import Problem

__all__ = ["command", "refuse", "validated"]


@click.command("validate")
@click.argument("scenario", default="us-base")
@OVERRIDES
@STRICT
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@click.pass_context
def command(
    ctx: click.Context, scenario: str, overrides: tuple[str, ...], *, strict: bool, as_json: bool
) -> None:
    """List every problem of SCENARIO (a file or a shipped name; default us-base) and its data.

    Each line says file, line and column, what is, what must be and how to fix it. Ends with
    exit code 2 if there is any. Warnings are about figures that are allowed but implausible, such
    as a price in another unit. Where there is no problem, settings are noted that have no effect,
    or that keep sites out, such as a block of racks that a site has no room for.
    """
    from planner.base.errors import InputError

    found = validated(scenario, overrides)
    wrong = (*found.problems, *found.warnings) if strict else found.problems
    if as_json:
        answer = _for_programs(scenario, found)
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        ctx.exit(InputError.exit_code if wrong else 0)
    if wrong:
        refuse(ctx, wrong, () if strict else found.warnings)
    count = len(found.warnings)
    some = f"no errors, {count} warning{'s' if count > 1 else ''}"
    click.echo(f"{scenario}: {some if count else 'no problems found'}")
    print_warnings(found.warnings)
    for note in found.notes:
        click.echo(f"note: {note}")


def refuse(
    ctx: click.Context, problems: Sequence[Problem], warnings: Sequence[Problem]
) -> NoReturn:
    """Print every problem, then the warnings, and end with the exit code of wrong input."""
    from planner.base.errors import InputError

    click.echo(str(InputError(problems)), err=True)
    print_warnings(warnings, err=True)
    ctx.exit(InputError.exit_code)


def print_warnings(warnings: Sequence[Problem], *, err: bool = False) -> None:
    """Print a line for each warning."""
    for warning in warnings:
        click.echo(f"warning: {warning}", err=err)


@dataclass(frozen=True)
class Validation:
    """What is wrong with a scenario and its data, or else what its settings do not do.

    Parameters
    ----------
    problems : tuple of Problem
        All that keeps a plan from being made.
    notes : tuple of Problem
        Settings of a right scenario that have no effect, or that keep sites out.
    warnings : tuple of Problem
        Figures that are allowed but implausible, also of a scenario that is wrong elsewhere.
    """

    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def validated(path_or_name: str, overrides: Sequence[str]) -> Validation:
    """Check the file, the tables it uses, the ids it names, and what they say together."""
    from planner.base.errors import InputError
    from planner.inputs import TABLES, build_inputs_from
    from planner.inputs.proportions import warnings_of
    from planner.scenario import read_draft, unknown_ids
    from planner.tables import read_tables, right_tables

    try:
        draft = read_draft(path_or_name, overrides)
    except InputError as error:
        return Validation(error.problems)
    _, problems = draft.checked()
    if not draft.has_its_tables:
        return Validation(problems)
    try:
        tables = read_tables(TABLES, draft.data_files)
    except InputError as error:
        problems = (*problems, *error.problems)
        right = right_tables(TABLES, draft.data_files)
        rest = draft.rest(problems)
        return Validation(problems, (), () if rest is None else warnings_of(rest.scenario, right))
    problems = (*problems, *unknown_ids(draft.tree, tables))
    # Figures are judged by what is right of the scenario, so that one round names them all.
    rest = None if draft.problems else draft.rest(problems)
    if rest is None or not rest.has_its_ground:
        rest = draft.rest(problems)
        return Validation(problems, (), () if rest is None else warnings_of(rest.scenario, tables))
    try:
        inputs = build_inputs_from(rest.scenario, tables)
    except InputError as error:
        found = warnings_of(rest.scenario, tables)
        return Validation((*problems, *rest.kept(error.problems)), (), found)
    return Validation(problems, () if problems else inputs.noted_settings, inputs.warnings)


def _for_programs(scenario: str, found: Validation) -> dict[str, object]:
    return {
        "scenario": scenario,
        "problems": [asdict(problem) for problem in found.problems],
        "warnings": [asdict(warning) for warning in found.warnings],
        "notes": [asdict(note) for note in found.notes],
    }
