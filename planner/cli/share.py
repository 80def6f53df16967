"""Commands that share a run: `dcplan report`, `export` and `serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from planner.cli.options import FILE, FOLDER, RUNS_DIR, option, print_files
from planner.outputs.writers import WRITERS

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
def report_command(
    ctx: click.Context, runs: tuple[str, ...], file: str | None, runs_dir: Path, *, as_json: bool
) -> None:
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


@click.command("export")
@click.argument("run")
@option("--format=F,F,... formats", f"Formats, with commas between: {', '.join(WRITERS)}.", str, "xlsx")
@option("-o --output folder", "Folder to write into; left out: exports/ in the run folder.", FOLDER)
@RUNS_DIR
@option("--json as_json", "Print the files as a JSON list.")
@click.pass_context
def export_command(
    ctx: click.Context, run: str, formats: str, folder: str | None, runs_dir: str, *, as_json: bool
) -> None:
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


@click.command("serve")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False))
@option("--port", "Port to listen on; left out: 8321, or any free one; 0: any free one.", click.IntRange(0, 65_535))
@option("--open open_browser", "Open the address in a browser.")
def serve_command(folder: str, port: int | None, *, open_browser: bool) -> None:
    """Show runs in a browser, change scenarios in a form, solve with progress, compare.

    DIR is the project: its *.yaml files and plan workbooks are the scenarios next to those that
    ship, its runs are those in runs/. Nothing is written elsewhere. The pages can be opened on this
    machine alone, with the address that is printed, which holds a key. Ctrl-C ends it.

    Needs FastAPI and uvicorn: pip install 'dcplan[serve]'.
    """
    import webbrowser
    from importlib.util import find_spec
    from pathlib import Path

    from planner.base.errors import InputError, Problem
    from planner.outputs.files import try_folder

    missing = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        found = f"{' and '.join(missing)} {verb} not installed"
        fix = "install the extra: pip install 'dcplan[serve]'"
        raise InputError([Problem.of("dcplan serve", found, "installed", fix)])
    home = Path(folder).resolve()
    if not home.is_dir():
        found = "there is no such folder"
        fix = "name one, or make it: dcplan init makes a project"
        raise InputError([Problem.of(folder, found, "a folder", fix)])
    try_folder(home, "DIR")

    from planner.serve.project import Project
    from planner.serve.server import listen, serve
    from planner.serve.service import Service

    def ready(address: str) -> None:
        click.echo(address)
        click.echo("Open this address in a browser on this machine. Ctrl-C ends it.", err=True)
        if open_browser:
            webbrowser.open(address)

    serve(Service(Project(home)), listen(port), ready)
