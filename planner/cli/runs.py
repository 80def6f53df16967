"""`dcplan runs`: list, show, label and prune run folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from planner.base.words import in_message, some
from planner.cli.options import RUNS_DIR, option, print_cells, print_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from planner.runs.catalogue import Entry
    from planner.runs.studies import StudyEntry


_NAMED: Final = 3  # tags, settings, scenarios, runs
_FOLD: Final = {"overflow": "fold", "no_wrap": False}


_CHOSEN_BY: Final = {
    "tags": "there are tags",
    "differs": "changed are",
    "scenario": "other scenarios are",
    "shipped": "others start from",
}
"""What runs are listed by, each as all of what there is begins."""


def _facts(of: Entry | StudyEntry) -> dict[str, Collection[str]]:
    """Return what a run may be listed by; of studies it is not known what they change."""
    start = getattr(of, "from_shipped", None)
    shipped = [start.scenario] if start and start.scenario else []
    changed = getattr(of, "changed_settings", {})
    return {"tags": of.tags, "differs": changed, "scenario": [of.scenario], "shipped": shipped}


def _is_chosen(of: Entry | StudyEntry, by: Mapping[str, Collection[str]]) -> bool:
    """Return whether a run has all that is asked for; a block of settings has changed with one of them."""
    return all(
        any(one == wanted or (name == "differs" and one.startswith(f"{wanted}.")) for one in known)
        for name, known in _facts(of).items()
        for wanted in by[name]
    )


def _none_chosen(found: Sequence[Entry | StudyEntry], by: Mapping[str, Collection[str]]) -> str:
    """Say that none of those there are is chosen, and what would choose some."""
    there = {name: sorted({one for of in found for one in _facts(of)[name]} - {*by[name]}) for name in _CHOSEN_BY}
    said = [f"; {_CHOSEN_BY[name]} {some(of, _NAMED)}" for name, of in there.items() if by[name] and of]
    return f"None of {len(found)} runs matches{''.join(said)}."


def print_runs(entries: Sequence[tuple[str, Entry]]) -> None:
    """Print runs, each with what is in front of the name of its folder."""
    from rich.text import Text

    from planner.base.words import unit_of_money
    from planner.outputs.run import START, from_shipped_words, is_said_by_name, settings_words

    unit, factor, decimals = unit_of_money(entry.objective_musd for _, entry in entries)
    heads = ("run", "solved (UTC)", "status", "check", f"cost {unit}", "s")
    rows = (
        (
            in_message(f"{before}{entry.run}"),
            entry.created[:16].replace("T", " "),
            in_message(entry.status),
            Text("ok", "green") if entry.checked else Text("FAILED", "red"),
            "-" if entry.objective_musd is None else f"{entry.objective_musd * factor:,.{decimals}f}",
            f"{entry.seconds:.1f}",
        )
        for before, entry in entries
    )
    print_cells(heads, rows, left=heads[:4], own={"run": _FOLD}, no_wrap=True)
    named = [(f"{before}{entry.run}", entry) for before, entry in entries]
    changed = [f"{run}: {settings_words(of.differs)}" for run, of in named if of.differs]
    _print_lines("Not as the scenario of their name", changed)
    others = [(run, of) for run, of in named if not is_said_by_name(of.scenario, of.differs, of.from_shipped)]
    shown = [f"{run}: {from_shipped_words(of.from_shipped)}" for run, of in others if of.from_shipped]
    unknown = some([run for run, of in others if not of.from_shipped], _NAMED)
    _print_lines(START, [*shown, f"{unknown}: {from_shipped_words(None)}"] if unknown else shown)
    _print_labels(named)


def _print_lines(head: str, lines: Sequence[str]) -> None:
    """Print lines with names and values in them under their head; nothing where there are none."""
    from rich.text import Text

    from planner.base.console import TableConsole, printable

    console = TableConsole()
    if lines:
        console.print(f"\n{head}:")
    for line in lines:
        console.print(Text(printable(in_message(line))), soft_wrap=True)


def print_studies(studies: Sequence[StudyEntry]) -> None:
    """Print sweeps and studies."""
    heads = ("study", "kind", "of", "changed (UTC)", "futures")
    rows = (
        (
            *(in_message(text) for text in (study.folder, _kind(study), study.scenario)),
            study.changed[:16].replace("T", " "),
            "-" if study.total is None else f"{study.done} of {study.total}",
        )
        for study in studies
    )
    print_cells(heads, rows, left=heads, own={"study": _FOLD}, no_wrap=True)
    # Labels are of a folder, which may hold several.
    _print_labels(list({study.folder: study for study in studies}.items()))


def _kind(study: StudyEntry) -> str:
    """Return what a study is, with the output that it asks about: one folder may have several."""
    from planner.outputs.own_folder import SENSITIVITY_METHODS

    return f"{study.kind} of {study.title}" if study.kind in SENSITIVITY_METHODS else study.kind


def _print_labels(named: Sequence[tuple[str, Entry | StudyEntry]]) -> None:
    """Print what planners call things, the tags in brackets."""
    labels = {folder: (of.name, f"[{', '.join(of.tags)}]" if of.tags else "") for folder, of in named}
    lines = [f"{folder}: {' '.join(filter(None, of))}" for folder, of in labels.items() if any(of)]
    _print_lines("With a name or tags", lines)


# --- `dcplan runs`: list, show, label and prune run folders ---------------------------------------

_MOST_FILES: Final = 20


@click.group()
def runs() -> None:
    """List, show, name, tag and prune stored runs."""


@runs.command("list")
@RUNS_DIR
@option("--tag* tags", "Only what has this tag; may be repeated.", str)
@option("--scenario", "Only runs, sweeps and studies of this scenario.", str)
@option("--differs=KEY", "Only runs with this setting or block changed.")
@option("--shipped=NAME", "Only runs that start from this shipped scenario.")
@option("--all every", "Sweeps, their runs and studies near the runs too.")
@option("--json as_json", "Print JSON for other programs.")
def list_command(runs_dir: str, *, every: bool, as_json: bool, **asked: Any) -> None:
    """List runs, latest first, with their names and tags.

    --all also lists the sweeps and studies in the folder that the folder of runs is in, and in the
    folders in it. What the folders say is all there is.
    Changed is what is not as in the shipped scenario that a run starts from, and what --set or a
    study sets.

    Example: dcplan runs list --tag board --differs years
    """
    from dataclasses import asdict, fields

    from planner.base.console import printable
    from planner.outputs.own_folder import RUNS_FOLDER
    from planner.runs.catalogue import Entry, read_runs
    from planner.runs.studies import studies_near

    home = Path(runs_dir)
    studies, unreadable = studies_near(home.resolve().parent) if every else ([], [])
    homes = {f"{study.folder}/{RUNS_FOLDER}/": home.resolve().parent / study.folder / RUNS_FOLDER for study in studies}
    homes = {"": home, **{before: folder for before, folder in homes.items() if folder.is_dir()}}
    listed: list[tuple[str, Path, Entry]] = []
    for before, folder in homes.items():
        listing = read_runs(folder)
        listed += [(before, folder, entry) for entry in listing.entries]
        unreadable += [replace(bad, run=f"{before}{bad.run}") for bad in listing.unreadable]
    found: list[Entry | StudyEntry] = [*(entry for _, _, entry in listed), *studies]
    by = {name: [one] if isinstance(one, str) else one or () for name, one in asked.items()}
    meant = [row for row in listed if _is_chosen(row[2], by)]
    meant_studies = [study for study in studies if _is_chosen(study, by)]
    if as_json:
        rows = [
            {**asdict(of), "kind": "run", "folder": str(folder / of.run), "reason": None} for _, folder, of in meant
        ]
        rows += [{**asdict(study), "reason": None} for study in meant_studies]
        nothing = dict.fromkeys(field.name for field in fields(Entry))
        rows += [{**nothing, "run": bad.run, "status": "unreadable", "reason": bad.reason} for bad in unreadable]
        print_json(rows)
        return
    if meant:
        print_runs([(before, entry) for before, _, entry in meant])
    if meant_studies:
        click.echo("\n" if meant else "", nl=False)
        print_studies(meant_studies)
    if not (meant or meant_studies):
        if found:
            click.echo(printable(_none_chosen(found, by)), err=True)
        elif not unreadable:
            click.echo(f"No runs in {runs_dir}; dcplan solve writes one.", err=True)
    for bad in unreadable:
        click.echo(f"{in_message(bad.run)}: unreadable: {in_message(bad.reason)}", err=True)


@runs.command("tag")
@click.argument("run")
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@option("--remove", "Take the tags away.")
@RUNS_DIR
def tag_command(run: str, tags: tuple[str, ...], runs_dir: str, *, remove: bool) -> None:
    """Give RUN tags to find it by: any text; or take them away.

    RUN is a run folder, its name, or a scenario: its latest run as it is; or the folder of a sweep
    or a study. Tags are in labels.json there, and keep prune from it.

    Example: dcplan runs tag us-base board "march 2026"
    """
    from planner.outputs.files import writing_into
    from planner.runs.names import change_tags

    folder = _labelled(run, runs_dir)
    with writing_into(folder):
        labels = change_tags(folder, remove=tags) if remove else change_tags(folder, tags)
    click.echo(f"{folder}: {', '.join(labels.tags) or 'no tags'}")


@runs.command("name")
@click.argument("run")
@click.argument("name")
@RUNS_DIR
def name_command(run: str, name: str, runs_dir: str) -> None:
    """Call RUN by a NAME that every command then takes for it; an empty NAME takes it away.

    RUN is as for dcplan runs tag. A name is of one run alone, and not that of a scenario.

    Example: dcplan runs name us-base "for the board"
    """
    from planner.outputs.files import writing_into
    from planner.runs.catalogue import try_name
    from planner.runs.names import give_name

    folder = _labelled(run, runs_dir)
    if name:
        try_name(name, folder, Path(runs_dir))
    with writing_into(folder):
        give_name(folder, name)
    click.echo(f"{folder}: {name or 'no name'}")


@runs.command("index")
@RUNS_DIR
def index_command(runs_dir: str) -> None:
    """Write what dcplan runs list shows into an SQLite file, and print where it is.

    Tables runs, tags, differs and from_shipped_differs, for SQL. The folders are the truth: the file
    is in the cache folder, is written again each time, and may be deleted.

    Example: sqlite3 "$(dcplan runs index)" "SELECT run, tag FROM tags"
    """
    from planner.base.errors import OutputError
    from planner.runs.catalogue import write_index

    file = write_index(Path(runs_dir))
    if file is None:
        raise OutputError(
            f"there is no index of {runs_dir}: it has no runs, or the cache folder cannot be"
            " written to or is off; DCPLAN_CACHE names another folder"
        )
    click.echo(str(file))


@runs.command("show")
@click.argument("run")
@RUNS_DIR
@option("--json as_json", "Print run.json.")
def show_command(run: str, runs_dir: str, *, as_json: bool) -> None:
    """Show the summary of RUN: a run folder, its name, or a scenario: its latest run as it is."""
    from planner.cli.options import warn_of_changes
    from planner.outputs.terminal import print_summary
    from planner.runs import find_run, load_run
    from planner.runs.folder import naming_changed_files

    folder = find_run(run, Path(runs_dir))
    loaded = load_run(folder)
    warn_of_changes(loaded)
    if as_json:
        print_json(loaded.meta)
    else:
        with naming_changed_files(folder):
            print_summary(loaded, loaded.folder)


@runs.command("prune")
@RUNS_DIR
@option("--keep", "Latest runs of every scenario to keep.", click.IntRange(min=0), 3)
@option("-y --yes", "Do not ask.")
def prune_command(runs_dir: str, keep: int, *, yes: bool) -> None:
    """Delete all but the latest runs of every scenario, and leftovers of killed runs.

    Runs with a name or tags are kept, and not counted. A run is also kept if it holds a file that
    the solve did not write as it is, such as notes, an edited workbook or an export; it is named
    with these files.
    """
    from planner.runs.catalogue import list_runs, prune, to_prune

    chosen = to_prune(list_runs(Path(runs_dir)), keep=keep)
    for entry in chosen:
        click.echo(entry.run)
    if not chosen:
        click.echo(f"No run in {runs_dir} to delete.", err=True)
    elif not yes:
        count = "this run" if len(chosen) == 1 else f"these {len(chosen)} runs"
        click.confirm(f"Delete {count} from {runs_dir}?", abort=True, err=True)
    for run, files in prune(Path(runs_dir), chosen).items():
        click.echo(
            f"{Path(runs_dir) / run}: not deleted: it has other or changed files:"
            f" {some(files, _MOST_FILES)}; move these files, or delete the folder yourself",
            err=True,
        )


def _labelled(run: str, runs_dir: str) -> Path:
    """Return the folder that is to be labelled: of a run, a sweep or a study."""
    from planner.runs import find_run
    from planner.runs.studies import kind_of

    return Path(run) if kind_of(Path(run)) else find_run(run, Path(runs_dir))


runs_command = runs
