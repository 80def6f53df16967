"""`dcplan validate`: every problem of a scenario and its data at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from planner.cli.options import OVERRIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.errors import Problem

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

    Each line says file, line and column, what is, what must be and how to mend it. Ends with
    exit code 2 if there is any. Where there is none, settings that change nothing are noted.
    """
    from planner.errors import InputError

    problems = problems_of(scenario, overrides)
    notes = () if problems else _notes_of(scenario, overrides)
    if as_json:
        answer = _for_programs(scenario, problems, notes)
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        ctx.exit(InputError.exit_code if problems else 0)
    if problems:
        raise InputError(problems)
    click.echo(f"{scenario}: no problems found")
    for note in notes:
        click.echo(f"note: {note}")


def _notes_of(path_or_name: str, overrides: Sequence[str]) -> tuple[Problem, ...]:
    """Settings of a right scenario that change nothing."""
    from planner.inputs import TABLES
    from planner.inputs.scope import make_case
    from planner.inputs.without_effect import settings_without_effect
    from planner.scenario import load_scenario
    from planner.tables import read_tables

    scenario = load_scenario(path_or_name, overrides)
    return settings_without_effect(make_case(scenario, read_tables(TABLES, scenario.data_files)))


def problems_of(path_or_name: str, overrides: Sequence[str]) -> tuple[Problem, ...]:
    """Check the file, the tables it uses, the ids it names, and what they say together."""
    from planner.errors import InputError
    from planner.inputs import TABLES, build_inputs_from
    from planner.scenario import read_draft, unknown_ids
    from planner.tables import read_tables

    try:
        draft = read_draft(path_or_name, overrides)
    except InputError as error:
        return error.problems
    _, problems = draft.checked()
    if not draft.has_its_tables:
        return problems
    try:
        tables = read_tables(TABLES, draft.data_files)
    except InputError as error:
        return (*problems, *error.problems)
    problems = (*problems, *unknown_ids(draft.tree, tables))
    # Figures are judged by what is right of the scenario, so that one round names them all.
    rest = None if draft.problems else draft.rest(problems)
    if rest is None or not rest.has_its_ground:
        return problems
    try:
        build_inputs_from(rest.scenario, tables)
    except InputError as error:
        return (*problems, *rest.kept(error.problems))
    return problems


def _for_programs(
    scenario: str, problems: Sequence[Problem], notes: Sequence[Problem]
) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "scenario": scenario,
        "problems": [asdict(problem) for problem in problems],
        "notes": [asdict(note) for note in notes],
    }
