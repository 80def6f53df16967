"""What an explanation is: sentences, each resting on numbers that exist in its tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

import pandas as pd

from planner.base.number_format import amount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.inputs.inputs import Inputs
    from planner.outputs.run import Run
    from planner.results import Results
    from planner.scenario import Scenario

__all__ = ["ExplainablePlan", "Explanation", "Number", "Statement", "number", "span"]

_MILLION: Final = 1e6


class ExplainablePlan(Protocol):
    """A plan in memory or a run opened again."""

    @property
    def scenario(self) -> Scenario:
        """The question."""

    @property
    def inputs(self) -> Inputs:
        """What the model knew."""

    @property
    def results(self) -> Results:
        """The plan, as tables."""

    @property
    def run(self) -> Run:
        """The plan as it is stored, with how long it took and what proves it."""


@dataclass(frozen=True)
class Number:
    """A number of a sentence, and the cell that it is in."""

    value: float  # unrounded
    unit: str  # its unit
    table: str  # table of the explanation, and its column
    column: str
    row: Mapping[str, str | int]  # columns and labels that only its row has

    def __str__(self) -> str:
        """Return it with three digits and its unit."""
        if abs(self.value) >= _MILLION:
            return f"{amount(self.value / _MILLION)} million {self.unit}"
        return f"{amount(self.value)} {self.unit}".rstrip()


@dataclass(frozen=True)
class Statement:
    """One sentence of an explanation."""

    topic: str  # heading it is under
    text: str  # the sentence
    numbers: tuple[Number, ...]  # what it rests on
    stake_musd: float = 0.0  # what it is about in money, by which sentences are ordered. [MUSD]


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a plan is as it is."""

    scenario: str  # name of the scenario
    basis: str  # where shadow prices come from
    statements: tuple[Statement, ...]  # sentences, the weightiest of each topic first
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)  # what they rest on

    def __str__(self) -> str:
        """Return the sentences under their headings."""
        lines = [f"{self.scenario}", self.basis]
        topic = ""
        for statement in self.statements:
            if statement.topic != topic:
                topic = statement.topic
                lines += ["", topic]
            lines.append(f"- {statement.text}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return everything in types of JSON."""
        return {
            "scenario": self.scenario,
            "basis": self.basis,
            "statements": [
                {
                    "topic": one.topic,
                    "text": one.text,
                    "stake_musd": one.stake_musd,
                    "numbers": [
                        {
                            "value": of.value,
                            "unit": of.unit,
                            "table": of.table,
                            "column": of.column,
                            "row": dict(of.row),
                        }
                        for of in one.numbers
                    ],
                }
                for one in self.statements
            ],
            "tables": {
                name: table.astype(object).where(table.notna(), None).to_dict(orient="records")
                for name, table in self.tables.items()
            },
        }


def span(numbers: Sequence[Number]) -> str:
    """Write the least and the most of some numbers of one unit, or one where they are the same.

    >>> of = [Number(usd, "USD", "", "", {}) for usd in (1.9e6, 997e3, 1.2e6)]
    >>> span(of), span(of[:1])
    ('0.997 to 1.9 million USD', '1.9 million USD')
    """
    least, most = (choose(numbers, key=lambda one: one.value) for choose in (min, max))
    if str(least) == str(most):
        return str(most)
    if abs(most.value) >= _MILLION:
        return f"{amount(least.value / _MILLION)} to {most}"
    return f"{amount(least.value)} to {most}"


def number(tables: Mapping[str, pd.DataFrame], table: str, column: str, unit: str, **row: str | int) -> Number:
    """Look a number up in a table."""
    frame = tables[table]
    is_row = pd.Series(True, index=frame.index)
    for name, label in row.items():
        is_row &= frame[name] == label
    if is_row.sum() != 1:
        message = f"{is_row.sum()} rows of {table} have {row}"
        raise LookupError(message)
    return Number(float(frame.loc[is_row, column].iloc[0]), unit, table, column, row)
