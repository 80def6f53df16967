"""`dcplan solve`: solve, check, write a run folder, print a summary."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planner.cli.options import INTO_RUNS_DIR, OVERRIDES, STRICT, note, option, print_json, print_written

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.cli.progress import Progress
    from planner.runs.folder import SolvedBeforeError


@click.command("solve")
@click.argument("scenario", default="us-base")
@INTO_RUNS_DIR
@OVERRIDES
@STRICT
@option("--again", "Solve what was solved before once more, into a folder of another name.")
@option("--no-workbook", "Leave out plan.xlsx and report.html.")
@option("--no-estimates", "", hidden=True)
@option("--json as_json", "Print run.json instead of the summary.")
@click.pass_context
def command(context: click.Context, /, *, no_estimates: bool, **asked: Any) -> None:
    """Find the least-cost plan of SCENARIO (a file or a shipped name; default us-base).

    Figures that are allowed but implausible are warned of before the solve, and in the run.

    The plan is checked by an independent program; the run folder holds tables, workbook and log.
    A question that was solved before with the same data is not solved again: its run is shown.
    Which figures of the data move its cost most is a question of its own: dcplan estimates RUN.
    """
    import gc

    if no_estimates:
        click.echo("--no-estimates: no solve looks for them any more; leave it out", err=True)
    # A solve makes many small objects that live to its end and hardly a cycle among them:
    # looking for cycles is an eighth of a short run.
    gc.disable()
    try:
        exit_code = _solve(context, **asked)
    finally:
        gc.enable()
    context.exit(exit_code)


def _solve(
    context: click.Context,
    scenario: str,
    runs_dir: str,
    *,
    strict: bool,
    again: bool,
    no_workbook: bool,
    as_json: bool,
    **overrides: tuple[str, ...],
) -> int:
    from planner.base.errors import InputError, LimitReachedError, OutputError
    from planner.cli.progress import Progress
    from planner.cli.validate import refuse
    from planner.inputs.build import validated
    from planner.outputs.folder_kinds import RUNS
    from planner.outputs.own_folder import try_own_folder
    from planner.outputs.terminal import print_paths, print_summary
    from planner.runs import load_run
    from planner.runs.catalogue import read_runs, seconds_before
    from planner.runs.folder import SolvedBeforeError, free_name, save_or_rescue, stop_if_solved
    from planner.studies.solve import solve

    failed, folder = None, None
    try:
        with Progress.from_context(context) as progress:
            try:
                home = Path(runs_dir)
                try_own_folder(home, RUNS)
                progress.expect(seconds_before([Path(scenario).stem], read_runs(home).entries))
                plan = solve(
                    scenario,
                    strict=strict,
                    on_stage=progress.stage,
                    on_progress=progress.solver,
                    on_warning=progress.warn,
                    interrupt=progress.interrupt,
                    on_read=None if again else partial(stop_if_solved, runs_dir=home),
                    **overrides,
                )
            except InputError as error:
                # A solve stops at the first room that finds mistakes; all are reported to a planner.
                found = validated(scenario, **overrides)
                every = (*error.problems, *found.problems, *(found.warnings if strict else ()))
                refuse(context, every, () if strict else found.warnings)
            name = free_name(plan.run.meta["run"], home)
            run = replace(plan.run, meta={**plan.run.meta, "run": name})
            unheard = None if as_json else _unheard(partial(print_summary, run), progress)
            progress.stage("write")
            try:
                folder = save_or_rescue(run, home, workbook=not no_workbook, log=progress.lines)
            except OutputError as error:
                failed = error
    except SolvedBeforeError as error:
        return _solved_before(error, as_json=as_json)
    if as_json:
        print_json((load_run(folder) if folder is not None else run).meta)
    if folder is not None and unheard is None:  # the last line of a screen of 45
        print_written(folder, as_json=True) if as_json else print_paths([folder])
    if wrong := failed or unheard:
        raise wrong
    # Who stopped a solve that was done at that moment has a whole plan, and did not ask for 0.
    stopped = LimitReachedError.exit_code if progress.interrupt.is_set() else 0
    return plan.exit_code or stopped


def _solved_before(found: SolvedBeforeError, *, as_json: bool) -> int:
    """Show the run of a question that was solved before, as `dcplan runs show` does."""
    from planner.cli.options import warn_of_changes
    from planner.outputs.terminal import print_summary
    from planner.results.ended import exit_code
    from planner.runs import load_run

    run = load_run(found.folder)
    note(f"{found}; --again solves it once more, into another folder")
    warn_of_changes(run)
    print_json(run.meta) if as_json else print_summary(run, found.folder)
    return exit_code(run.meta["status"], run.meta["check"]["broken"])


def _unheard(tell: Callable[[], None], progress: Progress) -> Exception | None:
    """Tell of the plan before it is written; neither a bug in that nor a reader who has left may lose it."""
    try:
        with progress.aside():
            tell()
            click.echo("", nl=False)  # which flushes, where there is a stdout
    except Exception as error:  # raised again once the plan is stored
        return error
    return None
