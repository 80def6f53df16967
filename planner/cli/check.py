"""`dcplan check`: judge a stored plan again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from planner.cli.options import RUNS_DIR, option, print_json
from planner.cli.tables import print_cells

if TYPE_CHECKING:
    from planner.check import CheckResult, Verdict


@click.command("check")
@click.argument("run")
@RUNS_DIR
@option("--all show_all", "List every rule with the places tested.")
@option("--inputs show_inputs", "List who rereads which input figure.")
@option("--json as_json", "Print every rule as JSON.")
@click.pass_context
def check_command(
    ctx: click.Context, run: str, runs_dir: str, *, show_all: bool, show_inputs: bool, as_json: bool
) -> None:
    """Check the plan of RUN again: a run folder, its name, or a scenario: its latest run as it is.

    Plan, power, bills and shadow prices are recomputed by a program that shares no code with
    the model; that no plan costs less is proven from the stored program and its duals,
    without a solver. It reads nothing but the run folder: scenario, data and tables as they stand
    there now. Rule files_as_written names every table file that was changed since the run was
    written, whether or not another rule tells of what is in it.

    The figures that the plan was made from are reread from scenario and data, each by the rules
    that --inputs names; it also gives the reason for each that is taken as given.

    Ends with 0 if every rule holds, 1 if one is broken, 2 if RUN is no run or cannot be read.

    Example: dcplan check us-base --all
    """
    from pathlib import Path

    from planner.cli.progress import Progress
    from planner.results.ended import PLANNED, ended
    from planner.runs import find_run
    from planner.runs.reopen import reopen

    folder = find_run(run, Path(runs_dir))
    with Progress.from_context(ctx, patient=True) as progress:
        progress.stage("Reading the run")
        opened = reopen(folder)
        progress.stage("Checking the plan")
        verdict = opened.verdict()
    if as_json:
        print_json(_for_programs(folder.name, verdict))
    else:
        _print_all(verdict) if show_all else _print_groups(verdict)
        if show_inputs:
            _print_inputs()
        _print_broken(folder.name, verdict)
        meta = opened.run.meta
        if meta["status"] not in PLANNED:
            click.echo(f"\n{ended(meta, opened.results.tables['solution'])}")
    ctx.exit(0 if verdict.ok else 1)


def _groups(verdict: Verdict) -> list[tuple[str, list[CheckResult]]]:
    """Return headings with their checks: that of the files first, then those of the plan."""
    from planner.check import GROUPS
    from planner.runs.reopen import FILES_HEADING, FILES_RULE

    plan = [(heading, [verdict[rule.name] for rule in rules]) for heading, rules in GROUPS.items()]
    return [(FILES_HEADING, [verdict[FILES_RULE]]), *plan]


def _for_programs(run: str, verdict: Verdict) -> dict[str, object]:
    from planner.check import REREAD, TAKEN_AS_GIVEN

    group = {c.name: heading for heading, checks in _groups(verdict) for c in checks}
    checks = [{"group": group[check.name], **_numbers(check)} for check in verdict.checks]
    broken = [check.name for check in verdict.broken]
    return {
        "run": run,
        "ok": verdict.ok,
        "broken": broken,
        "proven": verdict.proven,
        "checks": checks,
        "reread": {name: list(rules) for name, rules in REREAD.items()},
        "taken_as_given": dict(TAKEN_AS_GIVEN),
    }


def _numbers(check: CheckResult) -> dict[str, object]:
    """Return a check in types of JSON, which has no infinity: a missing number is None."""
    from dataclasses import asdict
    from math import isfinite

    return {**asdict(check), "worst": check.worst if isfinite(check.worst) else None}


def _print_groups(verdict: Verdict) -> None:
    rows = (
        (heading, len(checks), sum(check.tested for check in checks), sum(not check.ok for check in checks))
        for heading, checks in _groups(verdict)
    )
    cells = ((heading, str(rules), f"{tested:,}", str(broken or "-")) for heading, rules, tested, broken in rows)
    print_cells(("", "rules", "places", "broken"), cells, left={""}, style=lambda row: "" if row[-1] == "-" else "red")


def _print_all(verdict: Verdict) -> None:
    for heading, checks in _groups(verdict):
        click.echo(heading)
        for check in checks:
            state = "BROKEN" if not check.ok else "ok" if check.tested else "-"
            click.echo(f"  {state:<6} {check.tested:>7,}  {check.name}: {check.verified}")


def _print_inputs() -> None:
    from planner.check import REREAD, TAKEN_AS_GIVEN

    click.echo("\nReread from the scenario and the data")
    for name, rules in REREAD.items():
        click.echo(f"  {name}: {', '.join(rules)}")
    click.echo("\nTaken as given")
    for name, reason in TAKEN_AS_GIVEN.items():
        click.echo(f"  {name}: {reason}")


def _print_broken(run: str, verdict: Verdict) -> None:
    from textwrap import fill

    from planner.check import in_words

    click.echo(f"\n{fill(verdict.proven, 100)}")
    click.echo(f"\n{in_words()}")
    if verdict.ok:
        rules = len(verdict.checks)
        click.echo(f"\n{run}: all {rules} rules hold: the {rules - 1} that solve checks, and one on the stored files")
        return
    broken = len(verdict.broken)
    are = "is" if broken == 1 else "are"
    click.echo(f"\n{run}: {broken} of {len(verdict.checks)} rules {are} broken")
    for check in verdict.broken:
        click.echo(f"  {check.name}: {check.verified}")
        click.echo(f"    {_by_how_much(check)}")


def _by_how_much(check: CheckResult) -> str:
    from planner.runs.reopen import FILES_RULE

    if check.name == FILES_RULE:
        return f"not as written, {check.broken:,} of {check.tested:,} files: {check.place}"
    place = f"worst at {check.place}" if check.place else "worst"
    of = f"broken at {check.broken:,} of {check.tested:,} places"
    return f"{of}; {place}: by {check.worst:.6g} {check.unit}, allowed {check.tolerance:.2g}"
