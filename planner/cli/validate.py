"""`dcplan validate`: every problem of a scenario and its data at once."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from planner.cli.options import OVERRIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.errors import Problem

__all__ = ["command"]


@click.command("validate")
@click.argument("scenario", default="us-base")
@OVERRIDES
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
@click.pass_context
def command(
    ctx: click.Context, scenario: str, overrides: tuple[str, ...], *, as_json: bool
) -> None:
    """List every problem of SCENARIO (a file or a shipped name; default us-base) and its data.

    Each line says file, line and column, what is, what must be and how to fix it. Ends with
    exit code 2 if there is any. Where there is none, settings are noted that have no effect, or
    that keep sites out, such as a block of racks that a site has no room for.
    """
    from planner.base.errors import InputError

    found = validated(scenario, overrides)
    if as_json:
        answer = _for_programs(scenario, found)
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        ctx.exit(InputError.exit_code if found.problems else 0)
    if found.problems:
        raise InputError(found.problems)
    click.echo(f"{scenario}: no problems found")
    for note in found.notes:
        click.echo(f"note: {note}")


@dataclass(frozen=True)
class Validation:
    """What is wrong with a scenario and its data, or else what its settings do not do.

    Parameters
    ----------
    problems : tuple of Problem
        All that keeps a plan from being made.
    notes : tuple of Problem
        Settings of a right scenario that have no effect, or that keep sites out.
    """

    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...] = ()


def validated(path_or_name: str, overrides: Sequence[str]) -> Validation:
    """Check the file, the tables it uses, the ids it names, and what they say together."""
    from planner.base.errors import InputError
    from planner.inputs import TABLES, build_inputs_from
    from planner.scenario import read_draft, unknown_ids
    from planner.tables import read_tables

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
        return Validation((*problems, *error.problems))
    problems = (*problems, *unknown_ids(draft.tree, tables))
    # Figures are judged by what is right of the scenario, so that one round names them all.
    rest = None if draft.problems else draft.rest(problems)
    if rest is None or not rest.has_its_ground:
        return Validation(problems)
    try:
        inputs = build_inputs_from(rest.scenario, tables)
    except InputError as error:
        return Validation((*problems, *rest.kept(error.problems)))
    return Validation(problems, () if problems else inputs.noted_settings)


def _for_programs(scenario: str, found: Validation) -> dict[str, object]:
    return {
        "scenario": scenario,
        "problems": [asdict(problem) for problem in found.problems],
        "notes": [asdict(note) for note in found.notes],
    }
