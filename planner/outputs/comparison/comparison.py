"""Runs compared: what differs in their inputs, their results side by side, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.outputs.comparison.cells import table_differences
from planner.outputs.comparison.measures import (
    OTHER_HORIZON,
    difference_columns,
    have_one_horizon,
    letters_of,
    side_by_side,
)
from planner.outputs.comparison.settings import ABSENT, setting_differences
from planner.outputs.records import records
from planner.results.cost_difference import PlanCost

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from planner.outputs.comparison.causes import CostSplit
    from planner.outputs.comparison.cells import TableDifference
    from planner.outputs.comparison.settings import SettingDifference
    from planner.outputs.run import Run
    from planner.results.cost_difference import CostDifference

__all__ = ["RunComparison"]


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
        from planner.outputs.comparison.drawing import comparison_svg

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


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _cost(run: Run) -> PlanCost:
    return PlanCost.from_stored(run.meta, run.tables["costs"])
