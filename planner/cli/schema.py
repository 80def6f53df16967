"""`dcplan schema`: the JSON Schema of scenario files."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of scenario files, for completion and checks in editors.

    Write it next to the scenarios (dcplan schema > scenario.schema.json) and begin a scenario
    with: # yaml-language-server: $schema=scenario.schema.json
    """
    from planner.scenario import json_schema

    click.echo(json_schema(), nl=False)
