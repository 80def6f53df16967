"""`dcplan myopic`: what it costs to decide year by year, and so what foresight is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from planner.cli.options import INTO_RUNS_DIR, NO_WORKBOOK, OVERRIDES, option
from planner.cli.study import SCENARIO, study_command
from planner.cli.tables import print_notes, print_table, say

if TYPE_CHECKING:
    from planner.cli.progress import Progress
    from planner.studies.myopic import Myopic

_DECIDED: Final = {
    "orders": "what must be ordered in a year is decided in it",
    "service": "what enters service in a year is decided in it",
}


def _show(found: Myopic) -> None:
    from planner.base.words import amount
    from planner.results.cost_difference import WITHIN_GAPS

    def of_plan(words: str | Any) -> Any:
        """Write nothing where there is no plan."""
        known = words.format_map if isinstance(words, str) else words
        return lambda row: known(row) if row["cost_musd"] == row["cost_musd"] else ""

    def unmet(row: Any) -> str:
        return f"{amount(row['unmet_kh100e'], 4)} in {row['unmet_year']}" if row["unmet_year"] else "none"

    columns = (
        ("years in view", "{window_years}"),
        ("status", "{status}"),
        ("cost [MUSD]", of_plan("{cost_musd:,.2f}")),
        ("foresight [MUSD]", of_plan("{foresight_musd:,.2f}")),
        ("", of_plan(lambda row: WITHIN_GAPS if row["is_within_gaps"] else f"{row['foresight_frac']:.2%}")),
        ("of which penalty", of_plan("{foresight_penalty_musd:,.2f}")),
        ("unmet [kH100e]", of_plan(unmet)),
    )
    click.echo(f"{found.scenario}: {_DECIDED[found.decides]}")
    print_table(found.table, columns, left={"status"})
    print_notes(found.notes)
    for window, why in zip(found.table["window_years"], found.why, strict=True):
        if why:
            say(f"With {window} in view there is no plan:")
            click.echo(why)


@study_command(
    "myopic",
    SCENARIO,
    option(
        "--window=YEARS* windows",
        "Model years in view whenever a year is decided; may be repeated; left out: 1.",
        click.IntRange(min=1),
    ),
    option(
        "--decides",
        "What is decided in a year: orders that cannot wait, or what enters service.",
        ["orders", "service"],
        "orders",
    ),
    INTO_RUNS_DIR,
    OVERRIDES,
    NO_WORKBOOK,
    show=_show,
    json_help="Print the table as JSON.",
)
def command(progress: Progress, *, windows: tuple[int, ...], runs_dir: str, no_workbook: bool, **asked: Any) -> Myopic:
    """Decide SCENARIO year by year, and say what foresight is worth.

    In each model year the plan is made again with so many years in view, that year among them.
    What must be ordered in the year, by its lead time, is ordered for good; what later years would
    need and nobody sees yet is not. With --decides service that is what enters service in the
    year, as if all could be had at once. The value of foresight is what such a plan costs more than
    the one with all years in view. Every plan is checked and stored as a run. Ctrl-C, or the time
    limit, which is of all steps of a plan together, keeps the plans that are done. The exit code is
    3 where no window shorter than the horizon has a plan.

    Example: dcplan myopic us-base --window 1 --window 2
    """
    from planner.outputs.folder_kinds import RUNS
    from planner.outputs.own_folder import try_own_folder
    from planner.studies.myopic import myopic

    try_own_folder(Path(runs_dir), RUNS)
    tell: dict[str, Any] = {"on_stage": progress.stoppable, "on_progress": progress.solver}
    found = myopic(windows=windows or (1,), **asked, **tell, interrupt=progress.interrupt)
    if found.is_stopped:
        done = sum(plan is not None for plan in found.plans)
        progress.print_line(f"Stopped with {done} of {len(found.plans)} plans; these are written")
    progress.stage("write")
    progress.written += found.write(runs_dir, workbook=not no_workbook, log=progress.lines)
    return found
