"""Tables of `dcplan runs list` on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.words import in_message, some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.runs.catalogue import Entry
    from planner.runs.studies import StudyEntry

__all__ = ["print_runs", "print_studies"]

_NAMED: Final = 3  # runs


def print_runs(entries: Sequence[tuple[str, Entry]]) -> None:
    """Print runs, each with what is in front of the name of its folder."""
    from rich.table import Table
    from rich.text import Text

    from planner.base.console import TableConsole
    from planner.base.number_format import unit_of_money
    from planner.outputs.differences import START, from_shipped_words, is_said_by_name, settings_words

    unit, factor, decimals = unit_of_money(entry.objective_musd for _, entry in entries)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("run", overflow="fold")
    for head in ("solved (UTC)", "status", "check"):
        table.add_column(head, no_wrap=True)
    for head in (f"cost {unit}", "s"):
        table.add_column(head, justify="right", no_wrap=True)
    for before, entry in entries:
        musd = entry.objective_musd
        table.add_row(
            Text(in_message(f"{before}{entry.run}")),
            entry.created[:16].replace("T", " "),
            Text(in_message(entry.status)),
            Text("ok", "green") if entry.checked else Text("FAILED", "red"),
            "-" if musd is None else f"{musd * factor:,.{decimals}f}",
            f"{entry.seconds:.1f}",
        )
    console = TableConsole()
    console.print(table)
    named = [(f"{before}{entry.run}", entry) for before, entry in entries]
    changed = [f"{run}: {settings_words(of.differs)}" for run, of in named if of.differs]
    _print_lines("Not as the scenario of their name", changed)
    others = [(run, of) for run, of in named if not is_said_by_name(of.scenario, of.differs, of.from_shipped)]
    shown = [f"{run}: {from_shipped_words(of.from_shipped)}" for run, of in others if of.from_shipped]
    unknown = [run for run, of in others if not of.from_shipped]
    if unknown:
        shown.append(f"{some(unknown, _NAMED)}: {from_shipped_words(None)}")
    _print_lines(START, shown)
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
    from rich.table import Table
    from rich.text import Text

    from planner.base.console import TableConsole

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("study", overflow="fold")
    for head in ("kind", "of", "changed (UTC)", "futures"):
        table.add_column(head, no_wrap=True)
    for study in studies:
        table.add_row(
            Text(in_message(study.folder)),
            Text(in_message(_kind(study))),
            Text(in_message(study.scenario)),
            study.changed[:16].replace("T", " "),
            "-" if study.total is None else f"{study.done} of {study.total}",
        )
    TableConsole().print(table)
    # Labels are of a folder, which may hold several.
    _print_labels(list({study.folder: study for study in studies}.items()))


def _kind(study: StudyEntry) -> str:
    """Return what a study is, with the output that it asks about: one folder may have several."""
    from planner.outputs.folder_kinds import SENSITIVITY_METHODS

    return f"{study.kind} of {study.title}" if study.kind in SENSITIVITY_METHODS else study.kind


def _print_labels(named: Sequence[tuple[str, Entry | StudyEntry]]) -> None:
    """Print what planners call things, the tags in brackets."""
    labelled = [
        (folder, of.name, f"[{', '.join(of.tags)}]" if of.tags else "") for folder, of in named if of.name or of.tags
    ]
    lines = [f"{folder}: {' '.join(filter(None, labels))}" for folder, *labels in labelled]
    _print_lines("With a name or tags", lines)
