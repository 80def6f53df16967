"""`dcplan report`: one HTML file that shows a run to people, or compares several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from planner.cli.options import FILE, RUNS_DIR, option, print_files

if TYPE_CHECKING:
    from pathlib import Path


@click.command("report")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@option(
    "-o --output file", "File to write; left out: in exports/ of the first run, or in the folder of the study.", FILE
)
@RUNS_DIR
@option("--json as_json", "Print the file as a JSON list.")
@click.pass_context
def command(ctx: click.Context, runs: tuple[str, ...], file: str | None, runs_dir: Path, *, as_json: bool) -> None:
    """Write the report of RUN: one HTML file with map, charts and tables that needs no network.

    RUN is a run folder, its name, or a scenario: its latest run as it is. Every run folder has
    the same report as report.html. Of several runs it is a comparison: results side by side, a
    map of the difference, cost by item, and what differs in the inputs.

    RUN may also be the folder of a sweep, with what its futures have in common and how far they
    spread, or folders of frontiers, alone or after a sweep; or that of a stochastic program, with
    its orders, what other orders would cost, and its futures. The report is then put there.

    Example: dcplan report us-base us-grid-delay -o compared.html
    """
    from planner.cli.options import warn_of_changes
    from planner.cli.progress import Progress
    from planner.share import report

    with Progress.from_context(ctx, patient=True) as progress:
        written = report(*runs, file=file, runs_dir=runs_dir, on_open=warn_of_changes, on_stage=progress.stage)
    print_files([written], as_json=as_json)
