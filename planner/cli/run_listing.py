"""`dcplan runs list`: which runs it lists, and their tables on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError, Problem
from planner.base.paths import is_file
from planner.base.words import closest, in_message, some
from planner.runs.catalogue import Entry
from planner.scenario.chain import ENDINGS, shipped_names
from planner.scenario.keys import unknown_key_fix, unknown_key_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planner.runs.studies import StudyEntry

_NAMED: Final = 3  # tags, settings, scenarios, runs


@dataclass(frozen=True)
class RunFilter:
    """What runs are chosen by."""

    tags: tuple[str, ...] = ()  # all of which a run has
    scenario: str | None = None  # its scenario
    differs: str | None = None  # a setting that is changed, or a block in which one is
    shipped: str | None = None  # the shipped scenario that it starts from

    def has_chosen(self, of: Entry | StudyEntry) -> bool:
        """Return whether a run is one of those; of studies it is not known what they change."""
        return (
            (self.scenario is None or of.scenario == self.scenario)
            and (self.differs is None or _has_changed(of, self.differs))
            and (self.shipped is None or _start(of) == self.shipped)
            and set(self.tags) <= set(of.tags)
        )

    def refuse_mistyped(self, found: Sequence[Entry | StudyEntry]) -> None:
        """Refuse a key that is none, and a scenario that is not there but is close to one that is."""
        problems = []
        known = {*(entry.scenario for entry in found), *shipped_names()}
        # Without a run, and wherever its file is, a scenario of one's own may have any other name.
        if self.scenario is not None and self.scenario not in known and not _is_own(self.scenario):
            meant = closest(self.scenario, sorted(known))
            if meant:
                what_is, fix = f"it is {self.scenario!r}", f"did you mean {meant!r}?"
                problems.append(Problem.of("--scenario", what_is, "a scenario", fix))
        unknown = None
        if self.differs is not None and not any(_has_changed(of, self.differs) for of in found):
            unknown = unknown_key_in(tuple(self.differs.split(".")))
        if unknown is not None:
            changed = _changed_keys(found)
            fix = unknown_key_fix(unknown)
            fix += f"; changed are {some(changed, _NAMED)}" if changed else ""
            what_is = f"unknown key {'.'.join(map(str, unknown))!r}"
            problems.append(Problem.of("--differs", what_is, "a key of the schema", fix))
        # An earlier version may have shipped others.
        starts = sorted({*shipped_names(), *_starts(found)})
        if self.shipped is not None and self.shipped not in starts:
            meant = closest(self.shipped, starts)
            fix = f"did you mean {meant!r}?" if meant else f"shipped are {', '.join(starts)}"
            problems.append(Problem.of("--shipped", f"it is {self.shipped!r}", "a shipped scenario", fix))
        if problems:
            raise InputError(problems)

    def none_chosen(self, found: Sequence[Entry | StudyEntry]) -> str:
        """Say that none of those there are is chosen, and what would choose some."""
        known = sorted({tag for entry in found for tag in entry.tags}) if self.tags else []
        changed = _changed_keys(found) if self.differs else []
        of = sorted({entry.scenario for entry in found} - {self.scenario}) if self.scenario else []
        starts = _starts(found) if self.shipped else []
        there_are = f"; there are tags {some(known, _NAMED)}" if known else ""
        there_are += f"; changed are {some(changed, _NAMED)}" if changed else ""
        there_are += f"; other scenarios are {some(of, _NAMED)}" if of else ""
        there_are += f"; others start from {some(starts, _NAMED)}" if starts else ""
        return f"None of {len(found)} runs matches{there_are}."

    def unknown(self, found: Sequence[Entry | StudyEntry]) -> str:
        """Name the runs of which it is unknown whether they are chosen; nothing without any."""
        asked = self.differs is not None or self.shipped is not None
        rest = RunFilter(self.tags, self.scenario)
        runs = [
            of.run
            for of in found
            if isinstance(of, Entry) and of.from_shipped is None and rest.has_chosen(of) and not self.has_chosen(of)
        ]
        if not asked or not runs:
            return ""
        return (
            "Not known which shipped scenario these start from, as their run.json does not say:"
            f" {some(runs, _NAMED)}. Solve them again to know."
        )


def _has_changed(of: Entry | StudyEntry, key: str) -> bool:
    changed = of.changed_settings if isinstance(of, Entry) else {}
    return any(one == key or one.startswith(f"{key}.") for one in changed)


def _start(of: Entry | StudyEntry) -> str | None:
    return of.from_shipped.scenario if isinstance(of, Entry) and of.from_shipped else None


def _starts(found: Iterable[Entry | StudyEntry]) -> list[str]:
    """Return the shipped scenarios that any run starts from."""
    return sorted({name for name in map(_start, found) if name is not None})


def _changed_keys(found: Iterable[Entry | StudyEntry]) -> list[str]:
    """Return the settings that any run changes."""
    return sorted({key for of in found if isinstance(of, Entry) for key in of.changed_settings})


def _is_own(scenario: str) -> bool:
    """Return whether a file of this folder is a scenario of this name."""
    return any(is_file(Path(f"{scenario}{ending}")) for ending in ENDINGS)


def print_runs(entries: Sequence[tuple[str, Entry]]) -> None:
    """Print runs, each with what is in front of the name of its folder."""
    from rich.table import Table
    from rich.text import Text

    from planner.base.console import TableConsole
    from planner.base.words import unit_of_money
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
    TableConsole().print(table)
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
