"""`dcplan export`: files of a run for other programs."""

from __future__ import annotations

from typing import Any

import click

from planner.cli.options import FOLDER, RUNS_DIR, option, print_files
from planner.outputs.writers import WRITERS


@click.command("export")
@click.argument("run")
@option("--format=F,F,... formats", f"Formats, with commas between: {', '.join(WRITERS)}.", str, "xlsx")
@option("-o --output folder", "Folder to write into; left out: exports/ in the run folder.", FOLDER)
@RUNS_DIR
@option("--json as_json", "Print the files as a JSON list.")
@click.pass_context
def command(ctx: click.Context, run: str, formats: str, folder: str | None, runs_dir: str, *, as_json: bool) -> None:
    """Write files of RUN for other programs.

    RUN is a run folder, its name, or a scenario: its latest run as it is. mps and lp are the
    linear program itself, built again from the scenario and data of the run. Where a format
    cannot be written, as reeds without the states of sites, the others are: why is said, and the
    exit code is 2.
    """
    from planner.cli.options import warn_of_changes
    from planner.cli.progress import Progress
    from planner.share import RefusedFormatsError, export

    wanted = [name.strip() for name in formats.split(",")]
    tell: dict[str, Any] = {"on_open": warn_of_changes}
    with Progress.from_context(ctx, patient=True) as progress:
        try:
            written = export(run, wanted, folder, runs_dir=runs_dir, on_stage=progress.stage, **tell)
        except RefusedFormatsError as error:
            print_files(error.written, as_json=as_json)
            raise
    print_files(written, as_json=as_json)
