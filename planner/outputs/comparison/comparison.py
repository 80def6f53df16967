"""Runs compared: inputs, results, what is sure of them, and the difference by cause."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from planner.base.words import amount, signed
from planner.outputs.comparison.differences import ABSENT, setting_differences, table_differences
from planner.outputs.measures import OTHER_HORIZON, difference_columns, have_one_horizon, letters_of, side_by_side
from planner.outputs.table_files import records
from planner.results.cost_difference import CostDifference, PlanCost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.outputs.comparison.differences import SettingDifference, TableDifference
    from planner.outputs.run import Run

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
    def settings(self) -> tuple[SettingDifference, ...]:
        """Settings that are not the same in all runs."""
        return tuple(setting_differences(self.runs))

    @cached_property
    def tables(self) -> tuple[TableDifference, ...]:
        """Input tables that are not the same in all runs, with their cells."""
        return tuple(table_differences(self.runs))

    @cached_property
    def results(self) -> pd.DataFrame:
        """Results side by side, with the difference of each further run to the first."""
        return side_by_side(self.runs)

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """One row for each setting and cell that differs: where, what and in which file."""
        import pandas as pd

        columns = ["kind", "table", "row", "key", *self.letters]
        columns += [f"{letter} is written in" for letter in self.letters]
        rows = [("setting", "", "", one.name, *map(_plain, one.values), *one.places) for one in self.settings]
        for table in self.tables:
            rows += [("cell", table.table, one.row, one.column, *one.values, *one.places) for one in table.cells]
            if not table.cells:
                rows.append(("file", table.table, "", "SHA-256", *table.hashes, *table.files))
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
        names = difference_columns(self.runs)
        return {
            "runs": [_head(*pair) for pair in zip(self.letters, self.runs, strict=True)],
            "notes": list(self.notes),
            "cost": [
                {
                    "difference": name,
                    "musd": one.musd,
                    "penalty_musd": _finite(one.penalty_musd),
                    "low_musd": _finite(one.low_musd),
                    "high_musd": _finite(one.high_musd),
                    "is_within_gaps": one.is_within_gaps,
                }
                for name, one in zip(names, self.certainty, strict=True)
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


def _plain(value: Any) -> Any:
    return None if value is ABSENT else value


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
        """Return the parts, which add up to the difference cent by cent. [USD/100]

        What rounding leaves is that of the parts that it is nearest for, a cent each.
        """
        exact = [musd * _CENTS_PER_MUSD for musd in self.causes["musd"]]
        cents = [math.floor(one) for one in exact]
        left = round(self.musd * _CENTS_PER_MUSD) - sum(cents)
        by_rest = sorted(range(len(exact)), key=lambda at: cents[at] - exact[at])
        for at in by_rest[:left]:
            cents[at] += 1
        return cents

    def to_dict(self) -> dict[str, Any]:
        """Return it in types of JSON."""
        return {
            "difference": self.difference,
            "costs_of": self.costs_of,
            "method": self.method,
            "start_musd": self.start_musd,
            "end_musd": self.end_musd,
            "musd": self.musd,
            "causes": [
                {**row, "low_musd": _finite(row["low_musd"]), "high_musd": _finite(row["high_musd"])}
                for row in self.causes.to_dict("records")
            ],
            "solves": self.solves,
            "notes": list(self.notes),
        }


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


# --- Sentences about runs compared ----------------------------------------------------------------

_DIGITS: Final = 6
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
    return amount(value, _DIGITS) if isinstance(value, float) else str(value)
