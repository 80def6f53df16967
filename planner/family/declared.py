"""What a family declares, and when a setting has an effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, Literal, NamedTuple, Protocol, TypeAlias, TypeVar

from planner.family.values import Flag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from planner.base.arrays import Floats
    from planner.family.block import Constraint, Cost
    from planner.family.values import Block
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.lp import Index, Variable
    from planner.model.variables import Model


@dataclass(frozen=True)
class SwitchesBlock:
    """Marks the key without which the others of its block have no effect."""


@dataclass(frozen=True)
class ByYear:
    """Marks a path by year that is not read as straight lines in the model years alone."""

    held: bool = False  # whether each figure holds until the next, instead of straight lines between them
    paid_at_start: bool = False  # whether it is read where service begins, which may be after the last model year


@dataclass(frozen=True)
class OnlyWith:
    """Marks a key that has no effect without another one of its block."""

    key: str  # the other key
    value: str | bool | None = None  # what it must be; None: it must be given
    why: str = ""  # why there is no effect; empty: that the other key is what it is
    fix: str = ""  # what to do about it, other than to remove the key; empty: nothing else


SWITCH: Final = SwitchesBlock()
HELD: Final = ByYear(held=True)
PAID_AT_START: Final = ByYear(paid_at_start=True)
Switch: TypeAlias = Annotated[Flag, SWITCH]  # whether there is what its block is about at all


# --- What a family declares: a module with all that is known of it, which the other rooms read ----

SharedBy: TypeAlias = Literal["nameplate", "it energy", ""]
P = TypeVar("P")
T = TypeVar("T")


def of_kind(thing: object, kind: type[T]) -> T:
    """Return what a scenario, inputs or a model have of a family: the one of their parts that is of this kind."""
    return next(part for part in vars(thing).values() if type(part) is kind)


@dataclass(frozen=True)
class Basis:
    """What inputs of a family are made of."""

    case: ScopedCase
    sets: Sets
    site_year: Index


class FamilyTerms(Generic[P]):
    """Decisions of a family, made by `__init__`, and sums of them, each a `cached_property`."""

    def __init__(self, m: Model, p: P) -> None:
        self.m, self.p = m, p

    def new(self, name: str, over: Index) -> Variable:
        """Make one decision per tuple of a list."""
        return self.m.problem.variable(name, over)


class TableRows(NamedTuple):
    """A result table: its list, which tuples have a row, and the columns that are no labels."""

    over: Index
    is_row: np.ndarray
    columns: Mapping[str, Floats]


@dataclass(frozen=True)
class Heading:
    """A heading of the cost table."""

    name: str
    after: str  # the one that it follows
    shared_by: SharedBy  # what its lines are shared between workloads by


class WithoutEffect(NamedTuple):
    """A setting of the family's block that has no effect in this case, why, and what would give it one."""

    key: str
    why: str
    fix: str


class ListOnSheet(NamedTuple):
    """Where the workbook lists a result table."""

    table: str
    sheet: str
    title: str
    name: str  # of the Excel table


class RowsModule(Protocol):
    """A module of rows, the first line of whose docstring says what they are about."""

    __name__: str
    __doc__: str | None

    @property
    def CONSTRAINTS(self) -> tuple[Constraint, ...]:
        """Its rows."""


class FamilyModule(RowsModule, Protocol):
    """A family's module, whose last name is its block of a scenario, and its field of inputs and model.

    Besides these it may declare
    `HEADING`, a `Heading` of the cost table that no other family has;
    `TABLES`, what makes each result table, of the terms and of what reads an expression at the plan;
    `ORDERS`, for each kind of an order the table of what is bought, and its column of power;
    `SHEETS`, a `ListOnSheet` for each table that the workbook lists;
    `without_effect(case)`, the settings without effect, each `WithoutEffect`;
    `line(tables, year)`, what the terminal says comes of it in a year, "" where nothing does.
    """

    @property
    def SETTINGS(self) -> type[Block]:
        """Its block of a scenario."""

    @property
    def INPUTS(self) -> Callable[[Basis], Any]:
        """What makes the index lists and coefficients."""

    @property
    def TERMS(self) -> Callable[[Model, Any], FamilyTerms[Any]]:
        """What makes its decisions and their sums."""

    @property
    def COSTS(self) -> tuple[Cost, ...]:
        """Its lines of the cost table."""
