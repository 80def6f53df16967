"""`dcplan report`: one HTML file that shows a run to people, or compares several."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from planner.cli.options import RUNS_DIR, writing_into

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

COMPARISON_FILE: Final = "comparison.html"
STUDY_FILE: Final = "report.html"
"""In the folder of a sweep, a frontier or a stochastic program."""


@click.command("report")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(dir_okay=False),
    help="File to write; left out: in exports/ of the first run, or in the folder of the study.",
)
@RUNS_DIR
@click.option("--json", "as_json", is_flag=True, help="Print the file as a JSON list.")
@click.pass_context
def command(ctx: click.Context, runs: tuple[str, ...], file: str | None, runs_dir: str, *, as_json: bool) -> None:
    """Write the report of RUN: one HTML file with map, charts and tables that needs no network.

    RUN is a run folder, its name, or a scenario: its latest run as it is. Every run folder has
    the same report as report.html. Of several runs it is a comparison: results side by side, a
    map of the difference, cost by item, and what differs in the inputs.

    RUN may also be the folder of a sweep, with what its futures have in common and how far they
    spread, or folders of frontiers, alone or after a sweep; or that of a stochastic program, with
    its orders, what other orders would cost, and its futures. The report is then put there.

    Example: dcplan report us-base us-grid-delay -o compared.html
    """
    import json
    from pathlib import Path

    from planner.cli.progress import Progress
    from planner.outputs.report import write_page
    from planner.outputs.staging import staging, try_file
    from planner.outputs.study_folders import KINDS_READ
    from planner.outputs.user_files import put_files
    from planner.runs.folder import naming_changed_files
    from planner.runs.studies import kind_of

    kinds = [kind_of(Path(run)) for run in runs]
    for run, kind in zip(runs, kinds, strict=True):
        if kind is not None and kind not in KINDS_READ:
            message = f"{run} is a study of kind {kind}, which has no report: its files are in the folder"
            raise click.UsageError(message)
    are_studies = [kind is not None for kind in kinds]
    if any(are_studies) and not all(are_studies):
        other = runs[are_studies.index(False)]
        message = f"{other} is not a folder of a study: name runs, or folders of studies"
        raise click.UsageError(message)
    asked = _of_studies(runs) if all(are_studies) else _of_runs(runs, Path(runs_dir))
    target = Path(file) if file else asked.target
    try_file(target, "--output")
    with writing_into(target.parent), staging(target.parent) as staged:
        with ExitStack() as stack:
            progress = stack.enter_context(Progress.from_context(ctx, patient=True))
            progress.stage(f"Writing {target.name}")
            for home in asked.homes:
                stack.enter_context(naming_changed_files(home))
            made = write_page(asked.page(), staged / target.name)
        written = put_files(staged, made, target.parent)
    if as_json:
        click.echo(json.dumps([str(path) for path in written], indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(map(str, written)))


@dataclass(frozen=True)
class _Asked:
    """What makes the page, where it goes unless another file is named, and the runs it is of."""

    page: Callable[[], str]
    target: Path
    homes: list[Path]


def _of_runs(names: Sequence[str], runs_dir: Path) -> _Asked:
    from functools import partial

    from planner.cli.options import warn_of_changes
    from planner.outputs.measures import MOST_RUNS
    from planner.outputs.report import comparison_html, report_html
    from planner.runs import find_run, load_run
    from planner.runs.folder import REPORT_FILE

    if len(names) > MOST_RUNS:
        message = f"{len(names)} runs are given; at most {MOST_RUNS} can be compared on one page"
        raise click.UsageError(message)
    homes = [find_run(name, runs_dir) for name in names]
    loaded = [load_run(home) for home in homes]
    for run in loaded:
        warn_of_changes(run)
    exports = homes[0] / "exports"
    if len(names) == 1:
        return _Asked(partial(report_html, loaded[0]), exports / REPORT_FILE, homes)
    return _Asked(partial(comparison_html, loaded), exports / COMPARISON_FILE, homes)


def _of_studies(folders: Sequence[str]) -> _Asked:
    from functools import partial
    from pathlib import Path

    from planner.outputs.report import stochastic_html, studies_html
    from planner.outputs.study_folders import StoredFrontier, StoredStochastic, StoredSweep, read_study

    studies = [read_study(Path(folder)) for folder in folders]
    target = studies[0].folder / STUDY_FILE
    stochastic = [study for study in studies if isinstance(study, StoredStochastic)]
    if stochastic:
        if len(studies) > 1:
            message = f"{stochastic[0].folder} is a stochastic program: its report shows no other study; name it alone"
            raise click.UsageError(message)
        return _Asked(partial(stochastic_html, stochastic[0]), target, [])
    sweeps = [study for study in studies if isinstance(study, StoredSweep)]
    frontiers = [study for study in studies if isinstance(study, StoredFrontier)]
    if len(sweeps) > 1:
        message = f"{len(sweeps)} sweeps are given; a page shows one, and frontiers below it"
        raise click.UsageError(message)
    sweep = sweeps[0] if sweeps else None
    return _Asked(partial(studies_html, sweep, frontiers), target, [])
