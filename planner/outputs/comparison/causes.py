"""The difference in cost of two runs split by cause: which input is how much of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from planner.base.number_format import amount
from planner.results.cost_difference import CostDifference

__all__ = ["COLUMNS", "CostSplit", "CostsOf", "Method", "cause_notes", "causes_frame", "dollars", "split_sentences"]

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
        """Return the parts in whole cents, which add up to the difference in whole cents. [USD/100]

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


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
