"""`dcplan compare`: what differs between runs, in their inputs and in their plans."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planner.cli.options import RUNS_DIR, option, print_json, print_written
from planner.outputs.files import writing_into

if TYPE_CHECKING:
    from planner.outputs.comparison.comparison import RunComparison


@click.command("compare")
@click.argument("runs", metavar="RUN RUN...", nargs=-1, required=True)
@option(
    "-o --output* files",
    "File to write, by its ending: .xlsx, .html, .svg or .json; may be repeated.",
    click.Path(dir_okay=False, path_type=Path),
)
@option("--causes", "Solve again to split the difference in cost by what differs.")
@option("--paired", "Compare programs without integrality: no rounding counts.")
@option("--same-openings", "Compare plans with the openings of the first run.")
@option(
    "--split how",
    "How causes share it; auto: Shapley values of up to 3 causes, else in order.",
    ["auto", "shapley", "ordered"],
    "auto",
)
@option(
    "--by",
    "What one cause is: a setting, or its block; auto: settings, if there are up to 8.",
    ["auto", "key", "block"],
    "auto",
)
@RUNS_DIR
@option("--all every", "Every row, not the largest differences.")
@option("--json as_json", "Print all of it as JSON.")
@click.pass_context
def command(
    ctx: click.Context, /, runs: tuple[str, ...], files: tuple[Path, ...], *, runs_dir: str, every: bool, **asked: Any
) -> None:
    """Compare two or more RUNs with the first: inputs that differ, and results side by side.

    RUN is a run folder, its name, or a scenario that was solved: its latest run as it is. Settings
    differ key by key and tables cell by cell, each with its file and line; plans by year, zone,
    site and cost item. A difference in cost that is less than the gaps of the plans is called so.

    --causes changes the inputs that differ a few at a time, solves again, and says what each is of
    the difference: the parts add up to the cent. With --paired no rounding of integers counts.

    Example: dcplan compare us-base us-grid-delay --causes --paired
    """
    from contextlib import ExitStack

    from planner.base.console import TableConsole
    from planner.cli.options import warn_of_changes
    from planner.cli.progress import Progress
    from planner.outputs.comparison.comparison import RunComparison
    from planner.outputs.comparison.terminal import comparison_summary
    from planner.outputs.measures import MOST_RUNS
    from planner.outputs.staging import try_file
    from planner.runs import find_run, load_run
    from planner.runs.folder import naming_changed_files
    from planner.studies.compare import with_splits
    from planner.studies.solve.asking import Asking

    causes, paired, same_openings, how, by, as_json = (
        asked[name] for name in ("causes", "paired", "same_openings", "how", "by", "as_json")
    )
    if paired and same_openings:
        raise click.UsageError("--paired and --same-openings exclude each other: name one")
    for name, value in (("--split", how), ("--by", by)):
        if value != "auto" and not causes:
            raise click.UsageError(f"{name} {value} needs --causes: add it, or leave out {name}")
    if not 1 < len(runs) <= MOST_RUNS:
        given = "1 run is" if len(runs) == 1 else f"{len(runs)} runs are"
        raise click.UsageError(f"{given} given; 2 to {MOST_RUNS} can be compared")
    for file in files:
        _check_ending(file)
        try_file(file, "--output")
    homes = [find_run(run, Path(runs_dir)) for run in runs]
    comparison = RunComparison(tuple(load_run(home) for home in homes))
    for run in comparison.runs:
        warn_of_changes(run)
    with ExitStack() as stack:
        for home in homes:
            stack.enter_context(naming_changed_files(home))
        progress = stack.enter_context(Progress.from_context(ctx, patient=True))
        progress.stage("Comparing the runs")
        if causes or paired or same_openings:
            comparison = with_splits(
                comparison,
                Asking(progress.stage, progress.interrupt),
                costs_of="bounds" if paired else "openings" if same_openings else "plans",
                how=how if causes else "none",
                by=by,
            )
        found = comparison.to_dict()
        for file in files:
            progress.stage(f"Writing {file}")
            _write(comparison, file)
        with progress.aside():
            if as_json:
                print_json(found)
            else:
                TableConsole().print(comparison_summary(comparison, every=every))
    print_written(*files, as_json=as_json)


def _check_ending(file: Path) -> None:
    from planner.outputs.comparison.workbook import WRITERS

    if file.suffix.lower() not in WRITERS:
        raise click.UsageError(f"{file} ends in {file.suffix!r}; name a file that ends in {' or '.join(WRITERS)}")


def _write(comparison: RunComparison, file: Path) -> None:
    """Write a file, not over one of the planner's."""
    from planner.outputs.comparison.workbook import WRITERS
    from planner.outputs.staging import staging
    from planner.outputs.user_files import put_files

    with writing_into(file.parent), staging(file.parent) as staged:
        path = staged / file.name
        WRITERS[file.suffix.lower()](comparison, path)
        put_files(staged, [path], file.parent)
