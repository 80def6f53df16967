"""`dcplan estimates`: which estimates decide what a plan costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from planner.cli.options import RUNS_DIR, option, warn_of_changes
from planner.cli.study import study_command
from planner.cli.tables import say
from planner.outputs.folder_kinds import ESTIMATES

if TYPE_CHECKING:
    import pandas as pd

    from planner.cli.progress import Progress
    from planner.runs.plan import PlanViews
    from planner.studies.estimates.table import Estimates

HEADING: Final = "Which figures decide: their own low and high move the cost most"


def print_estimates(table: pd.DataFrame, plan: PlanViews) -> None:
    """Print the figures that decide in their order, how good they are, and what was not moved."""
    from planner.base.console import wrapped
    from planner.outputs.labels import cost_of, first_order_words
    from planner.studies.estimates.table import sentences

    say(HEADING)
    for rank, sentence in enumerate(sentences(table, plan.inputs, cost_of(plan.run)), start=1):
        say(sentence, mark=f"{rank}. ")
    click.echo(f"\n{wrapped(first_order_words(table, plan.run))}")
    click.echo(f"\n{wrapped(table.attrs.get('note', ''))}")


def open_or_solve(text: str, runs_dir: Path, progress: Progress) -> PlanViews:
    """Open a run; solve and store a scenario that has none, not among files of a study."""
    from planner.outputs.folder_kinds import RUNS
    from planner.outputs.own_folder import try_own_folder
    from planner.runs import find_run
    from planner.runs.find import is_unsolved
    from planner.runs.folder import load_run, write_run
    from planner.runs.reopen import reopen
    from planner.studies.solve import solve

    if not is_unsolved(text, runs_dir):
        folder = find_run(text, runs_dir)
        warn_of_changes(load_run(folder))
        progress.stage("read")
        return reopen(folder)
    try_own_folder(runs_dir, RUNS)
    progress.print_line(f"No run of {text} in {runs_dir}: it is solved once, and its run is stored.")
    plan = solve(text, on_stage=progress.stage, on_progress=progress.solver, interrupt=progress.interrupt)
    progress.stage("write")
    folder = write_run(plan, runs_dir, log=progress.lines)
    progress.print_line(f"Written to {folder}")
    return plan


@study_command(
    "estimates",
    click.argument("run", default="us-base"),
    RUNS_DIR,
    option("--resolve", "Solve again with each of the ten at its low and its high."),
    option(
        "--seconds",
        "Most time for --resolve; what is not reached keeps its first-order value.",
        click.FloatRange(min=0.0),
        600.0,
    ),
    kind=ESTIMATES,
    of_run=True,
    show=lambda found, plan: print_estimates(found.table, plan),
    json_help="Print the figures as JSON.",
)
def command(
    progress: Progress, *, run: str, runs_dir: str, on_open: Any, **asked: Any
) -> tuple[Estimates, dict[str, Any]]:
    """Say which ten figures of the data move the cost of the plan of RUN most.

    Each figure that has a low and a high of its own is moved to them, with all others as they are.
    The change of cost is first order, from the plan and its shadow prices; --resolve solves again,
    and ranks the last years of sale of racks and longer lead times with the others, as far as
    --seconds go; the note below the list says how much was solved again.
    The table is stored in estimates/ in the run folder; `dcplan explain` and the workbook and the
    report that `dcplan export` writes show it.

    Example: dcplan estimates us-base --resolve
    """
    from planner.studies.estimates import estimates
    from planner.studies.solve.asking import Asking

    plan = open_or_solve(run, Path(runs_dir), progress)
    on_open(plan)
    ask = Asking(progress.stage, progress.interrupt)
    return estimates(plan.run, plan.scenario, plan.inputs, ask, **asked), {"plan": plan}
