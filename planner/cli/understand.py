"""Commands that say why a plan is as it is: `dcplan estimates`, `explain`, `compare` and `diagnose`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from planner.base.words import and_more
from planner.cli.options import (
    OVERRIDES,
    RUNS_DIR,
    option,
    print_json,
    print_notes,
    print_written,
    say,
    warn_of_changes,
)
from planner.cli.study import SCENARIO, study_command
from planner.outputs.files import writing_into
from planner.outputs.own_folder import ESTIMATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from planner.cli.progress import Progress
    from planner.outputs.comparison.comparison import RunComparison
    from planner.runs.plan import PlanViews
    from planner.studies.diagnose.diagnose import Diagnosis, Remedy
    from planner.studies.estimates import Estimates
    from planner.studies.explain.words import Explanation


HEADING: Final = "Which figures decide: their own low and high move the cost most"


def print_estimates(table: pd.DataFrame, plan: PlanViews) -> None:
    """Print the figures that decide in their order, how good they are, and what was not moved."""
    from planner.base.console import wrapped
    from planner.outputs.labels import cost_of, first_order_words
    from planner.studies.estimates import sentences

    say(HEADING)
    for rank, sentence in enumerate(sentences(table, plan.inputs, cost_of(plan.run)), start=1):
        say(sentence, mark=f"{rank}. ")
    click.echo(f"\n{wrapped(first_order_words(table, plan.run))}")
    click.echo(f"\n{wrapped(table.attrs.get('note', ''))}")


def open_or_solve(text: str, runs_dir: Path, progress: Progress) -> PlanViews:
    """Open a run; solve and store a scenario that has none, not among files of a study."""
    from planner.outputs.own_folder import RUNS, try_own_folder
    from planner.runs import find_run
    from planner.runs.catalogue import is_unsolved
    from planner.runs.folder import load_run, write_run
    from planner.runs.reopen import reopen
    from planner.studies.solve import solve

    if not is_unsolved(text, runs_dir):
        folder = find_run(text, runs_dir)
        warn_of_changes(load_run(folder))
        progress.stage("read")
        return reopen(folder)
    try_own_folder(runs_dir, RUNS)
    progress.print_line(f"No run of {text} in {runs_dir}: it is solved once, and its run is stored.")
    plan = solve(text, on_stage=progress.stage, on_progress=progress.solver, interrupt=progress.interrupt)
    progress.stage("write")
    folder = write_run(plan, runs_dir, log=progress.lines)
    progress.print_line(f"Written to {folder}")
    return plan


@study_command(
    "estimates",
    click.argument("run", default="us-base"),
    RUNS_DIR,
    kind=ESTIMATES,
    of_run=True,
    show=lambda found, plan: print_estimates(found.table, plan),
    json_help="Print the figures as JSON.",
)
def estimates_command(progress: Progress, *, run: str, runs_dir: str, on_open: Any) -> tuple[Estimates, dict[str, Any]]:
    """Say which ten figures of the data move the cost of the plan of RUN most.

    Each figure that has a low and a high of its own is moved to them, with all others as they are.
    The change of cost is first order, from the plan and its shadow prices; `dcplan sensitivity`
    solves again, also with figures that count in steps, as last years of sale and lead times do.
    The table is stored in estimates/ in the run folder; `dcplan explain` and the workbook and the
    report that `dcplan export` writes show it.

    Example: dcplan estimates us-base
    """
    from planner.studies.estimates import estimates
    from planner.studies.solve.asking import Asking

    plan = open_or_solve(run, Path(runs_dir), progress)
    on_open(plan)
    ask = Asking(progress.stage, progress.interrupt)
    return estimates(plan.run, plan.scenario, plan.inputs, ask), {"plan": plan}


# --- `dcplan explain`: why a plan is as it is -----------------------------------------------------

_SHOWN_ROWS = 12
_MOMENTS = ("service_start", "turns_firm")


def _show_explain(found: Explanation, *, tables: bool, every: bool, plan: PlanViews | None) -> None:
    from planner.base.console import wrapped
    from planner.outputs.study_files import read_estimates

    click.echo(f"{found.scenario}\n{wrapped(found.basis)}")
    for topic, of in groupby(found.statements, lambda one: one.topic):
        click.echo(f"\n{topic}")
        print_notes(one.text for one in of)
    for name, table in found.tables.items() if tables or every else ():
        if len(table):
            click.echo(f"\n[{name}]")
            click.echo(_as_text(table if every else table.head(_SHOWN_ROWS)))
            if len(table) > _SHOWN_ROWS and not every:
                click.echo(f"... {len(table) - _SHOWN_ROWS} more rows with --all")
    if plan is None:
        return
    click.echo()
    estimates = read_estimates(plan.run)
    if estimates is None:
        ask = f"Not looked for yet in this plan: dcplan estimates {plan.run.meta['run']}"
        click.echo(f"{wrapped(HEADING)}\n{wrapped(ask, mark='- ')}")
    else:
        print_estimates(estimates, plan)


def _as_text(table: pd.DataFrame) -> str:
    """Write a table in columns, without those that are empty in every row."""
    kept = [name for name in table if not (table[name].astype(str) == "").all()]
    return table[kept].to_string(
        index=False,
        float_format=lambda value: f"{value:,.4g}",
        # A moment is a float year, as 2028.5, and a missing one a dash.
        formatters={name: lambda year: f"{year:.1f}".replace("nan", "-") for name in kept if name in _MOMENTS},
        na_rep="-",
    )


@study_command(
    "explain",
    click.argument("run", default="us-base"),
    option("--site", "Explain one site: what it does, what limits it, what it would take.", str),
    option("--against", "Compare the site of --site with this one, part by part.", str),
    option("--year", "Explain one model year: what changed in it, and why.", int),
    RUNS_DIR,
    option("--resolve", "Solve again with a little more: of limits, a month, a ms; with --site, until it wins."),
    option("--tables", "Print the tables that the sentences rest on, too."),
    option("--all every", "Every sentence, table and row."),
    show=_show_explain,
    json_help="Print sentences, numbers, tables as JSON.",
    patient=True,
)
def explain_command(
    progress: Progress, *, run: str, runs_dir: str, tables: bool, **asked: Any
) -> tuple[Explanation, dict[str, Any]]:
    """Explain the plan of RUN: a run folder, its name, or a scenario: its latest run as it is.

    What binds, where and when, and what one more MW, rack, month, ms or tonne is worth; for a
    site its cost of entry and the price, lead time or latency at which it would win; for a year
    what changed in it; with --against for two sites what one more MW of the same racks costs at
    each, part by part. The answer comes at once, from shadow prices; --resolve solves again.
    Every number of the sentences is in their tables. A scenario that has no run yet is solved
    first, and its run stored.

    Example: dcplan explain us-base --site us-va-ashburn
    """
    from planner.runs.folder import naming_changed_files
    from planner.studies.explain import explain

    plan = open_or_solve(run, Path(runs_dir), progress)
    with naming_changed_files(plan.run.folder or Path()):
        found = explain(plan, **asked, on_stage=progress.stage, interrupt=progress.interrupt)
    is_whole = asked["site"] is None and asked["year"] is None
    return found, {"tables": tables, "every": asked["every"], "plan": plan if is_whole else None}


# --- `dcplan compare`: what differs between runs, in their inputs and in their plans --------------


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
def compare_command(
    runs: tuple[str, ...], files: tuple[Path, ...], *, runs_dir: str, every: bool, **asked: Any
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
    from planner.cli.progress import Progress
    from planner.outputs.comparison.terminal import comparison_summary
    from planner.outputs.comparison.workbook import WRITERS
    from planner.outputs.files import try_file
    from planner.runs import find_run, load_run
    from planner.runs.folder import naming_changed_files
    from planner.studies.compare import compare

    as_json = asked.pop("as_json")
    for file in files:
        if file.suffix.lower() not in WRITERS:
            of = " or ".join(WRITERS)
            raise click.UsageError(f"{file} ends in {file.suffix!r}; name a file that ends in {of}")
        try_file(file, "--output")
    homes = [find_run(run, Path(runs_dir)) for run in runs]
    loaded = [load_run(home) for home in homes]
    for one in loaded:
        warn_of_changes(one)
    with ExitStack() as stack:
        for home in homes:
            stack.enter_context(naming_changed_files(home))
        progress = stack.enter_context(Progress.of_command())
        progress.stage("Comparing the runs")
        comparison = compare(*loaded, **asked, on_stage=progress.stage, interrupt=progress.interrupt)
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


def _write(comparison: RunComparison, file: Path) -> None:
    """Write a file, not over one of the planner's."""
    from planner.outputs.comparison.workbook import WRITERS
    from planner.outputs.files import staging
    from planner.outputs.own_folder import put_files

    with writing_into(file.parent), staging(file.parent) as staged:
        path = staged / file.name
        WRITERS[file.suffix.lower()](comparison, path)
        put_files(staged, [path], file.parent)


# --- `dcplan diagnose`: why a scenario has no plan, and what would give it one --------------------

_SHOWN_PLACES = 6
_PROOF = {
    True: "without any one of them there would be a plan",
    False: "time ran out before it was clear which of them could be left out",
}


def _lines(found: Diagnosis) -> Iterator[str]:
    from planner.studies.solve.conflict import in_words

    if found.feasible:
        yield f"{found.scenario}: there is a plan; nothing to diagnose"
        return
    yield f"{found.scenario}: no plan is feasible"
    if found.only_in_shares:
        parts = "(openings, phases, blocks, plants); the relaxation with fractions of them is feasible"
        yield f"\nInfeasible with integers {parts}"
    if found.shortages:
        yield "\nOut of reach, whatever the plan"
        yield from _listed([shortage.words for shortage in found.shortages])
    if found.conflict:
        yield f"\nThese constraints conflict; {_PROOF[found.is_smallest]}"
        yield from in_words(found.conflict)
    if found.remedies:
        yield "\nAny one of these changes makes a plan possible (each has been tried)"
        yield from (line for at, one in enumerate(found.remedies, start=1) for line in _remedy(one, f"{at}. "))
    if found.together:
        yield "\nNo other limit is enough alone; these together are (tried)"
        yield from (line for at, one in enumerate(found.together) for line in _remedy(one, "and " if at else ""))
    if not (found.remedies or found.together):
        yield "\nNone of the changes that were tried makes a plan possible"


def _listed(texts: Sequence[str]) -> Iterator[str]:
    yield from (f"  {text}" for text in texts[:_SHOWN_PLACES])
    if more := and_more(len(texts), _SHOWN_PLACES):
        yield f" {more} (see --json)"


def _remedy(remedy: Remedy, mark: str) -> Iterator[str]:
    """Tell a change; what belongs to it is joined by "and"."""
    indent = "" if mark == "and " else " " * len(mark)
    words = enumerate(remedy.change.words)
    yield from _listed([f"{indent}and {one}" if at else f"{mark}{one}" for at, one in words])
    if remedy.note:
        yield f"      {remedy.note}"
    yield from (f"      --set '{setting}'" for setting in remedy.change.settings)
    yield from (f"      {cell}" for cell in remedy.change.cells)


@study_command(
    "diagnose",
    SCENARIO,
    OVERRIDES,
    option("--quick", "Skip settings tried by value: lead times, latency, switches."),
    show=lambda found: click.echo("\n".join(_lines(found))),
    json_help="Print the diagnosis as JSON.",
)
def diagnose_command(progress: Progress, **asked: Any) -> Diagnosis:
    """Find out why SCENARIO (a file or a shipped name) has no plan, and what would give it one.

    Names a smallest set of rules that conflict, with the settings behind them, and for
    each kind of limit the least change, in its own unit, that makes a plan possible. Every change
    shown has been made, and a plan found.

    Ends with 0 if there is a plan after all, 3 if there is none, as `dcplan solve` does, 2 if
    scenario or data cannot be used, 4 if time ran out.

    Example: dcplan diagnose tiny --set demand.unmet=forbid --set grid.headroom_scale_frac=0
    """
    from planner.studies.diagnose.diagnose import diagnose

    return diagnose(**asked, on_stage=progress.stage, interrupt=progress.interrupt)
