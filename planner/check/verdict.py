"""What the checker says: one line per check, and the verdict over all of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import wraps
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.frames import isin, keyed, lookup, once, sum_by, table_of, to_frame, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import ModuleType

    from numpy.typing import ArrayLike

    from planner.base.arrays import Floats
    from planner.check.case import Case

    Place = pd.DataFrame | Mapping[str, Any]  # columns of labels; a text is that of all rows
    _Parts = tuple[tuple[Place, str, int], ...]  # places, with what is compared at so many of them


TOLERANCE: Final = 1e-6
"""Violation allowed as a share of the numbers compared. Where these are smaller than the `floor`
of a rule it is that share of the floor. A solver keeps its rows to 1e-7, and result tables write
numbers below 1e-7 as 0."""

OF_FIGURES: Final = 1e-6
"""Floor of rules that reread figures, which may be small in their unit and have no error of a solver."""
_CANNOT_COMPUTE: Final = (
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    pd.errors.InvalidIndexError,
)
"""What a rule raises on tables with cells that are missing or labels that nobody knows."""


class Excess:
    """By how much a rule is broken, place by place."""

    def __init__(self, place: Place | _Parts, amount: Floats, scale: Floats, what: str = "") -> None:
        self._parts = place if isinstance(place, tuple) else ((place, what, len(amount)),)
        self.amount = amount
        self.scale = scale

    def labels(self, row: int) -> tuple[str, ...]:
        """Return the labels of one place as texts, without those that it does not have."""
        for part, what, size in self._parts:
            if row < size:
                labels = [*(of if isinstance(of, str) else np.asarray(of, object)[row] for _, of in part.items()), what]
                texts = (str(label) for label in labels if pd.notna(label))
                return tuple(text for text in texts if text)
            row -= size
        raise IndexError(row)

    @staticmethod
    def above(place: Place, left: ArrayLike, limit: ArrayLike) -> Excess:
        """Say by how much the left side is above its limit; an infinite limit never binds."""
        left = np.asarray(left, dtype=np.float64)
        bound = np.broadcast_to(np.asarray(limit, dtype=np.float64), np.shape(left))
        finite = np.where(np.isposinf(bound), 0.0, bound)
        amount = np.where(np.isposinf(bound), 0.0, left - finite)
        return Excess(place, amount, np.maximum(np.abs(left), np.abs(finite)))

    @staticmethod
    def differs(place: Place, left: ArrayLike, right: ArrayLike, what: str = "") -> Excess:
        """Say by how much two numbers that must be equal are apart."""
        left, right = (np.asarray(side, dtype=np.float64) for side in (left, right))
        both_infinite = np.isinf(left) & (left == right)
        known_left, known_right = (np.where(both_infinite, 0.0, side) for side in (left, right))
        scale = np.maximum(np.abs(known_left), np.abs(known_right))
        return Excess(place, np.abs(known_left - known_right), scale, what)

    @staticmethod
    def reported(place: Place, reported: ArrayLike, expected: ArrayLike, what: str = "") -> Excess:
        """Say by how much two numbers are apart of which both may be missing, or neither."""
        reported, expected = (np.asarray(side, dtype=np.float64) for side in (reported, expected))
        neither = np.isnan(reported) & np.isnan(expected)
        return Excess.differs(place, np.where(neither, 0.0, reported), np.where(neither, 0.0, expected), what)

    @staticmethod
    def count_broken(place: Place, is_broken: ArrayLike) -> Excess:
        """Count as one what must not be there at all."""
        amount = np.asarray(is_broken, dtype=np.float64)
        return Excess(place, amount, np.ones(len(amount)))

    @staticmethod
    def same_places(reported: pd.DataFrame, expected: pd.DataFrame, key: Sequence[str]) -> Iterator[Excess]:
        """Say which places of two tables the other one lacks."""
        for one, other in ((reported, expected), (expected, reported)):
            yield Excess.count_broken(keyed(one, key), ~isin(one, other, key))

    @staticmethod
    def of(parts: Iterable[Excess]) -> Excess:
        """Put the places of several parts of one rule into one list."""
        every = [Excess((), np.zeros(0), np.zeros(0)), *parts]
        return Excess(
            tuple(place for part in every for place in part._parts),
            np.concatenate([part.amount for part in every]),
            np.concatenate([part.scale for part in every]),
        )


def columns_reported(table: pd.DataFrame, key: Sequence[str], expected: Mapping[str, ArrayLike]) -> Iterator[Excess]:
    """Hold columns of a table against what they should be; a cell is missing where it should."""
    place = keyed(table, key)
    for name, values in expected.items():
        yield Excess.reported(place, table[name].to_numpy(), np.asarray(values), name)


def sums_reported(
    key: Sequence[str], table: pd.DataFrame, expected: pd.DataFrame, columns: Mapping[str, str]
) -> Iterator[Excess]:
    """Hold the sums by key of columns of a table against those of columns of another, over the keys of both."""
    place = together(key, expected, table)
    for own, other in columns.items():
        sums = (sum_by(of, key, of[name]) for of, name in ((table, own), (expected, other)))
        left, right = (lookup(of, place, key) for of in sums)
        yield Excess.differs(place, left, right)


@dataclass(frozen=True)
class CheckResult:
    """Result of one rule: how much was tested, how much is broken, and the worst place."""

    name: str  # name of the rule
    verified: str  # what was verified, in words
    ok: bool  # whether every place keeps the rule within its tolerance
    tested: int  # places tested; 0 where the scenario has nothing of the kind
    broken: int  # places where the rule is broken
    worst: float  # largest violation over what is allowed there, given in `unit`; 0 where there is none
    unit: str  # unit of `worst` and `tolerance`
    place: str  # labels of the place of the worst violation; empty where there is none
    tolerance: float  # what is allowed at that place


@dataclass(frozen=True)
class Verdict:
    """What all checks say of a plan together."""

    checks: tuple[CheckResult, ...]  # one per rule
    proven: str = ""  # what the stored duals prove of the plan's optimality, in words

    @property
    def ok(self) -> bool:
        """Whether the plan keeps every rule."""
        return all(check.ok for check in self.checks)

    @property
    def broken(self) -> tuple[CheckResult, ...]:
        """The checks that fail."""
        return tuple(check for check in self.checks if not check.ok)

    def __getitem__(self, name: str) -> CheckResult:
        """Return the check of that name."""
        return next(check for check in self.checks if check.name == name)

    def frame(self) -> pd.DataFrame:
        """Return one row per check, in the order they were made."""
        columns = ["name", "ok", "verified", "tested", "broken", "worst", "unit", "place"]
        rows = [[getattr(check, column) for column in columns] for check in self.checks]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.assign(tolerance=[check.tolerance for check in self.checks])


@dataclass(frozen=True)
class Rule:
    """A check that can be made of any plan."""

    name: str
    verified: str
    unit: str
    floor: float
    test: Callable[[Case], Excess]
    where: Callable[[Case], bool] | None = None  # cases that it is about
    rereads: tuple[str, ...] = ()  # figures of the inputs that it compares with scenario and data


def rule(
    *, unit: str, floor: float = 1.0, where: Callable[[Case], bool] | None = None, rereads: str = ""
) -> Callable[[Callable[[Case], Excess | Iterator[Excess]]], Rule]:
    """Turn a function of a case, which may yield parts, into a rule; its docstring's first paragraph is its words."""

    def made(compared: Callable[[Case], Excess | Iterator[Excess]]) -> Rule:
        words = " ".join((compared.__doc__ or "").split("\n\n")[0].split())

        @wraps(compared)
        def test(case: Case) -> Excess:
            found = compared(case)
            return found if isinstance(found, Excess) else Excess.of(found)

        return Rule(test.__name__, words, unit, floor, test, where, tuple(rereads.split()))

    return made


def figures(over: str, *names: str, unit: str) -> Callable[[Callable[[Case, pd.DataFrame], Any]], Rule]:
    """Turn what figures of the inputs should be, from scenario and data, into a rule that rereads them.

    They are over a list of the inputs (`halls.build`), over axes (`site`, `site slot`), or single numbers (``).
    The function takes the case and its places, and gives the values of each, in the order of the names; after these
    it may give a table of the places that a list must have.
    """

    def made(expected: Callable[[Case, pd.DataFrame], Any]) -> Rule:
        @wraps(expected)
        def test(case: Case) -> Iterator[Excess]:
            place = places_over(case, over)
            found = expected(case, place)
            found = found if isinstance(found, tuple) else (found,)
            for name, values in zip(names, found[: len(names)], strict=True):
                yield Excess.differs(
                    place,
                    np.asarray(attrgetter(name)(case.inputs), dtype=np.float64).ravel(),
                    np.broadcast_to(np.ravel(np.asarray(values, dtype=np.float64)), len(place)),
                    "" if over and len(names) == 1 else name,
                )
            for due in found[len(names) :]:
                key = list(place.columns)
                yield Excess.count_broken(keyed(due, key), ~isin(due, place, key))

        return rule(unit=unit, floor=OF_FIGURES, rereads=" ".join(names))(test)

    return made


@once
def places_over(case: Case, over: str) -> pd.DataFrame:
    """Return the places of figures that are over a list or axes; one for single numbers."""
    if "." in over:
        return to_frame(attrgetter(over)(case.inputs))
    if not over:
        return table_of({"what": [""]})
    own = {"source": "supply.source", "contract": "contracts.contract", "period": "grid.period"}
    axes = [attrgetter(own.get(axis, f"sets.{axis}"))(case.inputs).labels for axis in over.split()]
    codes = np.indices([len(labels) for labels in axes]).reshape(len(axes), -1)
    places = {axis: np.array(of, dtype=object)[at] for axis, of, at in zip(over.split(), axes, codes, strict=True)}
    return table_of({axis: of.astype(np.int64) if axis == "year" else of for axis, of in places.items()})


def rules_of(*files: ModuleType) -> tuple[Rule, ...]:
    """Return the rules of files."""
    own = [(file.__name__, one) for file in files for one in vars(file).values() if isinstance(one, Rule)]
    return tuple(one for name, one in own if one.test.__module__ == name)


def tested(one: Rule, case: Case) -> Excess:
    """Test a case by a rule, once; numbers are warned of only where the plan's cells are all there."""
    if one in case.computed:
        known: Excess = case.computed[one]
        return known
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        excess = Excess.of([one.test(case)] if one.where is None or one.where(case) else [])
    case.computed[one] = excess
    for warning in caught if caught and case.is_complete else ():
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return excess


def judged(one: Rule, case: Case) -> CheckResult:
    """Judge a plan by one rule."""
    try:
        excess = tested(one, case)
    except _CANNOT_COMPUTE as fault:
        if case.is_complete and not case.reads_all:  # a bug of the rule; what is stored may be anything
            raise
        place = {"of": [f"cannot be computed: {type(fault).__name__}: {fault}"]}
        excess = Excess(place, np.full(1, np.inf), np.zeros(1))
    amount = np.where(np.isnan(excess.amount), np.inf, excess.amount)
    allowed = TOLERANCE * np.maximum(one.floor, np.nan_to_num(excess.scale, posinf=one.floor))
    is_broken, worst, where, least = amount > allowed, 0.0, "", TOLERANCE * one.floor
    if len(amount):
        at = int(np.argmax(amount / allowed))
        worst, least = max(0.0, float(amount[at])), float(allowed[at])
        where = ", ".join(excess.labels(at)) if worst > 0.0 else ""
    counts = len(amount), int(is_broken.sum())
    return CheckResult(one.name, one.verified, not is_broken.any(), *counts, worst, one.unit, where, least)
