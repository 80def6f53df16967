"""`dcplan estimates`: which estimates decide what a plan costs."""

from __future__ import annotations

import click

from planner.cli.options import RUNS_DIR, print_written, writing_into


@click.command("estimates")
@click.argument("run", default="us-base")
@RUNS_DIR
@click.option("--resolve", is_flag=True, help="Solve again with each of the ten at its low and its high.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.0),
    default=600.0,
    show_default=True,
    help="Most time for --resolve; what is not reached keeps its first-order value.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_context
def command(ctx: click.Context, run: str, *, runs_dir: str, resolve: bool, seconds: float, as_json: bool) -> None:
    """Say which ten figures of the data move the cost of the plan of RUN most.

    Each figure that has a low and a high of its own is moved to them, with all others as they are.
    The change of cost is first order, from the plan and its shadow prices; --resolve solves again,
    and ranks the last years of sale of racks and longer lead times with the others, as far as
    --seconds go; the note below the list says how much was solved again.
    The table is stored in estimates/ in the run folder; `dcplan explain` and the workbook and the
    report that `dcplan export` writes show it.

    Example: dcplan estimates us-base --resolve
    """
    from pathlib import Path

    from planner.cli.estimates_report import print_table
    from planner.cli.open_run import open_or_solve
    from planner.cli.progress import Progress
    from planner.outputs.folder_kinds import ESTIMATES
    from planner.outputs.own_folder import require_own_folder
    from planner.outputs.study_files import write_operation
    from planner.studies.estimates import estimates
    from planner.studies.solve.asking import Asking

    with Progress.from_context(ctx) as progress:
        solved = open_or_solve(run, Path(runs_dir), progress)
        folder = solved.run.folder and solved.run.folder / ESTIMATES.name
        if folder is not None:
            require_own_folder(folder, ESTIMATES)
        ask = Asking(progress.stage, progress.interrupt)
        found = estimates(solved.run, solved.scenario, solved.inputs, ask, resolve=resolve, seconds=seconds)
    if folder is not None:
        with writing_into(folder):
            write_operation(found.table, ESTIMATES, folder)
    if as_json:
        click.echo(found.table.to_json(orient="records", indent=2))
    else:
        print_table(found.table, solved.inputs, solved.run)
    if folder is not None:
        print_written(folder, as_json=as_json)
