"""`dcplan report`: one HTML file that shows a run to people, or compares several."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

import click

from planner.cli.options import RUNS_DIR
from planner.cli.output import writing_into

__all__ = ["command"]

COMPARISON_FILE: Final = "comparison.html"


@click.command("report")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(dir_okay=False),
    help="File to write; left out: report.html or comparison.html in exports/ of the first run.",
)
@RUNS_DIR
@click.option("--json", "as_json", is_flag=True, help="Print the file as a JSON list.")
@click.pass_context
def command(
    ctx: click.Context, runs: tuple[str, ...], file: str | None, runs_dir: str, *, as_json: bool
) -> None:
    """Write the report of RUN: one HTML file with map, charts and tables that needs no network.

    RUN is a run folder, its name, or a scenario: its latest run as it is. Every run folder has
    the same report as report.html. Of several runs it is a comparison: results side by side, a
    map of the difference, cost by item, and what differs in the inputs.

    Example: dcplan report us-base us-grid-delay -o compared.html
    """
    import json
    from pathlib import Path

    from planner.cli.changed_run import warn_of_changes
    from planner.cli.progress import Progress
    from planner.outputs.comparison.measures import MOST_RUNS
    from planner.outputs.kept import put_files, report_kept
    from planner.outputs.report import write_comparison, write_report
    from planner.outputs.staging import staging, try_folder
    from planner.runs import find_run, load_run
    from planner.runs.folder import REPORT_FILE, naming_changed_files

    if len(runs) > MOST_RUNS:
        message = f"{len(runs)} runs are given; at most {MOST_RUNS} can be compared on one page"
        raise click.UsageError(message)
    homes = [find_run(run, Path(runs_dir)) for run in runs]
    loaded = [load_run(home) for home in homes]
    for home in homes:
        warn_of_changes(home)
    is_one = len(runs) == 1
    target = homes[0] / "exports" / (REPORT_FILE if is_one else COMPARISON_FILE)
    target = Path(file) if file else target
    try_folder(target.parent, "--output")
    with writing_into(target.parent), staging(target.parent) as staged:
        with ExitStack() as stack:
            progress = stack.enter_context(Progress.of(ctx, patient=True))
            progress.stage(f"Writing {target.name}")
            for home in homes:
                stack.enter_context(naming_changed_files(home))
            path = staged / target.name
            made = write_report(loaded[0], path) if is_one else write_comparison(loaded, path)
        written, kept = put_files(staged, made, target.parent)
    if kept:
        click.echo(report_kept(target.parent, kept), err=True)
    if as_json:
        click.echo(json.dumps([str(path) for path in written], indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(map(str, written)))
