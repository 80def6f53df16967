"""`dcplan explain`: why a plan is as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planner.cli.estimates import HEADING, open_or_solve, print_estimates
from planner.cli.options import RUNS_DIR, option
from planner.cli.study import study_command
from planner.cli.tables import say

if TYPE_CHECKING:
    import pandas as pd

    from planner.cli.progress import Progress
    from planner.runs.plan import PlanViews
    from planner.studies.explain.words import Explanation

_SHOWN_ROWS = 12
_MOMENTS = ("service_start", "turns_firm")


def _show(found: Explanation, *, tables: bool, every: bool, plan: PlanViews | None) -> None:
    from planner.base.console import wrapped
    from planner.outputs.study_files import read_estimates

    topic = ""
    click.echo(f"{found.scenario}\n{wrapped(found.basis)}")
    for statement in found.statements:
        if statement.topic != topic:
            topic = statement.topic
            click.echo(f"\n{topic}")
        say(statement.text, mark="- ")
    for name, table in found.tables.items() if tables or every else ():
        if len(table):
            click.echo(f"\n[{name}]")
            click.echo(_as_text(table if every else table.head(_SHOWN_ROWS)))
            if len(table) > _SHOWN_ROWS and not every:
                click.echo(f"... {len(table) - _SHOWN_ROWS} more rows with --all")
    if plan is None:
        return
    click.echo()
    estimates = read_estimates(plan.run)
    if estimates is None:
        ask = f"Not looked for yet in this plan: dcplan estimates {plan.run.meta['run']}"
        click.echo(f"{wrapped(HEADING)}\n{wrapped(ask, mark='- ')}")
    else:
        print_estimates(estimates, plan)


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


@study_command(
    "explain",
    click.argument("run", default="us-base"),
    option("--site", "Explain one site: what it does, what limits it, what it would take.", str),
    option("--against", "Compare the site of --site with this one, part by part.", str),
    option("--year", "Explain one model year: what changed in it, and why.", int),
    RUNS_DIR,
    option("--resolve", "Solve again with a little more: of limits, a month, a ms; with --site, until it wins."),
    option("--tables", "Print the tables that the sentences rest on, too."),
    option("--all every", "Every sentence, table and row."),
    show=_show,
    json_help="Print sentences, numbers, tables as JSON.",
    patient=True,
)
def command(
    progress: Progress, *, run: str, runs_dir: str, tables: bool, **asked: Any
) -> tuple[Explanation, dict[str, Any]]:
    """Explain the plan of RUN: a run folder, its name, or a scenario: its latest run as it is.

    What binds, where and when, and what one more MW, rack, month, ms or tonne is worth; for a
    site its cost of entry and the price, lead time or latency at which it would win; for a year
    what changed in it; with --against for two sites what one more MW of the same racks costs at
    each, part by part. The answer comes at once, from shadow prices; --resolve solves again.
    Every number of the sentences is in their tables. A scenario that has no run yet is solved
    first, and its run stored.

    Example: dcplan explain us-base --site us-va-ashburn
    """
    from planner.runs.folder import naming_changed_files
    from planner.studies.explain import explain

    plan = open_or_solve(run, Path(runs_dir), progress)
    with naming_changed_files(plan.run.folder or Path()):
        found = explain(plan, **asked, on_stage=progress.stage, interrupt=progress.interrupt)
    is_whole = asked["site"] is None and asked["year"] is None
    return found, {"tables": tables, "every": asked["every"], "plan": plan if is_whole else None}
