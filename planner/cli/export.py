"""`dcplan export`: files of a run for other programs."""

from __future__ import annotations

import click

from planner.cli.options import RUNS_DIR
from planner.outputs import WRITERS

__all__ = ["command"]


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
def command(run: str, formats: str, folder: str | None, runs_dir: str, *, as_json: bool) -> None:
    """Write files of RUN for other programs.

    RUN is a run folder, its name, or a scenario, whose latest run is meant. mps and lp are the
    linear program itself, built again from the scenario and data of the run.
    """
    import json
    import shutil
    import tempfile
    from pathlib import Path

    from planner.cli.changed_run import warn_of_changes
    from planner.errors import InputError, Problem
    from planner.runs import find_run, load_run

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
    warn_of_changes(home)
    target = Path(folder) if folder else home / "exports"
    # A format that refuses the run must not leave the files of those before it.
    with tempfile.TemporaryDirectory() as folder_of_all:
        staged = Path(folder_of_all)
        made = [path for name in wanted for path in WRITERS[name](loaded, staged)]
        written = [target / path.relative_to(staged) for path in made]
        for source, path in zip(made, written, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, path)
    if as_json:
        click.echo(json.dumps([str(path) for path in written], indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(map(str, written)))
