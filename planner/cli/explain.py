"""`dcplan explain`: why a plan is as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from planner.cli.options import RUNS_DIR

if TYPE_CHECKING:
    import pandas as pd

    from planner.runs.plan import PlanViews
    from planner.studies.explain.words import Explanation

_SHOWN_ROWS = 12
_MOMENTS = ("service_start", "turns_firm")


@click.command("explain")
@click.argument("run", default="us-base")
@click.option("--site", help="Explain one site: what it does, what limits it, what it would take.")
@click.option("--against", help="Compare the site of --site with this one, part by part.")
@click.option("--year", type=int, help="Explain one model year: what changed in it, and why.")
@RUNS_DIR
@click.option(
    "--resolve",
    is_flag=True,
    help="Solve again with a little more: of limits, a month, a ms; with --site, until it wins.",
)
@click.option("--tables", is_flag=True, help="Print the tables that the sentences rest on, too.")
@click.option("--all", "every", is_flag=True, help="Every sentence, table and row.")
@click.option("--json", "as_json", is_flag=True, help="Print sentences, numbers, tables as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    run: str,
    *,
    site: str | None,
    against: str | None,
    year: int | None,
    runs_dir: str,
    resolve: bool,
    tables: bool,
    every: bool,
    as_json: bool,
) -> None:
    """Explain the plan of RUN: a run folder, its name, or a scenario: its latest run as it is.

    What binds, where and when, and what one more MW, rack, month, ms or tonne is worth; for a
    site its cost of entry and the price, lead time or latency at which it would win; for a year
    what changed in it; with --against for two sites what one more MW of the same racks costs at
    each, part by part. The answer comes at once, from shadow prices; --resolve solves again.
    Every number of the sentences is in their tables. A scenario that has no run yet is solved
    first, and its run stored.

    Example: dcplan explain us-base --site us-va-ashburn
    """
    import json
    from pathlib import Path

    from planner.cli.open_run import open_or_solve
    from planner.cli.progress import Progress
    from planner.runs.folder import naming_changed_files
    from planner.studies.explain import explain

    with Progress.from_context(ctx, patient=True) as progress:
        solved = open_or_solve(run, Path(runs_dir), progress)
        with naming_changed_files(solved.run.folder or Path()):
            reported = explain(
                solved,
                site=site,
                against=against,
                year=year,
                resolve=resolve,
                every=every,
                on_stage=progress.stage,
                interrupt=progress.interrupt,
            )
    if as_json:
        click.echo(json.dumps(reported.to_dict(), indent=2, ensure_ascii=False))
        return
    _print(reported, tables=tables or every, every=every)
    if site is None and year is None:
        _print_estimates(solved)


def _print(reported: Explanation, *, tables: bool, every: bool) -> None:
    from planner.base.console import wrapped

    topic = ""
    click.echo(f"{reported.scenario}\n{wrapped(reported.basis)}")
    for statement in reported.statements:
        if statement.topic != topic:
            topic = statement.topic
            click.echo(f"\n{topic}")
        click.echo(wrapped(statement.text, mark="- "))
    if not tables:
        return
    for name, table in reported.tables.items():
        if len(table):
            click.echo(f"\n[{name}]")
            click.echo(_as_text(table if every else table.head(_SHOWN_ROWS)))
            if len(table) > _SHOWN_ROWS and not every:
                click.echo(f"... {len(table) - _SHOWN_ROWS} more rows with --all")


def _print_estimates(solved: PlanViews) -> None:
    """Print the figures that decide, or how to find them."""
    from planner.base.console import wrapped
    from planner.cli.estimates_report import HEADING, print_table
    from planner.outputs.study_files import read_estimates

    table = read_estimates(solved.run)
    click.echo()
    if table is None:
        ask = f"Not looked for yet in this plan: dcplan estimates {solved.run.meta['run']}"
        click.echo(f"{wrapped(HEADING)}\n{wrapped(ask, mark='- ')}")
    else:
        print_table(table, solved.inputs, solved.run)


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
