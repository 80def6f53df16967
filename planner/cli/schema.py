"""`dcplan schema`: the JSON Schema of scenario files, and of the files of sweeps."""

from __future__ import annotations

import click

from planner.cli.options import option


@click.command("schema")
@option(
    "--of kind", "Of which files; those of dcplan stochastic are files of sweeps.", ["scenario", "sweep"], "scenario"
)
def command(kind: str) -> None:
    """Print the JSON Schema of scenario files, for completion and checks in editors.

    Write it next to the scenarios (dcplan schema > scenario.schema.json) and begin a scenario
    with: # yaml-language-server: $schema=scenario.schema.json
    """
    if kind == "sweep":
        from planner.studies.sweep.file import sweep_schema

        click.echo(sweep_schema(), nl=False)
        return
    from planner.scenario import json_schema

    click.echo(json_schema(), nl=False)
