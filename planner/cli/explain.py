"""`dcplan explain`: why a plan is as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from planner.cli.options import RUNS_DIR

if TYPE_CHECKING:
    import pandas as pd

    from planner.studies.explain.explanation import Explanation

__all__ = ["command"]

_SHOWN_ROWS = 12
_MOMENTS = ("service_start", "turns_firm")


@click.command("explain")
@click.argument("run", default="us-base")
@click.option("--site", help="Explain one site: what it does, what limits it, what it would take.")
@click.option("--year", type=int, help="Explain one model year: what changed in it, and why.")
@RUNS_DIR
@click.option(
    "--resolve",
    is_flag=True,
    help="Solve again with a little more: of limits, a month, a ms; with --site, until it wins.",
)
@click.option("--quick", is_flag=True, help="Solve nothing again, not even for --site.")
@click.option("--all", "every", is_flag=True, help="Every sentence and row, not the weightiest.")
@click.option("--json", "as_json", is_flag=True, help="Print sentences, numbers, tables as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    run: str,
    *,
    site: str | None,
    year: int | None,
    runs_dir: str,
    resolve: bool,
    quick: bool,
    every: bool,
    as_json: bool,
) -> None:
    """Explain the plan of RUN: a run folder, its name, or a scenario: its latest run as it is.

    What binds, where and when, and what one more MW, rack, month, ms or tonne is worth; for a
    site its cost of entry and the price, lead time or latency at which it would win; for a year
    what changed in it. Every number of the sentences is in the tables below them.

    Example: dcplan explain us-base --site us-va-ashburn
    """
    import json
    from pathlib import Path

    from planner.cli.changed_run import warn_of_changes
    from planner.cli.progress import Progress
    from planner.runs import find_run
    from planner.runs.folder import naming_changed_files
    from planner.runs.reopen import reopen
    from planner.studies.explain import explain

    if quick and resolve:
        message = "--quick and --resolve cannot be combined"
        raise click.UsageError(message)
    folder = find_run(run, Path(runs_dir))
    warn_of_changes(folder)
    with Progress(quiet=bool(ctx.obj and ctx.obj.get("quiet"))) as progress:
        progress.stage("read")
        with naming_changed_files(folder):
            reported = explain(
                reopen(folder),
                site=site,
                year=year,
                quick=quick,
                resolve=resolve,
                every=every,
                on_stage=progress.stage,
                interrupt=progress.interrupt,
            )
    if as_json:
        click.echo(json.dumps(reported.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print(reported, every=every)


def _print(reported: Explanation, *, every: bool) -> None:
    from textwrap import fill

    topic = ""
    click.echo(f"{reported.scenario}\n{fill(reported.basis, 100)}")
    for statement in reported.statements:
        if statement.topic != topic:
            topic = statement.topic
            click.echo(f"\n{topic}")
        click.echo(fill(statement.text, 100, initial_indent="- ", subsequent_indent="  "))
    for name, table in reported.tables.items():
        if len(table):
            click.echo(f"\n[{name}]")
            click.echo(_as_text(table if every else table.head(_SHOWN_ROWS)))
            if len(table) > _SHOWN_ROWS and not every:
                click.echo(f"... {len(table) - _SHOWN_ROWS} more rows with --all")


def _as_text(table: pd.DataFrame) -> str:
    """Write a table in columns, without those that are empty in every row."""
    kept = [name for name in table if not (table[name].astype(str) == "").all()]
    return table[kept].to_string(
        index=False,
        float_format=lambda value: f"{value:,.4g}",
        formatters={name: _moment for name in kept if name in _MOMENTS},
        na_rep="-",
    )


def _moment(year: float) -> str:
    """Write a moment as a float year, as 2028.5, and a missing one as a dash."""
    from math import isnan

    return "-" if isnan(year) else f"{year:.1f}"
