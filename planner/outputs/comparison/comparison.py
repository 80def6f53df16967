"""Runs compared: inputs, results, what is sure of them, and the difference by cause."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from planner.base.errors import InputError
from planner.base.paths import DATA_DIR
from planner.base.words import amount, signed
from planner.inputs import TABLES
from planner.outputs.measures import OTHER_HORIZON, difference_columns, have_one_horizon, letters_of, side_by_side
from planner.outputs.run import written_place
from planner.outputs.table_files import records
from planner.results.cost_difference import CostDifference, PlanCost
from planner.scenario.keys import is_by_year
from planner.tables import load_package
from planner.tables.sheet import bytes_of, sheet_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from planner.outputs.run import Run


ABSENT: Final = object()  # what a run has at a key that its scenario does not have at all


@dataclass(frozen=True, eq=False)
class InputDifference:
    """A setting, a cell of an input table or a whole file that is not the same in all runs."""

    table: str  # where it is; none of a setting; a file that is no table of the data goes by its setting
    row: str  # key of the row of a cell
    # path to the key of a setting, where a path by year and a list are one value; column of a cell, ``(row)`` where a
    # run lacks the whole row; none of a file
    keys: tuple[str, ...]
    # what each run has there: `ABSENT` where it has no such key, None where a cell is blank or not there; of a file
    # its SHA-256
    values: tuple[Any, ...]
    # where each was written, as ``file:line``; None for a default, and where the file is no longer the one that was
    # read; of a file its name
    places: tuple[str | None, ...]

    @property
    def kind(self) -> str:
        """What it is."""
        return "setting" if not self.table else "cell" if self.keys else "file"

    @property
    def name(self) -> str:
        """What a planner knows it as: the key of a setting as in ``--set``."""
        if not self.keys:
            return f"file {self.table}"
        return ": ".join(filter(None, (self.table, self.row, ".".join(self.keys))))

    @property
    def texts(self) -> list[str]:
        """What each run has there, for people."""
        if not self.table:
            return [setting_text(value) for value in self.values]
        return [cell_text(value) if self.keys else value[:10] or "not read" for value in self.values]


def table_differences(runs: Sequence[Run]) -> list[InputDifference]:
    """Find the cells of input tables in which runs differ, or files that hold no table or the same in another form."""
    found: list[InputDifference] = []
    for table in sorted({name for run in runs for name in run.meta["data"]}):
        entries = [run.meta["data"].get(table, {}) for run in runs]
        files, hashes = (tuple(str(entry.get(key, "")) for entry in entries) for key in ("file", "sha256"))
        if len(set(hashes)) > 1:
            found += [*_cells(table, runs)] or [InputDifference(table, "", (), hashes, files)]
    return found


def tables_together(first: Run, other: Run) -> list[tuple[str, ...]]:
    """Name the tables that two runs read otherwise; one that differs only by rows set aside goes with its reason."""
    both = [name for name in TABLES if name in first.inputs_tables and name in other.inputs_tables]
    differ = [name for name in both if not first.inputs_tables[name].equals(other.inputs_tables[name])]
    root = {name: name for name in differ}
    for name in differ:
        if len({run.meta["data"].get(name, {}).get("sha256") for run in (first, other)}) > 1:  # of other files
            continue
        for key in load_package()[name].foreign_keys:
            for target, _ in key.targets:
                if target in root:
                    old, new = root[name], root[target]
                    root = {one: new if of == old else of for one, of in root.items()}
    together: dict[str, list[str]] = {}
    for name in differ:
        together.setdefault(root[name], []).append(name)
    return [(name, *(one for one in of if one != name)) for name, of in together.items()]


def _cells(table: str, runs: Sequence[Run]) -> Iterator[InputDifference]:
    if not all(table in run.inputs_tables for run in runs):
        return
    frames = [run.inputs_tables[table] for run in runs]
    schemas = load_package().tables
    key = list(schemas[table].primary_key) if table in schemas else []
    if not key or not all((set(key) <= set(frame) and not frame.duplicated(list(key)).any()) for frame in frames):
        key = []
    keys: list[pd.Index] = [
        pd.MultiIndex.from_frame(frame[key]) if key else pd.RangeIndex(len(frame)) for frame in frames
    ]
    rows = keys[0]
    for of in keys[1:]:
        rows = rows.append(of.difference(rows, sort=False))
    places = [of.get_indexer(rows) for of in keys]
    is_there = np.array([place >= 0 for place in places])
    find_places = _places_of(table, runs, frames)
    names = [_name(row) for row in rows]
    for at in np.flatnonzero(~is_there.all(axis=0)):
        values = tuple("there" if there else None for there in is_there[:, at])
        yield InputDifference(table, names[at], ("(row)",), values, find_places([p[at] for p in places]))
    in_all = np.flatnonzero(is_there.all(axis=0))
    for column in dict.fromkeys(str(name) for frame in frames for name in frame if name not in key):
        first, *others = (_column(frame, column)[place[in_all]] for frame, place in zip(frames, places, strict=True))
        differs = np.any([np.not_equal(of, first).astype(np.bool_) for of in others], axis=0)
        for at, row in zip(np.flatnonzero(differs), in_all[differs], strict=True):
            values = tuple(of[at].item() if hasattr(of[at], "item") else of[at] for of in (first, *others))
            yield InputDifference(table, names[row], (column,), values, find_places([place[row] for place in places]))


def _column(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Return the cells of a column; those that are blank, or not there, are None."""
    cells = frame.reindex(columns=[name])[name]
    return cells.astype(object).where(cells.notna(), None).to_numpy()


def _places_of(
    table: str, runs: Sequence[Run], frames: Sequence[pd.DataFrame]
) -> Callable[[Iterable[int]], tuple[str | None, ...]]:
    """Return what finds the lines of rows in the files that were read, where these are still as they were."""
    sheets = [_sheet(table, run.meta["data"].get(table, {}), len(of)) for run, of in zip(runs, frames, strict=True)]
    return lambda rows: tuple(
        None if sheet is None or row < 0 else f"{sheet.file}:{sheet.place(int(row), 0)[0]}"
        for sheet, row in zip(sheets, rows, strict=True)
    )


def _sheet(table: str, entry: Mapping[str, Any], rows: int) -> Any:
    """Return cells of a file with their places; None where it is another by now, or some rows were set aside."""
    file = str(entry.get("file", ""))
    path = DATA_DIR / file if entry.get("shipped") else Path(file)
    try:
        raw = bytes_of(path)
        if hashlib.sha256(raw).hexdigest() != entry.get("sha256"):
            return None
        sheet = sheet_of(raw, path, table)
    except InputError:
        return None
    return sheet if len(sheet.records) == rows else None


def _name(row: Any) -> str:
    labels = row if isinstance(row, tuple) else (row,)
    return ", ".join("" if pd.isna(one) else str(one) for one in labels)


_OF_NO_PLAN: Final = frozenset({"version", "title", "question", "data"})
"""Keys that say nothing of the plan; tables of one's own are compared by what they hold."""


def setting_differences(runs: Sequence[Run]) -> list[InputDifference]:
    """Find the settings in which runs differ."""
    settings = [{key: value for key, value in run.meta["merged"].items() if key not in _OF_NO_PLAN} for run in runs]
    return [
        InputDifference("", "", keys, values, tuple(written_place(run, ".".join(keys)) for run in runs))
        for keys, values in _walk(settings, ())
    ]


def setting_text(value: Any) -> str:
    """Write the value of a setting for people.

    >>> setting_text({"2027": 30.0}), setting_text("tiny"), setting_text(None)
    ('{"2027": 30.0}', 'tiny', 'default')
    """
    if value is None:
        return "default"
    if value is ABSENT:
        return "not set"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _walk(settings: Sequence[Any], way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[Any, ...]]]:
    """Yield the key paths at which settings differ, and what each has there."""
    if all(of == settings[0] for of in settings[1:]):
        return
    are_blocks = all(isinstance(of, dict) for of in settings)
    if not are_blocks or (way and is_by_year(way)):
        yield way, tuple(settings)
        return
    for key in dict.fromkeys(key for of in settings for key in of):
        yield from _walk([of.get(key, ABSENT) for of in settings], (*way, str(key)))


# --- Runs compared: what differs in their inputs, their results side by side, and how sure that is ---


@dataclass(frozen=True, eq=False)
class RunComparison:
    """Runs compared with the first of them."""

    runs: tuple[Run, ...]  # two or more, which go by the letters A, B,
    # of each further run, the difference in cost by cause; empty where nothing was solved again
    splits: tuple[CostSplit, ...] = ()

    @property
    def letters(self) -> str:
        """A letter for each run."""
        return letters_of(self.runs)

    @cached_property
    def differences(self) -> tuple[InputDifference, ...]:
        """Settings, cells and files that are not the same in all runs."""
        return (*setting_differences(self.runs), *table_differences(self.runs))

    @cached_property
    def results(self) -> pd.DataFrame:
        """Results side by side, with the difference of each further run to the first."""
        return side_by_side(self.runs)

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """One row for each setting and cell that differs: where, what and in which file."""
        columns = ["kind", "table", "row", "key", *self.letters]
        columns += [f"{letter} is written in" for letter in self.letters]
        rows = []
        for one in self.differences:
            values = (None if value is ABSENT else value for value in one.values)
            rows.append((one.kind, one.table, one.row, ".".join(one.keys) or "SHA-256", *values, *one.places))
        return pd.DataFrame(rows, columns=columns, dtype=object)

    @cached_property
    def certainty(self) -> tuple[CostDifference, ...]:
        """For each further run its difference in cost, its penalty, and what gaps leave of it."""
        first, *others = self.runs
        cost = _cost(first)
        return tuple(_cost(other).less(cost) for other in others)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the comparison must know."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        if not have_one_horizon(self.runs):
            yield OTHER_HORIZON
        versions = [str(run.meta["versions"]["dcplan"]) for run in self.runs]
        if len(set(versions)) > 1:
            of = ", ".join(f"{letter} of {version}" for letter, version in zip(self.letters, versions, strict=True))
            yield (
                f"The runs are of different versions of dcplan ({of}): some of the difference may"
                " be what changed between these."
            )
        for letter, run in zip(self.letters, self.runs, strict=True):
            if not run.meta["check"]["ok"]:
                yield f"The check of {letter} failed: its figures are not to be relied on."

    def to_xlsx(self, path: str | Path) -> Path:
        """Write the comparison as a workbook and return its path."""
        from planner.outputs.comparison.workbook import write_comparison_workbook

        write_comparison_workbook(self, Path(path))
        return Path(path)

    def map_svg(self) -> str:
        """Draw where the plans differ, and the causes if there are any, as SVG text."""
        from planner.outputs.comparison.workbook import comparison_svg

        return comparison_svg(self)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it in types of JSON."""
        numbers = ("musd", "penalty_musd", "low_musd", "high_musd")
        return {
            "runs": [_head(*pair) for pair in zip(self.letters, self.runs, strict=True)],
            "notes": list(self.notes),
            "cost": [
                {"difference": name, "is_within_gaps": one.is_within_gaps}
                | {number: _finite(getattr(one, number)) for number in numbers}
                for name, one in zip(difference_columns(self.runs), self.certainty, strict=True)
            ],
            "causes": [split.to_dict() for split in self.splits],
            "inputs": records(self.inputs),
            "results": records(self.results),
        }


def _head(letter: str, run: Run) -> dict[str, Any]:
    keys = ("run", "scenario", "title", "created", "status")
    return {
        "letter": letter,
        **{key: run.meta[key] for key in keys},
        "folder": None if run.folder is None else str(run.folder),
        "differs": dict(run.differs),
        "dcplan": run.meta["versions"]["dcplan"],
        **{key: run.meta[key] for key in ("objective_musd", "bound_musd", "gap_frac")},
        "checked": run.meta["check"]["ok"],
    }


# --- The difference in cost of two runs split by cause: which input is how much of it -------------


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _cost(run: Run) -> PlanCost:
    return PlanCost.from_stored(run.meta, run.tables["costs"])


CostsOf = Literal["plans", "bounds", "openings"]
"""Whose costs are compared: plans with integers as each is found, programs without integrality, or
plans with the integers of the first run."""
Method = Literal["shapley", "ordered", "rounding"]
"""How causes share the difference; rounding is all of it where no input differs."""
_PARTS: Final = ("musd", "low_musd", "high_musd", "penalty_musd", "is_within_gaps")
COLUMNS: Final = ("cause", "inputs", *_PARTS)
_CENTS_PER_MUSD: Final = 1e8
_COSTS_OF: Final[dict[CostsOf, str]] = {
    "plans": "costs of plans, integers as they are found for each",
    "bounds": "bounds: programs without integrality, so that no rounding counts",
    "openings": "costs of plans with the integers of the first run",
}
_METHODS: Final[dict[Method, str]] = {
    "shapley": "Each cause has its Shapley value, the mean over all orders of the inputs; the parts"
    " add up to the difference.",
    "ordered": "Inputs are changed one after the other, in this order, and each has what it adds;"
    " the parts add up to the difference.",
    "rounding": "No input differs. Rounding is how near to the best each plan came.",
}


@dataclass(frozen=True, eq=False)
class CostSplit:
    """The difference in cost of a run and the first, by cause."""

    difference: str  # as ``B less A``
    costs_of: CostsOf  # one of `CostsOf`
    method: Method | None  # how causes share the difference; None where it was not split
    start_musd: float  # costs of the first run and of the other one. [MUSD]
    end_musd: float
    # `COLUMNS`: the cause, the inputs that it is made of, its part [MUSD], between which parts the best plans would
    # have it, and how much of it is the penalty of unmet demand; the parts add up to the difference
    causes: pd.DataFrame
    solves: int  # programs that were solved for it
    notes: tuple[str, ...] = ()  # what was done about inputs that make no plan on their own

    @property
    def musd(self) -> float:
        """The difference. [MUSD]"""
        return self.end_musd - self.start_musd

    def cents(self) -> list[int]:
        """Return the parts, which add up: what rounding leaves is of the nearest, a cent each. [USD/100]"""
        exact = [musd * _CENTS_PER_MUSD for musd in self.causes["musd"]]
        cents = [math.floor(one) for one in exact]
        left = round(self.musd * _CENTS_PER_MUSD) - sum(cents)
        by_rest = sorted(range(len(exact)), key=lambda at: cents[at] - exact[at])
        for at in by_rest[:left]:
            cents[at] += 1
        return cents

    def to_dict(self) -> dict[str, Any]:
        """Return it in types of JSON."""
        names = ("difference", "costs_of", "method", "start_musd", "end_musd", "musd", "solves")
        plain = {name: getattr(self, name) for name in names}
        return {**plain, "causes": records(self.causes), "notes": list(self.notes)}


def causes_frame(rows: list[tuple[str, str, CostDifference]]) -> pd.DataFrame:
    """Return causes as a table."""
    found = [(*row, *(getattr(part, name) for name in _PARTS)) for *row, part in rows]
    return pd.DataFrame(found, columns=list(COLUMNS))


def cause_notes(split: CostSplit) -> list[str]:
    """Say of each cause how much of it is penalty, and whether gaps could explain it."""
    parts = split.causes[list(_PARTS[:-1])].to_numpy(dtype=np.float64)
    return [CostDifference(*part).explanation for part in parts.tolist()]


def dollars(cents: int) -> str:
    """Write cents as dollars.

    >>> dollars(84175589), dollars(-5), dollars(0)
    ('+841,755.89', '-0.05', '0.00')
    """
    sign = "+" if cents > 0 else "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def split_sentences(split: CostSplit) -> list[str]:
    """Say what is split, how, and what was done about inputs that make no plan on their own."""
    kind = "more" if split.musd > 0.0 else "less"
    head = f"{split.difference}, {_COSTS_OF[split.costs_of]}"
    said = [
        f"{head}: {amount(split.start_musd, 7)} becomes {amount(split.end_musd, 7)} MUSD, "
        f"{amount(abs(split.musd), 7)} MUSD {kind}."
    ]
    if split.method is not None:
        said.append(_METHODS[split.method])
    return [*said, *split.notes]


_NO_DIFFERENCE_MUSD: Final = 1e-6


def cost_sentences(comparison: RunComparison) -> list[str]:
    """Say of each further run what it costs more, how much of it is penalty, what gaps leave."""
    first = comparison.letters[0]
    return [
        _sentence(f"{letter} costs", first, one)
        for letter, one in zip(comparison.letters[1:], comparison.certainty, strict=True)
    ]


def _sentence(subject: str, first: str, one: CostDifference) -> str:
    if math.isnan(one.musd):
        return f"{subject}: not known, as a run has no plan."
    if abs(one.musd) < _NO_DIFFERENCE_MUSD:
        text = f"{subject} as much as {first}"
    else:
        kind = "more" if one.musd > 0.0 else "less"
        text = f"{subject} {amount(abs(one.musd), 4)} MUSD {kind} than {first}"
    if one.penalty_words:
        text = f"{text}, {one.penalty_words}"
    if not (math.isfinite(one.low_musd) and math.isfinite(one.high_musd)):
        return f"{text}; a run has no bound, so that nothing is known of the best plans."
    if one.high_musd - one.low_musd < _NO_DIFFERENCE_MUSD:
        return f"{text}; both plans are optimal."
    between = f"between {signed(one.low_musd)} and {signed(one.high_musd)} MUSD"
    if one.is_within_gaps:
        return (
            f"{text}. This is less than the gaps of the plans: the best plans differ by something"
            f" {between}, in either direction; --paired compares without rounding."
        )
    return f"{text}; with the gaps of the plans, the best plans differ by {between}."


def cell_text(value: Any) -> str:
    """Write the value of a cell for people.

    >>> cell_text(None), cell_text(12345.678), cell_text(2028), cell_text("US")
    ('blank', '12,345.7', '2028', 'US')
    """
    if value is None:
        return "blank"
    return amount(value, 6) if isinstance(value, float) else str(value)
