"""`dcplan compare`: what differs between runs, in their inputs and in their plans."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from planner.cli.options import RUNS_DIR
from planner.cli.output import writing_into

if TYPE_CHECKING:
    from planner.outputs.comparison.comparison import Comparison

__all__ = ["command"]


@click.command("compare")
@click.argument("runs", metavar="RUN RUN...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    "files",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="File to write, by its ending: .html or .json; may be repeated.",
)
@RUNS_DIR
@click.option("--all", "every", is_flag=True, help="Every row, not the largest differences.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def command(
    runs: tuple[str, ...], files: tuple[Path, ...], runs_dir: str, *, every: bool, as_json: bool
) -> None:
    """Compare two or more RUNs with the first: inputs that differ, and results side by side.

    RUN is a run folder, its name, or a scenario that was solved: its latest run as it is. Settings
    differ key by key and tables cell by cell, each with its file and line; plans by year, zone,
    site and cost item. A difference in cost that is less than the gaps of the plans is called so.

    Example: dcplan compare us-base us-grid-delay
    """
    import json
    from contextlib import ExitStack

    from planner.base.console import TableConsole
    from planner.cli.changed_run import warn_of_changes
    from planner.outputs.comparison.comparison import Comparison
    from planner.outputs.comparison.measures import MOST_RUNS
    from planner.outputs.comparison.terminal import comparison_summary
    from planner.outputs.staging import try_folder
    from planner.runs import find_run, load_run
    from planner.runs.folder import naming_changed_files

    if not 1 < len(runs) <= MOST_RUNS:
        message = f"{len(runs)} runs are given; 2 to {MOST_RUNS} can be compared"
        raise click.UsageError(message)
    for file in files:
        _check_ending(file)
        try_folder(file.parent, "--output")
    homes = [find_run(run, Path(runs_dir)) for run in runs]
    comparison = Comparison(tuple(load_run(home) for home in homes))
    for home in homes:
        warn_of_changes(home)
    with ExitStack() as stack:
        for home in homes:
            stack.enter_context(naming_changed_files(home))
        found = comparison.to_dict()
        for file in files:
            _write(comparison, file)
        if as_json:
            click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        else:
            TableConsole().print(comparison_summary(comparison, every=every))


def _check_ending(file: Path) -> None:
    from planner.outputs.comparison.files import WRITERS

    if file.suffix.lower() not in WRITERS:
        message = f"{file} ends in {file.suffix!r}; name a file that ends in {' or '.join(WRITERS)}"
        raise click.UsageError(message)


def _write(comparison: Comparison, file: Path) -> None:
    """Write a file; what a planner has changed in its place is kept."""
    from planner.outputs.comparison.files import WRITERS
    from planner.outputs.kept import put_files, report_kept
    from planner.outputs.staging import staging

    with writing_into(file.parent), staging(file.parent) as staged:
        path = staged / file.name
        WRITERS[file.suffix.lower()](comparison, path)
        _, kept = put_files(staged, [path], file.parent)
    if kept:
        click.echo(report_kept(file.parent, kept), err=True)
