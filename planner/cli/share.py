"""Commands that share a run, and judge it again: `dcplan report`, `export`, `serve` and `check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from planner.cli.options import FILE, FOLDER, RUNS_DIR, option, print_cells, print_files, print_json
from planner.outputs.writers import WRITERS

if TYPE_CHECKING:
    from pathlib import Path

    from planner.check import CheckResult, Verdict


@click.command("report")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@option(
    "-o --output file", "File to write; left out: in exports/ of the first run, or in the folder of the study.", FILE
)
@RUNS_DIR
@option("--json as_json", "Print the file as a JSON list.")
def report_command(runs: tuple[str, ...], file: str | None, runs_dir: Path, *, as_json: bool) -> None:
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

    with Progress.of_command() as progress:
        written = report(*runs, file=file, runs_dir=runs_dir, on_open=warn_of_changes, on_stage=progress.stage)
    print_files([written], as_json=as_json)


@click.command("export")
@click.argument("run")
@option("--format=F,F,... formats", f"Formats, with commas between: {', '.join(WRITERS)}.", str, "xlsx")
@option("-o --output folder", "Folder to write into; left out: exports/ in the run folder.", FOLDER)
@RUNS_DIR
@option("--json as_json", "Print the files as a JSON list.")
def export_command(run: str, formats: str, folder: str | None, runs_dir: str, *, as_json: bool) -> None:
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
    with Progress.of_command() as progress:
        try:
            tell: dict[str, Any] = {"on_open": warn_of_changes, "on_stage": progress.stage}
            written = export(run, wanted, folder, runs_dir=runs_dir, **tell)
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

    from planner.base.errors import InputError
    from planner.outputs.files import try_folder

    missing = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]
    if missing:
        found = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"
        raise InputError.at("dcplan serve", found, "installed", "install the extra: pip install 'dcplan[serve]'")
    home = Path(folder).resolve()
    if not home.is_dir():
        fix = "name one, or make it: dcplan init makes a project"
        raise InputError.at(folder, "there is no such folder", "a folder", fix)
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


@click.command("check")
@click.argument("run")
@RUNS_DIR
@option("--all show_all", "List every rule with the places tested.")
@option("--inputs show_inputs", "List who rereads which input figure.")
@option("--json as_json", "Print every rule as JSON.")
def check_command(run: str, runs_dir: str, *, show_all: bool, show_inputs: bool, as_json: bool) -> None:
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
    with Progress.of_command() as progress:
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
    raise click.exceptions.Exit(0 if verdict.ok else 1)


def _groups(verdict: Verdict) -> list[tuple[str, list[CheckResult]]]:
    """Return headings with their checks: that of the files first, then those of the plan."""
    from planner.check import GROUPS
    from planner.runs.reopen import FILES_HEADING, FILES_RULE

    plan = [(heading, [verdict[rule.name] for rule in rules]) for heading, rules in GROUPS.items()]
    return [(FILES_HEADING, [verdict[FILES_RULE]]), *plan]


def _for_programs(run: str, verdict: Verdict) -> dict[str, object]:
    from dataclasses import asdict
    from math import isfinite

    from planner.check import REREAD, TAKEN_AS_GIVEN

    group = {c.name: heading for heading, checks in _groups(verdict) for c in checks}
    checks = [
        # JSON has no infinity: a missing number is None.
        {"group": group[one.name], **asdict(one), "worst": one.worst if isfinite(one.worst) else None}
        for one in verdict.checks
    ]
    said = {"run": run, "ok": verdict.ok, "broken": [check.name for check in verdict.broken], "proven": verdict.proven}
    reread = {name: list(rules) for name, rules in REREAD.items()}
    return {**said, "checks": checks, "reread": reread, "taken_as_given": dict(TAKEN_AS_GIVEN)}


def _print_groups(verdict: Verdict) -> None:
    cells = (
        (heading, str(len(of)), f"{sum(one.tested for one in of):,}", str(sum(not one.ok for one in of) or "-"))
        for heading, of in _groups(verdict)
    )
    print_cells(("", "rules", "places", "broken"), cells, left={""}, style=lambda row: "" if row[-1] == "-" else "red")


def _print_all(verdict: Verdict) -> None:
    for heading, checks in _groups(verdict):
        click.echo(heading)
        for check in checks:
            state = "BROKEN" if not check.ok else "ok" if check.tested else "-"
            click.echo(f"  {state:<6} {check.tested:>7,}  {check.name}: {check.verified}")


def _print_inputs() -> None:
    from planner.check import REREAD, TAKEN_AS_GIVEN

    reread = {name: ", ".join(rules) for name, rules in REREAD.items()}
    for head, of in (("Reread from the scenario and the data", reread), ("Taken as given", TAKEN_AS_GIVEN)):
        click.echo("\n".join([f"\n{head}", *(f"  {name}: {text}" for name, text in of.items())]))


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
