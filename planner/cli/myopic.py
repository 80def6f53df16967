"""`dcplan myopic`: what it costs to decide year by year, and so what foresight is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from planner.base.errors import InfeasibleError, LimitReachedError
from planner.cli.options import INTO_RUNS_DIR, OVERRIDES, print_written

if TYPE_CHECKING:
    from planner.studies.myopic import Decides, Myopic


@click.command("myopic")
@click.argument("scenario", default="us-base")
@click.option(
    "--window",
    "windows",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="YEARS",
    help="Model years in view whenever a year is decided; may be repeated; left out: 1.",
)
@click.option(
    "--decides",
    type=click.Choice(["orders", "service"]),
    default="orders",
    show_default=True,
    help="What is decided in a year: orders that cannot wait, or what enters service.",
)
@INTO_RUNS_DIR
@OVERRIDES
@click.option("--no-workbook", is_flag=True, help="Leave out plan.xlsx and report.html.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    *,
    windows: tuple[int, ...],
    decides: str,
    runs_dir: str,
    overrides: tuple[str, ...],
    no_workbook: bool,
    as_json: bool,
) -> None:
    """Decide SCENARIO year by year, and say what foresight is worth.

    In each model year the plan is made again with so many years in view, that year among them.
    What must be ordered in the year, by its lead time, is ordered for good; what later years would
    need and nobody sees yet is not. With --decides service that is what enters service in the
    year, as if all could be had at once. The value of foresight is what such a plan costs more than
    the one with all years in view. Every plan is checked and stored as a run. Ctrl-C, or the time
    limit, which is of all steps of a plan together, keeps the plans that are done. The exit code is
    3 where no window shorter than the horizon has a plan.

    Example: dcplan myopic us-base --window 1 --window 2
    """
    import json
    from typing import cast

    from planner.cli.progress import Progress
    from planner.outputs.folder_kinds import RUNS
    from planner.outputs.own_folder import try_own_folder
    from planner.results.ended import worst_exit_code
    from planner.runs.folder import write_run
    from planner.studies.myopic import myopic

    try_own_folder(Path(runs_dir), RUNS)
    with Progress.from_context(ctx) as progress:
        found = myopic(
            scenario,
            windows or (1,),
            decides=cast("Decides", decides),
            overrides=overrides,
            on_stage=progress.stoppable,
            on_progress=progress.solver,
            interrupt=progress.interrupt,
        )
        done = sum(plan is not None for plan in found.plans)
        if found.is_stopped:
            progress.print_line(f"Stopped with {done} of {len(found.plans)} plans; these are written")
        progress.stage("write")
        plans = {id(plan): plan for plan in found.plans if plan is not None}.values()
        folders = [write_run(plan, Path(runs_dir), workbook=not no_workbook, log=progress.lines) for plan in plans]
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print(found)
    print_written(*dict.fromkeys(folders), as_json=as_json)
    codes = [plan.exit_code for plan in found.plans if plan is not None]
    if found.is_stopped:
        codes.append(LimitReachedError.exit_code)
    elif found.is_infeasible:
        codes.append(InfeasibleError.exit_code)
    ctx.exit(worst_exit_code(codes))


def _print(found: Myopic) -> None:
    from rich.table import Table
    from rich.text import Text

    from planner.base.console import TableConsole, wrapped
    from planner.base.words import amount
    from planner.results.cost_difference import WITHIN_GAPS

    table = Table(box=None, pad_edge=False, header_style="bold")
    penalty = "of which penalty"
    heads = (*("years in view", "status", "cost [MUSD]", "foresight [MUSD]", "", penalty), "unmet [kH100e]")
    for head in heads:
        table.add_column(Text(head), justify="left" if head == "status" else "right")
    for row in found.table.to_dict("records"):
        has_plan = row["cost_musd"] == row["cost_musd"]
        year = row["unmet_year"]
        unmet = f"{amount(row['unmet_kh100e'], 4)} in {year}" if year else "none"
        table.add_row(
            str(row["window_years"]),
            row["status"],
            f"{row['cost_musd']:,.2f}" if has_plan else "",
            f"{row['foresight_musd']:,.2f}" if has_plan else "",
            (WITHIN_GAPS if row["is_within_gaps"] else f"{row['foresight_frac']:.2%}") if has_plan else "",
            f"{row['foresight_penalty_musd']:,.2f}" if has_plan else "",
            unmet if has_plan else "",
        )
    decided = {
        "orders": "what must be ordered in a year is decided in it",
        "service": "what enters service in a year is decided in it",
    }
    click.echo(f"{found.scenario}: {decided[found.decides]}")
    TableConsole().print(table)
    for note in found.notes:
        click.echo(wrapped(note, mark="- "))
    for row, why in zip(found.table.to_dict("records"), found.why, strict=True):
        if why:
            click.echo(wrapped(f"With {row['window_years']} in view there is no plan:"))
            click.echo(why)
