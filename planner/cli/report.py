"""`dcplan report`: one HTML file that shows a run to people."""

from __future__ import annotations

import click

from planner.cli.options import RUNS_DIR
from planner.cli.output import writing_into

__all__ = ["command"]


@click.command("report")
@click.argument("run")
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(dir_okay=False),
    help="File to write; left out: exports/report.html in the run folder.",
)
@RUNS_DIR
@click.option("--json", "as_json", is_flag=True, help="Print the file as a JSON list.")
def command(run: str, file: str | None, runs_dir: str, *, as_json: bool) -> None:
    """Write the report of RUN: one HTML file with map, charts and tables that needs no network.

    RUN is a run folder, its name, or a scenario: its latest run as it is. Every run folder has
    the same report as report.html.

    Example: dcplan report us-base -o us-base.html
    """
    import json
    from pathlib import Path

    from planner.cli.changed_run import warn_of_changes
    from planner.outputs.kept import put_files, report_kept
    from planner.outputs.report import write_report
    from planner.outputs.staging import staging, try_folder
    from planner.runs import find_run, load_run
    from planner.runs.folder import REPORT_FILE, naming_changed_files

    home = find_run(run, Path(runs_dir))
    loaded = load_run(home)
    warn_of_changes(home)
    target = Path(file) if file else home / "exports" / REPORT_FILE
    try_folder(target.parent, "--output")
    with writing_into(target.parent), staging(target.parent) as staged:
        with naming_changed_files(home):
            made = write_report(loaded, staged / target.name)
        written, kept = put_files(staged, made, target.parent)
    if kept:
        click.echo(report_kept(target.parent, kept), err=True)
    if as_json:
        click.echo(json.dumps([str(path) for path in written], indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(map(str, written)))
