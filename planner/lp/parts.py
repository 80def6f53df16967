"""A split program: its pieces, its master, and the duals behind every cut between them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse import csr_array, eye_array, vstack

from planner.lp.expression import added_up
from planner.lp.master import Master
from planner.lp.pieces import Pieces

if TYPE_CHECKING:
    import threading

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp.change import Arrays
    from planner.lp.pieces import Priced, Split

_NO_SHARE: Final = 1e-9  # [-]; price of a cut that does not bind
_MOST_KEPT: Final = 8
"""Most cuts of a piece that are kept for other programs."""


@dataclass(eq=False)
class Parts:
    """A program in parts, and the duals behind every cut of its master.

    A cut of a piece with many places says little of each, so its places are priced apart too,
    without the rows that couple them: each has a cost of its own in the master, and the piece
    costs what its places do and something more.
    """

    whole: Arrays
    split: Split
    pieces: Pieces
    places: Pieces | None
    piece_of_place: Positions
    master: Master
    dual_of_round: list[Floats] = field(default_factory=list)
    round_of_cut: list[Positions] = field(default_factory=list)

    @classmethod
    def from_arrays(cls, arrays: Arrays, split: Split, within: Split | None = None) -> Parts:
        """Split a program."""
        pieces = Pieces(arrays, split)
        rows = np.flatnonzero(split.piece_of_row < 0)
        least, costs_of, places = pieces.least(), eye_array(pieces.count, format="csr"), None
        whole = np.zeros(0 if within is None else within.pieces, dtype=np.intp)
        if within is not None:
            places = Pieces(arrays, within, pieces.master_columns)
            whole[places.piece_of_column] = split.piece_of_column[places.columns]
            every = np.arange(pieces.count + places.count)
            piece = np.concatenate((every, whole))
            cost = np.concatenate((every, pieces.count + np.arange(places.count)))
            ones = np.ones(piece.size)
            costs_of = csr_array((ones, (piece, cost)), shape=(every.size, every.size))
            rest = pieces.least(within.piece_of_column[pieces.columns] < 0)
            least = np.concatenate((rest, places.least()))
        master = Master(arrays, pieces.master_columns, rows, least, costs_of)
        return cls(arrays, split, pieces, places, whole, master)

    def solve_at(
        self, x: Floats, seconds: float = np.inf, interrupt: threading.Event | None = None, threads: int = 1
    ) -> Priced | None:
        """Price all pieces, then their places, at a trial of the master, as `Pieces.solve_at`."""
        until = time.perf_counter() + seconds
        priced = self.pieces.solve_at(x, seconds, interrupt, threads)
        if priced is None or self.places is None:
            return priced
        left_s = max(0.0, until - time.perf_counter())
        of_places = self.places.solve_at(x, left_s, interrupt, threads)
        if of_places is None:
            return None
        constant, slope, is_proof = _stacked(*((p.constant, p.slope, p.is_proof) for p in (priced, of_places)))
        dual = np.concatenate((priced.dual, of_places.dual))
        return replace(priced, dual=dual, constant=constant, slope=slope, is_proof=is_proof)

    def raise_penalty(self) -> None:
        """Make what is missed ten times as expensive."""
        self.pieces.raise_penalty()
        if self.places is not None:
            self.places.raise_penalty()

    def take(self, new: Arrays) -> bool:
        """Go on with a program that differs in the master alone; return whether it is such.

        Where it is not, nothing changes.
        """
        old, rows = self.whole, len(self.whole.rows.lower)
        if new is old:
            return True
        if new.matrix.columns != old.matrix.columns or new.matrix.rows < rows:
            return False
        head = new.head(rows) if new.matrix.rows > rows else new
        added = new.matrix.column[new.matrix.start[rows] :]
        columns = np.concatenate((old.changed_costs(head), old.changed_column_bounds(head), added))
        is_of_pieces = (self.split.piece_of_column[columns] >= 0).any() or (
            self.split.piece_of_row[old.changed_row_bounds(head)] >= 0
        ).any()
        if is_of_pieces or old.changed_coefficients(head):
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
        for dual in duals[self._rows].T:
            constant, slope, is_proof = self._proven(dual)
            self._add(constant, slope, is_proof & self._says_most(dual), dual)

    def _says_most(self, dual: Floats) -> Bools:
        """Return which cuts of the same duals say most.

        That of a piece where a row that is of none of its places has a dual, or else those of its
        places.
        """
        rows, piece, own = self._rows, self._piece_of_row, self.pieces.rows.size
        has_dual = np.zeros(self.master.priced, dtype=np.bool_)
        has_dual[piece[dual != 0.0]] = True
        if self.places is None:
            return has_dual
        of_pieces = np.zeros(self.pieces.count, dtype=np.bool_)
        of_pieces[piece[:own][(dual[:own] != 0.0) & ~np.isin(rows[:own], rows[own:])]] = True
        return np.concatenate((of_pieces, has_dual[of_pieces.size :] & ~of_pieces[self.piece_of_place]))

    @property
    def _rows(self) -> Positions:
        """Rows of all pieces, then those of their places."""
        rows = self.pieces.rows
        return rows if self.places is None else np.concatenate((rows, self.places.rows))

    @property
    def _piece_of_row(self) -> Positions:
        """Piece of each of these rows; places are numbered after the pieces."""
        piece = self.pieces.piece_of_row
        if self.places is None:
            return piece
        return np.concatenate((piece, self.pieces.count + self.places.piece_of_row))

    def _proven(self, dual: Floats) -> tuple[Floats, Any, Bools]:
        of_pieces = self.pieces.proven(dual[: self.pieces.rows.size])
        if self.places is None:
            return of_pieces
        return _stacked(of_pieces, self.places.proven(dual[self.pieces.rows.size :]))

    def binding(self) -> Floats:
        """Return the duals behind the cuts that bind in the last master, rows by cuts of a piece.

        Of each piece those with the highest price come first, and at most some.
        """
        bound = [self._binding(self.pieces, 0)]
        if self.places is not None:
            bound.append(self._binding(self.places, self.pieces.count))
        return np.hstack(bound)

    def _binding(self, pieces: Pieces, first: int) -> Floats:
        """Return those of some pieces, of which the first has a number."""
        _, of_cuts = self.master.duals()
        number = self.master.piece_of_cut - first
        cut = np.flatnonzero((of_cuts > _NO_SHARE) & (number >= 0) & (number < pieces.count))
        piece = number[cut]
        order = np.lexsort((-of_cuts[cut], piece))
        cut, piece = cut[order], piece[order]
        place = np.arange(cut.size) - np.searchsorted(piece, piece)
        made = np.concatenate(self.round_of_cut) if self.round_of_cut else cut
        duals = np.zeros((len(self.whole.rows.lower), min(place.max(initial=-1) + 1, _MOST_KEPT)))
        before = 0 if first == 0 else self.pieces.rows.size
        for kept in range(duals.shape[1]):
            round_of = np.full(pieces.count, -1, dtype=np.intp)
            is_here = place == kept
            round_of[piece[is_here]] = made[cut[is_here]]
            of_row = round_of[pieces.piece_of_row]
            for at in np.unique(of_row[of_row >= 0]):
                rows = np.flatnonzero(of_row == at)
                duals[pieces.rows[rows], kept] = self.dual_of_round[at][before + rows]
        return duals

    def plan(self, x: Floats, y: Floats) -> Floats:
        """Return the columns of the whole program."""
        plan = np.empty(len(self.whole.columns.cost))
        plan[self.pieces.master_columns], plan[self.pieces.columns] = x, y
        return plan

    def duals(self) -> Floats:
        """Return the duals of the whole program that the last solve of the master stands for.

        The cuts of a piece that bind share its rows' duals as they share the price of its cost.
        """
        dual = np.zeros(len(self.whole.rows.lower))
        of_rows, of_cuts = self.master.duals()
        dual[self.master.rows] = of_rows
        if self.master.cuts:
            piece, made = self.master.piece_of_cut, np.concatenate(self.round_of_cut)
            rows, piece_of_row = self._rows, self._piece_of_row
            of_pieces = np.zeros(rows.size)
            for number, of_round in enumerate(self.dual_of_round):
                price = np.where(made == number, of_cuts, 0.0)
                share = np.bincount(piece, price, self.master.priced)
                of_pieces += share[piece_of_row] * of_round
            dual += added_up(of_pieces, rows, dual.size)
        return dual


def _stacked(of_pieces: tuple[Floats, Any, Bools], of_places: tuple[Floats, Any, Bools]) -> tuple[Floats, Any, Bools]:
    """Return what is proven of pieces, then of their places."""
    (constant, slope, is_proof), (more, steeper, proves) = of_pieces, of_places
    return (np.concatenate((constant, more)), vstack([slope, steeper]).tocsr(), np.concatenate((is_proof, proves)))
