"""A basis by the labels of its rows and columns, for a program that is like its own.

Two futures differ in a few numbers, and their programs in a few rows and columns. What one of them
ends with is where the other may begin, if few rows and prices are out of bounds there.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import highspy
import numpy as np
import numpy.typing as npt

from planner.lp.index import Axis, Index, positions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.lp.problem import ArrayProblem

Statuses: TypeAlias = npt.NDArray[np.int8]

_KIND: Final = highspy.HighsBasisStatus
_OF_CODE: Final = (_KIND.kLower, _KIND.kBasic, _KIND.kUpper, _KIND.kZero, _KIND.kNonbasic)
_BASIC: Final = int(_KIND.kBasic)
_LOWER: Final = int(_KIND.kLower)

# Measured on relaxed `us-base` (43,000 rows): interior point with crossover takes as long as 6,000
# steps of simplex, and simplex 3.6 steps for each row or price that is out of bounds at first.
_COLD_STEPS_PER_ROW: Final = 0.14
_STEPS_EACH: Final = 4.0
_MOST_OF_COLD: Final = 0.5
"""Simplex begins where it promises to take at most this share of a solve without a basis."""
_SLACK: Final = 1.5
"""It is given up where it takes this many times as long as it promised."""
_FEW_STEPS: Final = 200


def cold_steps(rows: int) -> int:
    """Return how many steps of simplex take as long as a solve from nothing, and at least 200.

    >>> cold_steps(40_000), cold_steps(40)
    (5600, 200)
    """
    return max(round(_COLD_STEPS_PER_ROW * rows), _FEW_STEPS)


def most_steps(rows: int, infeasible: int) -> int:
    """Return after how many steps simplex from a basis is given up; 0 where it is not begun.

    >>> most_steps(40_000, 100), most_steps(40_000, 1_000), most_steps(40_000, 0)
    (800, 0, 200)
    """
    promised = _STEPS_EACH * infeasible
    if promised > max(_MOST_OF_COLD * cold_steps(rows), _FEW_STEPS):
        return 0
    return round(_SLACK * promised) + _FEW_STEPS


@dataclass(frozen=True, eq=False)
class Start:
    """Where simplex may begin: a status for every column and row of a program, by its labels."""

    # by block: its tuples, and whether each is at a bound or in the basis, as HiGHS codes it
    columns: dict[str, tuple[Index, Statuses]]
    rows: dict[str, tuple[Index, Statuses]]
    # by block of rows, of a program that was solved in pieces: its tuples, and the duals of each behind the cuts that
    # bound there, tuples by cuts of a piece
    duals: dict[str, tuple[Index, Floats]] = field(default_factory=dict)
    # by block of columns with integers: its tuples, and what each is in the plan that was found
    whole: dict[str, tuple[Index, Floats]] = field(default_factory=dict)
    # as `columns` and `rows`, of the program with these integers fixed
    plan_columns: dict[str, tuple[Index, Statuses]] = field(default_factory=dict)
    plan_rows: dict[str, tuple[Index, Statuses]] = field(default_factory=dict)

    @classmethod
    def from_basis(cls, problem: ArrayProblem, basis: Any) -> Start:
        """Take a basis that HiGHS ended with."""
        column = _codes(basis.col_status)
        columns = {
            name: (problem.columns_over(name), column[problem.column_block(name)])
            for name in problem.column_block_names
        }
        return cls(columns, of_rows(problem, _codes(basis.row_status)))

    def for_problem(self, problem: ArrayProblem) -> Any:
        """Return a basis for another program; what is new in it is at its bound or not tight."""
        column = np.full(problem.column_count, _LOWER, dtype=np.int8)
        row = np.full(problem.row_count, _BASIC, dtype=np.int8)
        for name in self.columns.keys() & set(problem.column_block_names):
            here = problem.columns_over(name)
            _put(column, problem.column_block(name), here, self.columns[name])
        for name in self.rows.keys() & set(problem.row_block_names):
            _put(row, problem.row_block(name), problem.rows_over(name), self.rows[name])
        basis = highspy.HighsBasis()
        basis.col_status = [_OF_CODE[code] for code in column.tolist()]
        basis.row_status = [_OF_CODE[code] for code in row.tolist()]
        basis.valid = basis.alien = True
        return basis

    def duals_on(self, problem: ArrayProblem) -> Floats:
        """Return the duals behind kept cuts for the rows of another program, rows by cuts, 0 for new ones."""
        result = np.zeros((problem.row_count, self._cuts))
        for name in self.duals.keys() & set(problem.row_block_names):
            result[problem.row_block(name)] = self.duals_over(name, problem.rows_over(name))
        return result

    def duals_over(self, name: str, over: Index) -> Floats:
        """Return the duals behind kept cuts for the tuples of a block, tuples by cuts, 0 for new ones."""
        result = np.zeros((over.size, self._cuts))
        if name in self.duals:
            old, duals = self.duals[name]
            at = positions(old, over)
            is_known = at >= 0
            result[is_known, : duals.shape[1]] = duals[at[is_known]]
        return result

    @property
    def _cuts(self) -> int:
        """Most cuts of a piece."""
        return max((duals.shape[1] for _, duals in self.duals.values()), default=0)

    def with_plan(self, problem: ArrayProblem, x: Floats, basis: Any) -> Start:
        """Return it with the integers of a plan, and where the program ended with these fixed."""
        integer = problem.columns().integer
        places = {name: problem.column_block(name) for name in problem.column_block_names}
        whole = {
            name: (problem.columns_over(name), np.round(x[place]))
            for name, place in places.items()
            if integer[place].any()
        }
        if basis is None or not self.columns or not whole:
            return replace(self, whole=whole)
        ended = Start.from_basis(problem, basis)
        return replace(self, whole=whole, plan_columns=ended.columns, plan_rows=ended.rows)

    @property
    def of_plan(self) -> Start | None:
        """Where the program with integers fixed ended; None where that is not known."""
        return Start(self.plan_columns, self.plan_rows) if self.plan_columns else None

    def whole_on(self, problem: ArrayProblem) -> Floats | None:
        """Return the plan's integers for the integer columns of another program; None where some are unknown."""
        integer = problem.columns().integer
        whole = np.full(integer.size, np.nan)
        for name in self.whole.keys() & set(problem.column_block_names):
            old, values = self.whole[name]
            at = positions(old, problem.columns_over(name))
            whole[problem.column_block(name)] = np.where(at >= 0, values[at], np.nan)
        whole = whole[integer]
        return None if not whole.size or np.isnan(whole).any() else whole

    def to_bytes(self) -> bytes:
        """Return it as a compressed NumPy archive, for a file or another process."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        for kind in _KINDS:
            blocks: Mapping[str, tuple[Index, npt.NDArray[Any]]] = getattr(self, kind)
            arrays[kind] = np.array(list(blocks), dtype=np.str_)
            for number, (over, status) in enumerate(blocks.values()):
                key = f"{kind}.{number}"
                arrays[f"{key}.status"] = status
                arrays[f"{key}.axes"] = np.array(over.axis_names, dtype=np.str_)
                for name in over.axis_names:
                    arrays[f"{key}.{name}.labels"] = np.array(over.axis(name).labels, dtype=np.str_)
                    arrays[f"{key}.{name}.codes"] = over[name]
        written = io.BytesIO()
        np.savez_compressed(written, **arrays)  # type: ignore[arg-type]
        return written.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Start:
        """Read what `to_bytes` wrote."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return cls(*(_blocks(arrays, kind) for kind in _KINDS))


_KINDS: Final = tuple(kind.name for kind in fields(Start))


def of_rows(problem: ArrayProblem, values: npt.NDArray[Any]) -> dict[str, tuple[Index, npt.NDArray[Any]]]:
    """Return numbers of a program's rows, or of its first ones, by block."""
    return {
        name: (problem.rows_over(name), values[problem.row_block(name)])
        for name in problem.row_block_names
        if problem.row_block(name).stop <= len(values)
    }


def _blocks(arrays: Any, kind: str) -> dict[str, tuple[Index, npt.NDArray[Any]]]:
    blocks = {}
    for number, name in enumerate(arrays[kind].tolist()):
        key = f"{kind}.{number}"
        status = arrays[f"{key}.status"]
        names = arrays[f"{key}.axes"].tolist()
        axes = tuple(Axis(axis, tuple(arrays[f"{key}.{axis}.labels"].tolist())) for axis in names)
        codes = tuple(arrays[f"{key}.{axis}.codes"] for axis in names)
        blocks[str(name)] = (Index(str(name), axes, codes, len(status)), status)
    return blocks


def _codes(statuses: list[Any]) -> Statuses:
    return np.array([int(status) for status in statuses], dtype=np.int8)


def _put(codes: Statuses, block: slice, over: Index, held: tuple[Index, Statuses]) -> None:
    old, status = held
    if not status.size:
        return
    at = positions(old, over)
    codes[block] = np.where(at >= 0, status[at], codes[block])
