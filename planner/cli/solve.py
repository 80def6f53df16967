"""`dcplan solve`: solve, check, write a run folder, print a summary."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from planner.cli.options import INTO_RUNS_DIR, OVERRIDES, STRICT
from planner.cli.output import note_kept, print_written

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.cli.progress import Progress
    from planner.outputs.user_files import Kept

__all__ = ["command"]


@click.command("solve")
@click.argument("scenario", default="us-base")
@INTO_RUNS_DIR
@OVERRIDES
@STRICT
@click.option("--no-workbook", is_flag=True, help="Leave out plan.xlsx and report.html.")
@click.option("--no-estimates", is_flag=True, hidden=True)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Dask cluster that solves the pieces of a decomposed solve, such as tcp://10.0.0.5:8786; extra dask.",
)
@click.option("--json", "as_json", is_flag=True, help="Print run.json instead of the summary.")
@click.pass_context
def command(
    context: click.Context,
    scenario: str,
    runs_dir: str,
    overrides: tuple[str, ...],
    strict: bool,
    no_workbook: bool,
    no_estimates: bool,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Find the least-cost plan of SCENARIO (a file or a shipped name; default us-base).

    Figures that are allowed but implausible are warned of before the solve, and in the run.

    The plan is checked by an independent program; the run folder holds tables, workbook and log.
    Which figures of the data move its cost most is a question of its own: dcplan estimates RUN.
    """
    import gc

    if no_estimates:
        click.echo("--no-estimates: no solve looks for them any more; leave it out", err=True)
    # A solve makes many small objects that live to its end and hardly a cycle among them:
    # looking for cycles is an eighth of a short run.
    gc.disable()
    try:
        exit_code = _solve(context, scenario, Path(runs_dir), overrides, strict, no_workbook, scheduler, as_json)
    finally:
        gc.enable()
    context.exit(exit_code)


def _solve(
    context: click.Context,
    scenario: str,
    runs_dir: Path,
    overrides: tuple[str, ...],
    strict: bool,
    no_workbook: bool,
    scheduler: str | None,
    as_json: bool,
) -> int:
    import json

    from planner.base.errors import InputError, LimitReachedError, OutputError
    from planner.cli.progress import Progress
    from planner.cli.validate import refuse
    from planner.inputs.build import validated
    from planner.outputs.folder_kinds import RUNS
    from planner.outputs.own_folder import try_own_folder
    from planner.outputs.terminal import print_summary
    from planner.runs import run_of
    from planner.runs.catalogue import read_runs, seconds_before
    from planner.runs.rescue import store_or_keep_elsewhere
    from planner.studies.solve import solve

    with Progress.from_context(context) as progress:
        try:
            try_own_folder(runs_dir, RUNS)
            progress.expect(seconds_before([Path(scenario).stem], read_runs(runs_dir).entries))
            plan = solve(
                scenario,
                overrides,
                on_stage=progress.stage,
                on_progress=progress.solver,
                on_warning=progress.warn,
                strict=strict,
                interrupt=progress.interrupt,
                scheduler=scheduler,
                on_wait=progress.print_line,
            )
        except InputError as error:
            # A solve stops at the first room that finds mistakes; all are reported to a planner.
            found = validated(scenario, overrides)
            every = (*error.problems, *found.problems, *(found.warnings if strict else ()))
            refuse(context, every, () if strict else found.warnings)
        run, failed = run_of(plan), None
        unheard = None if as_json else _unheard(partial(print_summary, run), progress)
        progress.stage("write")
        kept: tuple[Kept, ...] = ()
        try:
            stored = store_or_keep_elsewhere(run, runs_dir, workbook=not no_workbook, log=progress.lines)
        except OutputError as error:
            failed = error
        else:
            run, kept = stored.run, stored.kept
    if run.folder is not None:
        note_kept(run.folder, kept)
    if as_json:
        click.echo(json.dumps(run.meta, indent=2, ensure_ascii=False))
    if run.folder is not None and unheard is None:
        print_written(run.folder, as_json=as_json)
    for wrong in (failed, unheard):
        if wrong is not None:
            raise wrong
    # Who stopped a solve that was done at that moment has a whole plan, and did not ask for 0.
    stopped = LimitReachedError.exit_code if progress.interrupt.is_set() else 0
    return plan.exit_code or stopped


def _unheard(tell: Callable[[], None], progress: Progress) -> OSError | None:
    """Tell of the plan before it is written; a reader who has left is no reason not to write it."""
    try:
        with progress.aside():
            tell()
            click.echo("", nl=False)  # which flushes, where there is a stdout
    except OSError as error:
        return error
    return None
