"""A program in parts: the master, and pieces that are priced beside it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import highspy
import numpy as np
from scipy.sparse import csr_array, hstack

from planner.lp.change import Arrays, Edits
from planner.lp.engine import Engine, check, pass_model
from planner.lp.expression import added_up
from planner.lp.matrix import Matrix
from planner.lp.outcome import MOST_STEPS, SIMPLEX, Watch
from planner.lp.pieces import Pieces
from planner.lp.problem import Columns, RowBounds
from planner.lp.start import cold_steps

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp.pieces import Priced, Split

# --- The master of a split program: its own columns and rows, costs of its pieces, and cuts -------

_TOLERANCE: Final = 1e-9  # [-]; of rows and prices: the cuts of a thousand pieces add up
_FROM_BASIS: Final[Mapping[str, str | int]] = {
    **SIMPLEX,
    "simplex_dual_edge_weight_strategy": 1,
    "simplex_scale_strategy": 0,
}
"""How a solve goes on from the last basis: by Devex weights, on numbers as they are.

HiGHS drops weights of steepest edges when cuts are added, and computes them again row by row before
its first step, for 2 s of hourly `us-base`; Devex needs none, and without scaling takes up to
twice their steps where cuts are many and no more where they are few.
"""
_FROM_NOTHING: Final[Mapping[str, str | int]] = {
    "solver": "ipx",
    "simplex_dual_edge_weight_strategy": -1,
    "simplex_scale_strategy": 2,
}
_LOOSELY: Final[Mapping[str, str | float]] = {**_FROM_NOTHING, "run_crossover": "off", "ipm_optimality_tolerance": 0.1}
"""How a master that knows no cut is solved: to the middle of what is nearly as good.

HiGHS misses rows by 5e-6 to 2e-5 there; it ends where its first steps do, whatever the tolerance.
"""
_MISSED_LOOSELY: Final = 1e-4  # units of a row or column: hourly `us-base` misses 2e-5
_TO_THE_END: Final[Mapping[str, str | float]] = {"run_crossover": "on", "ipm_optimality_tolerance": 1e-8}
_NO_BOUND: Final = -1e9
"""Least cost of a piece until a cut says better: in units of the objective, which are MUSD, or the
kt or m3 that a frontier makes least."""
_SLACK: Final = 2.0  # [-]
"""A solve from the last basis is given up after this many times the simplex steps that a solve
without a basis takes: so it never takes more than three times as long as that one alone. Steps
count, not seconds, so that each run does the same."""


class Master:
    """A linear program in HiGHS that learns from cuts what the pieces cost."""

    def __init__(self, arrays: Arrays, columns: Positions, rows: Positions, least: Floats, costs_of: Any) -> None:
        self._columns, self._rows, self._costs_of = columns, rows, costs_of
        self._least = np.maximum(least, _NO_BOUND)
        self._engine = Engine({"primal_feasibility_tolerance": _TOLERANCE, "dual_feasibility_tolerance": _TOLERANCE})
        self._highs = self._engine.highs
        self._piece_of_cut = np.empty(0, dtype=np.intp)
        self._cuts: list[Any] = []  # coefficients, as many at a time as were added
        self._is_cut = np.zeros(rows.size, dtype=np.bool_)  # of every row that HiGHS holds
        self._held = self._of(arrays)
        pass_model(self._highs, self._held)
        self._has_basis = False
        self.iterations = 0

    @property
    def cuts(self) -> int:
        """Number of cuts."""
        return int(self._piece_of_cut.size)

    def _of(self, arrays: Arrays) -> Arrays:
        """Return columns, costs of pieces and rows of the master, without cuts."""
        whole = arrays.matrix
        sparse = csr_array((whole.value, whole.column, whole.start), shape=(whole.rows, whole.columns))
        own = sparse[self._rows][:, self._columns].tocsr()
        of_pieces, given = np.ones(self._least.size), arrays.columns
        columns = Columns(
            np.concatenate((given.cost[self._columns], of_pieces)),
            np.concatenate((given.lower[self._columns], self._least)),
            np.concatenate((given.upper[self._columns], np.inf * of_pieces)),
            np.zeros(self._columns.size + of_pieces.size, dtype=np.bool_),
            given.offset,
        )
        matrix = Matrix(len(columns.cost), own.indptr.astype(np.int32), own.indices.astype(np.int32), own.data)
        rows = RowBounds(arrays.rows.lower[self._rows], arrays.rows.upper[self._rows])
        return Arrays(columns, matrix, rows)

    def take(self, arrays: Arrays, new_rows: Positions) -> None:
        """Go on with other costs and bounds, and with more rows; the cuts stay."""
        before, old_rows = self._held, self._rows.size
        self._rows = np.concatenate((self._rows, new_rows))
        self._held = new = self._of(arrays)
        self._engine.send(new, Edits.between(before, new), np.flatnonzero(~self._is_cut).astype(np.int32))
        if new_rows.size:
            self._engine.add_rows(new, old_rows)
            self._is_cut = np.concatenate((self._is_cut, np.zeros(new_rows.size, dtype=np.bool_)))

    def add_cuts(self, constant: Floats, slope: Any, is_new: Bools) -> None:
        """Add for some pieces that they cost no less than their duals prove."""
        piece = np.flatnonzero(is_new)
        cuts = hstack([-slope[piece], self._costs_of[piece]]).tocsr()
        self._cuts.append(cuts)
        added = self._highs.addRows(
            piece.size,
            constant[piece],
            np.full(piece.size, np.inf),
            cuts.nnz,
            cuts.indptr[:-1].astype(np.int32),
            cuts.indices.astype(np.int32),
            cuts.data,
        )
        check(added, "take cuts")
        self._piece_of_cut = np.concatenate((self._piece_of_cut, piece))
        self._is_cut = np.concatenate((self._is_cut, np.ones(piece.size, dtype=np.bool_)))

    def run(
        self,
        seconds: float,
        interrupt: threading.Event | None,
        threads: int,
        *,
        strictly: bool = False,
        loosely: bool = False,
    ) -> Any:
        """Solve from the last basis, or by interior point without one or where that takes too many steps. [s]

        Strictly, bounds are met to 1e-10; `loosely` is of `_loosely`. Returns HiGHS' status.
        """
        self._engine.be_strict(strictly=strictly and not loosely)
        self._engine.watch = Watch(None, interrupt)
        self._engine.set_option("threads", threads)
        if loosely:
            return self._loosely(seconds)
        until = time.perf_counter() + seconds
        if self._has_basis:
            most = round(_SLACK * cold_steps(self._highs.getNumRow()))
            self._engine.set_options({**_FROM_BASIS, "simplex_iteration_limit": most})
            status = self._engine.run(seconds)
            self._engine.set_option("simplex_iteration_limit", MOST_STEPS)
            self.iterations += max(0, self._highs.getInfo().simplex_iteration_count)
            if status != highspy.HighsModelStatus.kIterationLimit:
                return status
        status = self._from_nothing(_FROM_NOTHING, until - time.perf_counter())
        self._has_basis = status == highspy.HighsModelStatus.kOptimal
        return status

    def _loosely(self, seconds: float) -> Any:
        """Solve by interior point to within a tenth of the optimum. [s]

        The solution is no vertex and may miss rows by 1e-4, and its objective is no bound. Status is `kOptimal` where
        there is one; any other but that of a stop says that a loose solve is of no use here, and nothing of the
        program.
        """
        self._has_basis = False
        try:
            status = self._from_nothing(_LOOSELY, seconds)
        finally:
            self._engine.set_options(_TO_THE_END)
        is_there = self._highs.getSolution().value_valid
        is_near = self._highs.getInfo().max_primal_infeasibility <= _MISSED_LOOSELY
        if status == highspy.HighsModelStatus.kUnknown and is_there and is_near:
            return highspy.HighsModelStatus.kOptimal  # not known to be by HiGHS' own tolerances
        return status

    def _from_nothing(self, options: Mapping[str, str | float], seconds: float) -> Any:
        check(self._highs.clearSolver(), "clear the last solution")
        self._engine.set_options(options)
        status = self._engine.run(seconds)
        info = self._highs.getInfo()
        self.iterations += max(0, info.ipm_iteration_count)
        self.iterations += max(0, info.simplex_iteration_count)
        return status

    def forget_basis(self) -> None:
        """Begin the next solve by interior point, with the cuts there are."""
        self._has_basis = False

    @property
    def objective(self) -> float:
        """Objective of the last solve."""
        return float(self._highs.getInfo().objective_function_value)

    def own_cost(self, x: Floats) -> float:
        """Return what columns of the master cost, with the objective's constant."""
        columns = self._held.columns
        return columns.offset + float(columns.cost[: x.size] @ x)

    def solution(self) -> tuple[Floats, Floats]:
        """Return the columns of the last solve, and the cost that it foretells of each piece."""
        value = np.array(self._highs.getSolution().col_value)
        return value[: self._columns.size], self._costs_of @ value[self._columns.size :]

    def rests_on_no_bound(self) -> bool:
        """Return whether no piece costs as little as is assumed where nothing is known."""
        cost = np.array(self._highs.getSolution().col_value)[self._columns.size :]
        return not ((cost <= 0.5 * _NO_BOUND) & (self._least == _NO_BOUND)).any()

    def duals(self) -> tuple[Floats, Floats]:
        """Return the dual of every row of the master, and of every cut."""
        dual = self._engine.row_duals(self._reduced_costs)
        return dual[~self._is_cut], dual[self._is_cut]

    def _reduced_costs(self, dual: Floats) -> Floats:
        """Return the reduced cost of every column of HiGHS by duals of its rows, and its cuts."""
        reduced, of_cuts = self._held.reduced_costs(dual[~self._is_cut]), dual[self._is_cut]
        for cuts in self._cuts:
            own, of_cuts = np.split(of_cuts, [cuts.shape[0]])
            reduced -= cuts.T @ own
        return reduced

    @property
    def rows(self) -> Positions:
        """Rows of the whole program that the master holds, in the order of their duals."""
        return self._rows

    @property
    def piece_of_cut(self) -> Positions:
        """Piece of every cut."""
        return self._piece_of_cut


# --- A split program: its pieces, its master, and the duals behind every cut between them ---------

_NO_SHARE: Final = 1e-9  # [-]; price of a cut that does not bind
_MOST_KEPT: Final = 8
"""Most cuts of a piece that are kept for other programs."""


@dataclass(eq=False)
class Parts:
    """A program in parts, and the duals behind every cut of its master.

    Where pieces share a place, each piece has costs of its own for it.
    """

    whole: Arrays
    split: Split
    pieces: Pieces
    master: Master
    dual_of_round: list[Floats] = field(default_factory=list)
    round_of_cut: list[Positions] = field(default_factory=list)

    @classmethod
    def from_arrays(cls, arrays: Arrays, split: Split, within: Split | None = None) -> Parts:
        """Split a program."""
        pieces = Pieces(arrays, split, within)
        every = np.arange(pieces.priced)
        piece = np.concatenate((every, pieces.piece_of_place))
        cost = np.concatenate((every, every[pieces.count :]))
        costs_of = csr_array((np.ones(piece.size), (piece, cost)), shape=(every.size, every.size))
        rows = np.flatnonzero(split.piece_of_row < 0)
        return cls(arrays, split, pieces, Master(arrays, pieces.master_columns, rows, pieces.least(), costs_of))

    def take(self, new: Arrays) -> bool:
        """Go on with a program that differs in the master alone; return whether it is such, else nothing changes."""
        if new is self.whole:
            return True
        edits, rows = Edits.between(self.whole, new), self.whole.matrix.rows
        if edits.change.is_new_shape or edits.change.coefficients:
            return False
        columns = np.concatenate((edits.costs, edits.columns, new.matrix.column[new.matrix.start[rows] :]))
        if (self.split.piece_of_column[columns] >= 0).any() or (self.split.piece_of_row[edits.rows] >= 0).any():
            return False
        new_rows = np.arange(rows, new.matrix.rows)
        self.master.take(new, new_rows)
        self.whole = new
        self.split = self.split.with_rows(new_rows.size)
        return True

    def add_cuts(self, priced: Priced, is_new: Bools) -> None:
        """Add cuts of some pieces to the master, and keep the duals behind them."""
        self._add(priced.constant, priced.slope, is_new, priced.dual)

    def _add(self, constant: Floats, slope: Any, is_new: Bools, dual: Floats) -> None:
        self.master.add_cuts(constant, slope, is_new)
        number = len(self.dual_of_round)
        self.round_of_cut.append(np.full(int(is_new.sum()), number, dtype=np.intp))
        self.dual_of_round.append(dual)

    def start_with(self, duals: Floats) -> None:
        """Add the cuts that duals of a like program prove here too."""
        for dual in duals[self.pieces.rows].T:
            constant, slope, is_proof = self.pieces.proven(dual)
            self._add(constant, slope, is_proof & self._says_most(dual), dual)

    def _says_most(self, dual: Floats) -> Bools:
        """Return which cuts of the same duals say most: a piece's where a row of no place has one, or its places'."""
        pieces = self.pieces
        rows, piece, own, count = pieces.rows, pieces.piece_of_row, pieces.own_rows, pieces.count
        has_dual = np.zeros(pieces.priced, dtype=np.bool_)
        has_dual[piece[dual != 0.0]] = True
        if not pieces.piece_of_place.size:
            return has_dual
        of_pieces = np.zeros(count, dtype=np.bool_)
        of_pieces[piece[:own][(dual[:own] != 0.0) & ~np.isin(rows[:own], rows[own:])]] = True
        return np.concatenate((of_pieces, has_dual[count:] & ~of_pieces[pieces.piece_of_place]))

    def binding(self) -> Floats:
        """Return the duals behind cuts that bind in the last master, rows by cuts of a piece, highest prices first."""
        pieces, (_, of_cuts) = self.pieces, self.master.duals()
        cut = np.flatnonzero(of_cuts > _NO_SHARE)
        cut = cut[np.lexsort((-of_cuts[cut], self.master.piece_of_cut[cut]))]
        piece = self.master.piece_of_cut[cut]
        kept = np.arange(cut.size) - np.searchsorted(piece, piece)
        cut, piece, kept = (of[kept < _MOST_KEPT] for of in (cut, piece, kept))
        kept += np.where(piece < pieces.count, 0, kept[piece < pieces.count].max(initial=-1) + 1)
        made = np.concatenate([np.empty(0, dtype=np.intp), *self.round_of_cut])[cut]
        duals = np.zeros((len(self.whole.rows.lower), kept.max(initial=-1) + 1))
        for number in range(duals.shape[1]):
            round_of = np.full(pieces.priced, -1, dtype=np.intp)
            round_of[piece[kept == number]] = made[kept == number]
            of_row = round_of[pieces.piece_of_row]
            for at in np.unique(of_row[of_row >= 0]):
                rows = np.flatnonzero(of_row == at)
                duals[pieces.rows[rows], number] = self.dual_of_round[at][rows]
        return duals

    def plan(self, x: Floats, y: Floats) -> Floats:
        """Return the columns of the whole program."""
        plan = np.empty(len(self.whole.columns.cost))
        plan[self.pieces.master_columns], plan[self.pieces.columns[: y.size]] = x, y
        return plan

    def duals(self) -> Floats:
        """Return the duals of the whole program: cuts of a piece that bind share its rows' as they share its price."""
        dual = np.zeros(len(self.whole.rows.lower))
        of_rows, of_cuts = self.master.duals()
        dual[self.master.rows] = of_rows
        if self.master.cuts:
            piece, made = self.master.piece_of_cut, np.concatenate(self.round_of_cut)
            of_pieces = np.zeros(self.pieces.rows.size)
            for number, of_round in enumerate(self.dual_of_round):
                price = np.where(made == number, of_cuts, 0.0)
                share = np.bincount(piece, price, self.pieces.priced)
                of_pieces += share[self.pieces.piece_of_row] * of_round
            dual += added_up(of_pieces, self.pieces.rows, dual.size)
        return dual
