"""Expressions and rows of a linear program, and the variables that they are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

from planner.lp.index import UNIT, Index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.arrays import Floats, Positions

# --- Affine expressions over an index list, one per tuple: sum, broadcast, compare, as arrays -----

Ints = npt.NDArray[np.int32]
Operand: TypeAlias = "Expression | npt.ArrayLike"


class Expression:
    r"""One affine expression per tuple of an index list; never changed after it is made.

    .. math:: e_i(x) = \sum_j a_{ij} x_j + b_i \qquad \forall i \in \text{over}

    Arithmetic with numbers, arrays (one value per tuple) and expressions over the same list
    makes new expressions. `sum_to` goes to a coarser list, `on` to a finer one.
    """

    # numpy then leaves `array * expression` to __rmul__ instead of making an object array.
    __array_ufunc__ = None

    def __init__(self, over: Index, row: Ints, column: Ints, value: Floats, constant: Floats) -> None:
        self.over = over
        self.row = row
        self.column = column
        self.value_of_term = value
        self.constants = constant

    @classmethod
    def constant(cls, over: Index, values: npt.ArrayLike) -> Expression:
        """Return an expression without variables."""
        constants = np.broadcast_to(_as_array(over, values), (over.size,)).copy()
        none = np.empty(0, dtype=np.int32)
        return cls(over, none, none, np.empty(0), constants)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} over {self.over.name}[{self.over.size}]>"

    # --- arithmetic ---------------------------------------------------------------------

    def __add__(self, other: Operand) -> Expression:
        if not isinstance(other, Expression):
            constants = self.constants + _as_array(self.over, other)
            return Expression(self.over, self.row, self.column, self.value_of_term, constants)
        _check_same_list(self, other)
        constants = self.constants + other.constants
        if not (self.row.size and other.row.size):  # the terms of one, shared and not copied
            some = self if self.row.size else other
            return Expression(self.over, some.row, some.column, some.value_of_term, constants)
        return Expression(
            self.over,
            np.concatenate((self.row, other.row)),
            np.concatenate((self.column, other.column)),
            np.concatenate((self.value_of_term, other.value_of_term)),
            constants,
        )

    __radd__ = __add__

    def __neg__(self) -> Expression:
        return Expression(self.over, self.row, self.column, -self.value_of_term, -self.constants)

    def __sub__(self, other: Operand) -> Expression:
        return self + (-other if isinstance(other, Expression) else -_as_array(self.over, other))

    def __rsub__(self, other: npt.ArrayLike) -> Expression:
        return -self + other

    def __mul__(self, factor: npt.ArrayLike) -> Expression:
        if isinstance(factor, Expression):
            raise TypeError(f"{self!r} * {factor!r} is not linear")
        factors = _as_array(self.over, factor)
        _check_finite(self.over, factors)
        of_term = factors[self.row] if factors.ndim else factors
        return Expression(self.over, self.row, self.column, self.value_of_term * of_term, self.constants * factors)

    __rmul__ = __mul__

    def __truediv__(self, divisor: npt.ArrayLike) -> Expression:
        if isinstance(divisor, Expression):
            raise TypeError(f"{self!r} / {divisor!r} is not linear")
        with np.errstate(divide="ignore"):  # a division by 0 is refused as a factor inf
            return self * (1.0 / _as_array(self.over, divisor))

    def moved(self, columns: int) -> Expression:
        """Return the same expressions of a program that has so many columns before these."""
        place = self.column + np.int32(columns)
        return Expression(self.over, self.row, place, self.value_of_term, self.constants)

    # --- comparison ---------------------------------------------------------------------

    def __le__(self, other: Operand) -> Comparison:
        return Comparison.from_difference(self - other, has_upper=True)

    def __ge__(self, other: Operand) -> Comparison:
        return Comparison.from_difference(self - other, has_lower=True)

    def __eq__(self, other: Operand) -> Comparison:  # type: ignore[override]
        return Comparison.from_difference(self - other, has_lower=True, has_upper=True)

    __hash__ = None  # type: ignore[assignment]

    # --- from list to list --------------------------------------------------------------

    def sum_to(self, index: Index, *, where: Literal["every", "present"] = "every") -> Expression:
        """Add up to a coarser list: tuples count where their labels are, cut down to the axes of `index`."""
        target = index.find(self.over)
        lost = target < 0
        if lost.any():
            if where == "every":
                _raise_missing(self.over, int(np.argmax(lost)), index)
            kept = np.flatnonzero(~lost)
            return self.map(index, kept, target[kept])
        return Expression(
            index,
            target.astype(np.int32)[self.row],
            self.column,
            self.value_of_term,
            added_up(self.constants, target, index.size),
        )

    def total(self) -> Expression:
        """Add up everything, to one expression over the list without axes."""
        return self.sum_to(UNIT)

    def merged(self) -> Expression:
        """Return an expression over the list without axes with one term for each column.

        Terms are added up in the order of writing, so that what is added later gives the same bits.

        >>> row, column = np.array([[0, 0, 0], [4, 2, 4]], dtype=np.int32)
        >>> three = Expression(UNIT, row, column, np.ones(3), np.zeros(1))
        >>> three.merged().column.tolist(), three.merged().value_of_term.tolist()
        ([2, 4], [1.0, 2.0])
        """
        _check_same_list(self, Expression.constant(UNIT, 0.0))
        used = np.flatnonzero(np.bincount(self.column)).astype(np.int32)
        value = added_up(self.value_of_term, self.column, 0)[used]
        return Expression(self.over, np.zeros_like(used), used, value, self.constants)

    def on(self, index: Index, *, missing: Literal["error", "zero"] = "error") -> Expression:
        """Repeat along a finer list, whose tuples are cut down to the axes of this expression's list."""
        source = self.over.find(index)
        lost = source < 0
        if not lost.any():
            return self._take(source, index)
        if missing == "error":
            _raise_missing(index, int(np.argmax(lost)), self.over)
        kept = np.flatnonzero(~lost)
        return self.map(index, source[kept], kept)

    def select(self, which: npt.ArrayLike, name: str | None = None) -> Expression:
        """Return the expressions under a mask or at distinct positions."""
        at = self.over.positions(which)
        return self._take(at, self.over.select(which, name))

    def map(
        self,
        target_index: Index,
        source_positions: npt.ArrayLike,
        target_positions: npt.ArrayLike,
        factors: npt.ArrayLike | None = None,
    ) -> Expression:
        """Apply any sparse linear map: running sums, vintages, moves from list to list."""
        source = self.over.positions(np.asarray(source_positions, dtype=np.intp))
        target = target_index.positions(np.asarray(target_positions, dtype=np.intp))
        weights = np.ones(len(source)) if factors is None else np.asarray(factors, np.float64)
        if not len(source) == len(target) == weights.size:
            raise ValueError(
                f"map to {target_index.name}: {len(source)} sources, {len(target)} targets and "
                f"{weights.size} factors differ in number"
            )
        _check_finite(target_index, weights, target)
        pair, term = self._terms_at(source)
        value = self.value_of_term[term]
        return Expression(
            target_index,
            target.astype(np.int32)[pair],
            self.column[term],
            value if factors is None else value * weights[pair],
            added_up(self.constants[source] * weights, target, target_index.size),
        )

    def _take(self, source: Positions, index: Index) -> Expression:
        pair, term = self._terms_at(source)
        return Expression(index, pair, self.column[term], self.value_of_term[term], self.constants[source])

    def _terms_at(self, source: Positions) -> tuple[Ints, Positions | Ints]:
        """Return the terms of the asked rows: which ask each is for, and which term it is."""
        if len(self.row) == self.over.size and np.array_equal(self.row, np.arange(self.over.size)):
            # one term per row, as in a plain variable
            return np.arange(len(source), dtype=np.int32), source
        is_sorted = bool((self.row[1:] >= self.row[:-1]).all())
        order = None if is_sorted else np.argsort(self.row, kind="stable")
        terms_in_row = np.bincount(self.row, minlength=self.over.size)
        first_in_row = np.cumsum(terms_in_row) - terms_in_row
        wanted = terms_in_row[source]
        pair = np.repeat(np.arange(len(source), dtype=np.int32), wanted)
        first_of_pair = np.cumsum(wanted) - wanted
        # Half of int64 in memory: a program over all hours has tens of millions of terms in a sum.
        term = (first_in_row[source] - first_of_pair).astype(np.int32)[pair]
        term += np.arange(len(pair), dtype=np.int32)
        return pair, term if order is None else order[term]

    # --- numbers ------------------------------------------------------------------------

    def value(self, x: npt.ArrayLike) -> Floats:
        """Return the numbers the expressions take at a plan."""
        terms = self.value_of_term * np.asarray(x, dtype=np.float64)[self.column]
        return added_up(terms, self.row, self.over.size) + self.constants


@dataclass(frozen=True, eq=False)
class Comparison:
    """One row per tuple: ``lower <= expression <= upper``, with the constants in the bounds."""

    over: Index  # the list
    expression: Expression  # left side, without constants
    lower: Floats  # bounds of each row; infinite where a side is free
    upper: Floats

    @classmethod
    def from_difference(cls, difference: Expression, *, has_lower: bool = False, has_upper: bool = False) -> Comparison:
        """Return rows that keep a difference at or above 0, at or below 0, or both."""
        over, rhs = difference.over, -difference.constants
        terms = Expression(over, difference.row, difference.column, difference.value_of_term, np.zeros(over.size))
        lower = rhs if has_lower else np.full(over.size, -np.inf)
        upper = rhs if has_upper else np.full(over.size, np.inf)
        return cls(over, terms, lower, upper)

    def __bool__(self) -> NoReturn:
        raise TypeError("a comparison of expressions is a set of rows and has no truth value")


def _as_array(over: Index, values: npt.ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim and array.shape != (over.size,):
        raise ValueError(f"array of shape {array.shape} does not fit index {over.name} of {over.size}")
    return array


def _check_finite(over: Index, factors: Floats, positions: Positions | None = None) -> None:
    wrong = ~np.isfinite(factors)
    if wrong.any():
        at = int(np.argmax(wrong))
        position = at if positions is None else int(positions[at])
        raise ValueError(f"factor {factors.flat[at]} for {over.tuples(position)} of index {over.name}")


def added_up(values: Floats, places: Positions | Ints, count: int) -> Floats:
    """Return, for each of `count` places, the sum of the values that go there."""
    # bincount of nothing is an array of integers
    return np.bincount(places, weights=values, minlength=count).astype(np.float64, copy=False)


def _check_same_list(left: Expression, right: Expression) -> None:
    if not left.over.matches(right.over):
        raise ValueError(
            f"expressions over {left.over.name}{left.over.axis_names} and "
            f"{right.over.name}{right.over.axis_names} are over different lists; "
            "bring them to one by sum_to or on"
        )


def _raise_missing(from_index: Index, position: int, to_index: Index) -> NoReturn:
    raise ValueError(
        f"tuple {from_index.tuples(position)} of index {from_index.name} "
        f"has no place in index {to_index.name}{to_index.axis_names}"
    )


# --- One block of decisions, which is also an expression ------------------------------------------


class Variable(Expression):
    """One decision per tuple of an index list; made by `ArrayProblem.variable`."""

    def __init__(
        self, name: str, over: Index, lower: Floats, upper: Floats, *, integer: bool, first_column: int
    ) -> None:
        place = np.arange(over.size, dtype=np.int32)
        super().__init__(over, place, place + np.int32(first_column), np.ones(over.size), np.zeros(over.size))
        self.name = name
        self.lower = lower
        self.upper = upper
        self.integer = integer
        self.first_column = first_column


# --- Names of rows and columns: distinct for any labels, as text and inside PuLP ------------------

_BLOCK_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_NOT_FOR_PULP = re.compile(r"[^A-Za-z0-9_.(),]|_(?=x)")


def check_block_name(name: str) -> None:
    """Refuse a block name whose rows or columns could share a name with another block's."""
    if not _BLOCK_NAME.fullmatch(name):
        raise ValueError(f"block name {name!r} must be letters, digits, '_' and '.', not led by a digit")


def tuple_name(block: str, over: Index, position: int) -> str:
    """Return the name of one row or column, such as ``power_balance(ashburn,2028)``; commas of labels are escaped."""
    return _name(block, [_escaped(label) for label in over.tuples(position)])


def to_pulp_name(name: str) -> str:
    """Return a name that PuLP and the LP and MPS formats keep as it is.

    PuLP turns ``- + [ ] > /`` and spaces to ``_``. Here each byte that is not a letter, a digit or one of ``_ . ( ) ,``
    becomes ``_x`` and two hex digits, and so does an underscore before an x: two names never become one.

    >>> to_pulp_name("new-york"), to_pulp_name("new_york"), to_pulp_name("new_x2dyork")
    ('new_x2dyork', 'new_york', 'new_x5fx2dyork')
    """
    return _NOT_FOR_PULP.sub(lambda found: "".join(f"_x{byte:02x}" for byte in found[0].encode()), name)


def _name(block: str, labels: Sequence[str]) -> str:
    return f"{block}({','.join(labels)})" if labels else block


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace(",", "\\,")
