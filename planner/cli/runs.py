"""`dcplan runs`: list, show and prune run folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from planner.cli.options import RUNS_DIR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.runs.catalogue import Entry

__all__ = ["runs"]

_NAMED: Final = 3  # files, settings


@click.group()
def runs() -> None:
    """List, show and prune stored runs."""


@runs.command("list")
@RUNS_DIR
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
def list_command(runs_dir: str, *, as_json: bool) -> None:
    """List runs, latest first."""
    import json
    from dataclasses import asdict, fields
    from pathlib import Path

    from planner.runs.catalogue import Entry, read_runs

    listing = read_runs(Path(runs_dir))
    if as_json:
        rows = [{**asdict(entry), "reason": None} for entry in listing.entries]
        nothing = dict.fromkeys(field.name for field in fields(Entry))
        rows += [
            {**nothing, "run": bad.run, "status": "unreadable", "reason": bad.reason}
            for bad in listing.unreadable
        ]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if listing.entries:
        _print_table(listing.entries)
    elif not listing.unreadable:
        click.echo(f"No runs in {runs_dir}; dcplan solve writes one.", err=True)
    for bad in listing.unreadable:
        click.echo(f"{bad.run}: unreadable: {bad.reason}", err=True)


@runs.command("show")
@click.argument("run")
@RUNS_DIR
@click.option("--json", "as_json", is_flag=True, help="Print run.json.")
def show_command(run: str, runs_dir: str, *, as_json: bool) -> None:
    """Show the summary of RUN: a run folder, its name, or a scenario: its latest run as it is."""
    import json
    from pathlib import Path

    from planner.cli.changed_run import warn_of_changes
    from planner.outputs.terminal import print_summary
    from planner.runs import find_run, load_run
    from planner.runs.folder import naming_changed_files

    folder = find_run(run, Path(runs_dir))
    loaded = load_run(folder)
    warn_of_changes(folder)
    if as_json:
        click.echo(json.dumps(loaded.meta, indent=2, ensure_ascii=False))
    else:
        with naming_changed_files(folder):
            print_summary(loaded, loaded.folder)


@runs.command("prune")
@RUNS_DIR
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    help="Latest runs of every scenario to keep.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def prune_command(runs_dir: str, keep: int, *, yes: bool) -> None:
    """Delete all but the latest runs of every scenario, and leftovers of killed runs.

    A run is kept if it holds other or changed files, such as notes or an edited workbook; it is
    named with these files.
    """
    from pathlib import Path

    from planner.base.words import some
    from planner.runs.catalogue import list_runs, prune, to_prune

    chosen = to_prune(list_runs(Path(runs_dir)), keep=keep)
    for entry in chosen:
        click.echo(entry.run)
    if chosen and not yes:
        click.confirm(f"Delete {len(chosen)} runs from {runs_dir}?", abort=True, err=True)
    for run, files in prune(Path(runs_dir), chosen).items():
        click.echo(
            f"{Path(runs_dir) / run}: not deleted: it has other or changed files:"
            f" {some(files, _NAMED)}; move these files, or delete the folder yourself",
            err=True,
        )


def _print_table(entries: Sequence[Entry]) -> None:
    from rich.table import Table
    from rich.text import Text

    from planner.base.console import TableConsole
    from planner.base.units import MUSD_PER_BUSD
    from planner.base.words import some

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("run", overflow="fold")
    for head in ("solved (UTC)", "status", "check"):
        table.add_column(head, no_wrap=True)
    for head in ("cost BUSD", "s"):
        table.add_column(head, justify="right", no_wrap=True)
    for entry in entries:
        musd = entry.objective_musd
        cost = "-" if musd is None else f"{musd / MUSD_PER_BUSD:,.2f}"
        table.add_row(
            Text(entry.run),
            entry.created[:16].replace("T", " "),
            Text(entry.status),
            Text("ok", "green") if entry.checked else Text("FAILED", "red"),
            cost,
            f"{entry.seconds:.1f}",
        )
    console = TableConsole()
    console.print(table)
    changed = [entry for entry in entries if entry.differs]
    if changed:
        console.print("\nWith changed settings:")
    for entry in changed:
        shown = some([f"{key}={value}" for key, value in entry.differs.items()], _NAMED)
        console.print(Text(f"{entry.run}: {shown}"), soft_wrap=True)
