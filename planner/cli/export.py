"""`dcplan export`: files of a run for other programs."""

from __future__ import annotations

import click

from planner.cli.options import RUNS_DIR, writing_into
from planner.outputs.writers import WRITERS


@click.command("export")
@click.argument("run")
@click.option(
    "--format",
    "formats",
    default="xlsx",
    show_default=True,
    metavar="F,F,...",
    help=f"Formats, with commas between: {', '.join(WRITERS)}.",
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False),
    help="Folder to write into; left out: exports/ in the run folder.",
)
@RUNS_DIR
@click.option("--json", "as_json", is_flag=True, help="Print the files as a JSON list.")
@click.pass_context
def command(ctx: click.Context, run: str, formats: str, folder: str | None, runs_dir: str, *, as_json: bool) -> None:
    """Write files of RUN for other programs.

    RUN is a run folder, its name, or a scenario: its latest run as it is. mps and lp are the
    linear program itself, built again from the scenario and data of the run. Where a format
    cannot be written, as reeds without the states of sites, the others are: why is said, and the
    exit code is 2.
    """
    import json
    from dataclasses import replace
    from pathlib import Path

    from planner.base.errors import InputError, Problem
    from planner.cli.options import warn_of_changes
    from planner.cli.progress import Progress
    from planner.outputs.staging import staging, try_folder
    from planner.outputs.user_files import put_files
    from planner.runs import find_run, load_run
    from planner.runs.folder import naming_changed_files

    wanted = [name.strip() for name in formats.split(",")]
    problems = [
        Problem(
            "--format",
            None,
            None,
            f"unknown format {name!r}",
            f"one of {', '.join(WRITERS)}",
            "write one of them, or several with commas between",
        )
        for name in wanted
        if name not in WRITERS
    ]
    if problems:
        raise InputError(problems)
    home = find_run(run, Path(runs_dir))
    loaded = load_run(home)
    warn_of_changes(loaded)
    target = Path(folder) if folder else home / "exports"
    try_folder(target, "--output")
    made: list[Path] = []
    written: list[Path] = []
    refused: list[Problem] = []
    with writing_into(target), staging(target) as staged:
        with Progress.from_context(ctx, patient=True) as progress:
            for number, name in enumerate(wanted, start=1):
                progress.stage(f"Writing {name} ({number} of {len(wanted)})")
                try:
                    with naming_changed_files(home):
                        made += WRITERS[name](loaded, staged)
                except InputError as error:
                    refused += [
                        replace(problem, what_is=f"{name} is not written: {problem.what_is}")
                        for problem in error.problems
                    ]
        if made:
            written = put_files(staged, made, target)
    if as_json:
        click.echo(json.dumps([str(path) for path in written], indent=2, ensure_ascii=False))
    elif written:
        click.echo("\n".join(map(str, written)))
    if refused:
        raise InputError(refused)
