"""Programs of pieces in HiGHS, each of which goes on from where its last solve ended."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np
from scipy.sparse import coo_array, hstack

from planner.base.errors import SolverError
from planner.lp.engine import check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Bools, Floats, Positions

__all__ = ["PieceArrays", "PiecePrograms"]

_TOLERANCE: Final = 1e-9  # [-]; of each piece: what a thousand of them miss adds up
_MOST_KEPT: Final = 3_500_000
"""Rows and columns of all pieces of a process up to which HiGHS keeps each, warm: each takes some
800 bytes, coefficients few of them. Above, a piece is given to HiGHS for every solve, with the
basis that it ended with."""
_OFF: Final = 1e-6
"""Units of its rows that a piece may miss beside those it pays for: of HiGHS' tolerances."""
_LONG: Final = 1000
"""Rows of a piece from which on its solve is looked into, to stop it: shorter ones end at once."""
_OPTIONS: Final[Mapping[str, bool | str | int | float]] = {
    "output_flag": False,
    "presolve": "off",  # pieces are small, and go on from their last basis
    "solver": "simplex",
    "threads": 1,
    "small_matrix_value": 1e-12,
    "primal_feasibility_tolerance": _TOLERANCE,
    "dual_feasibility_tolerance": _TOLERANCE,
}


@dataclass(frozen=True, eq=False)
class PieceArrays:
    """Numbers of some pieces, piece after piece."""

    matrix: Any  # coefficients of their columns in their rows
    cost: Floats  # of each column
    lower: Floats
    upper: Floats
    row_lower: Floats  # of each row, before what the master adds to it
    row_upper: Floats
    of_master: Bools  # rows that the master has a part in: these may be missed
    row_ends: Positions  # where the rows and the columns of each piece begin, and where the last one ends
    column_ends: Positions

    @property
    def count(self) -> int:
        """Number of pieces."""
        return len(self.row_ends) - 1

    def places(self, piece: int) -> tuple[slice, slice]:
        """Return the rows and the columns of a piece."""
        return (
            slice(self.row_ends[piece], self.row_ends[piece + 1]),
            slice(self.column_ends[piece], self.column_ends[piece + 1]),
        )

    def rows_of(self, pieces: Positions) -> Positions:
        """Return the rows of some pieces, in their order."""
        return _between(self.row_ends, pieces)

    def columns_of(self, pieces: Positions) -> Positions:
        """Return the columns of some pieces, in their order."""
        return _between(self.column_ends, pieces)


class _Stop:
    """Says to HiGHS when to stop; it holds no program, which would never be let go."""

    def __init__(self) -> None:
        self._until, self._must_stop = np.inf, _never

    def take(self, seconds: float, must_stop: Callable[[], bool]) -> None:
        """Stop after so many seconds, or when asked to. [s]"""
        self._until, self._must_stop = time.perf_counter() + seconds, must_stop

    def is_due(self) -> bool:
        """Return whether to stop."""
        return self._must_stop() or time.perf_counter() >= self._until

    def on_callback(self, _kind: Any, _text: str, _seen: Any, answer: Any, _data: Any) -> None:
        """Answer HiGHS, every time: it keeps the last answer."""
        answer.user_interrupt = self.is_due()


def _clear(highs: Any) -> None:
    check(highs.clearSolver(), "forget the last basis of a piece")


def _never() -> bool:
    return False


class PiecePrograms:
    """Pieces solved by threads of this process, each in a HiGHS of its own that stays warm."""

    def __init__(self, arrays: PieceArrays) -> None:
        self._arrays = arrays
        self.y, self.dual = np.zeros(arrays.cost.size), np.zeros(arrays.row_lower.size)
        self._is_kept = arrays.row_lower.size + arrays.cost.size <= _MOST_KEPT
        self._programs: list[Any | None] = [None] * arrays.count
        self._bases: list[Any | None] = [None] * arrays.count
        self._steps = np.zeros(arrays.count, dtype=np.int64)
        self._paid = np.zeros(arrays.count)  # units of rows, by piece
        self._penalty = 0.0
        self._stop = _Stop()

    @property
    def iterations(self) -> int:
        """Steps of simplex so far."""
        return int(self._steps.sum())

    def solve(
        self,
        pieces: Positions,
        shift: Floats,
        penalty: float,
        threads: int,
        seconds: float,
        must_stop: Callable[[], bool],
    ) -> Positions:
        """Solve some pieces and return those that were solved. Takes `penalty` [MUSD per unit]."""
        self._take_penalty(penalty)
        self._stop.take(seconds, must_stop)
        low, high = self._arrays.row_lower - shift, self._arrays.row_upper - shift
        is_done = np.zeros(pieces.size, dtype=np.bool_)

        def solve_every(first: int) -> None:
            for at in range(first, pieces.size, threads):
                if self._stop.is_due():
                    return
                is_done[at] = self._solve(int(pieces[at]), low, high)

        try:
            if threads > 1:
                with ThreadPoolExecutor(threads) as pool:
                    list(pool.map(solve_every, range(threads)))  # raises what a thread raised
            else:
                solve_every(0)
            for at in np.flatnonzero(is_done & self._is_off(low, high)[pieces]):
                self._forget(int(pieces[at]))
                is_done[at] = self._solve(int(pieces[at]), low, high)
        finally:
            self._stop.take(np.inf, _never)  # HiGHS would keep who asks, and who asks keeps HiGHS
        return pieces[is_done]

    def _is_off(self, low: Floats, high: Floats) -> Bools:
        """Return pieces whose columns miss more of their rows than they pay for.

        From a basis that is nearly singular HiGHS may end with columns that its rows do not have.
        """
        value = self._arrays.matrix @ self.y
        missed = np.maximum(np.maximum(low - value, value - high), 0.0)
        of_piece = np.add.reduceat(missed, self._arrays.row_ends[:-1])
        return np.asarray(of_piece > self._paid + _OFF)

    def _forget(self, piece: int) -> None:
        """Let the next solve of a piece begin without a basis."""
        self._bases[piece] = None
        highs = self._programs[piece]
        if highs is not None:
            _clear(highs)

    def _take_penalty(self, penalty: float) -> None:
        if penalty == self._penalty:
            return
        self._penalty = penalty
        for piece, highs in enumerate(self._programs):
            if highs is None:
                continue
            _, columns = self._arrays.places(piece)
            first = columns.stop - columns.start
            which = np.arange(first, highs.getNumCol(), dtype=np.int32)
            highs.changeColsCost(which.size, which, np.full(which.size, penalty))

    def _solve(self, piece: int, low: Floats, high: Floats) -> bool:
        """Solve a piece; return whether it came to its end."""
        rows, columns = self._arrays.places(piece)
        highs = self._given_to_highs(piece)
        count = rows.stop - rows.start
        every = np.arange(count, dtype=np.int32)
        highs.changeRowsBounds(count, every, low[rows], high[rows])
        highs.run()
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kUnknown:  # as from a basis that is of no use
            _clear(highs)
            highs.run()
            status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInterrupt:
            return False
        if status != highspy.HighsModelStatus.kOptimal:
            message = f"piece {piece}: {highs.modelStatusToString(status)}"
            raise SolverError(message)
        solution = highs.getSolution()
        value, own = np.array(solution.col_value), columns.stop - columns.start
        self.y[columns], self._paid[piece] = value[:own], value[own:].sum()
        self.dual[rows] = solution.row_dual
        self._steps[piece] += highs.getInfo().simplex_iteration_count
        if not self._is_kept:
            self._bases[piece] = highs.getBasis()
        return True

    def _given_to_highs(self, piece: int) -> Any:
        """Return a piece in HiGHS, which begins where its last solve ended."""
        highs = self._programs[piece]
        if highs is None:
            highs = self._program(piece)
            if self._is_kept:
                self._programs[piece] = highs
            elif self._bases[piece] is not None:
                check(highs.setBasis(self._bases[piece]), "take the last basis of a piece")
        return highs

    def _program(self, piece: int) -> Any:
        arrays = self._arrays
        rows, columns = arrays.places(piece)
        low, high = arrays.row_lower[rows], arrays.row_upper[rows]
        may_miss = arrays.of_master[rows]
        short, over = (np.flatnonzero(may_miss & np.isfinite(low)), np.flatnonzero(may_miss & np.isfinite(high)))
        count = short.size + over.size
        sign = np.repeat([1.0, -1.0], [short.size, over.size])
        place = (np.concatenate((short, over)), np.arange(count))
        missed = coo_array((sign, place), shape=(low.size, count))
        matrix = hstack([arrays.matrix[rows][:, columns], missed]).tocsr()
        size = matrix.shape[1]
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in _OPTIONS.items():
            check(highs.setOptionValue(name, value), f"take the option {name}")
        passed = highs.passModel(
            size,
            low.size,
            matrix.nnz,
            int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMinimize),
            0.0,
            np.concatenate((arrays.cost[columns], np.full(count, self._penalty))),
            np.concatenate((arrays.lower[columns], np.zeros(count))),
            np.concatenate((arrays.upper[columns], np.full(count, np.inf))),
            low,
            high,
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
            np.zeros(size, dtype=np.int32),
        )
        check(passed, "take a piece of the program")
        if low.size >= _LONG:
            highs.setCallback(self._stop.on_callback, None)
            highs.startCallback(highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt)
        return highs


def _between(ends: Positions, pieces: Positions) -> Positions:
    """Return all places of some pieces, where each has those from one end to the next."""
    first, count = ends[pieces], np.diff(ends)[pieces]
    before = np.cumsum(count) - count
    return np.repeat(first - before, count) + np.arange(count.sum())
