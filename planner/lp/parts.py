"""A split program: its pieces, its master, and the duals behind every cut between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.lp.master import Master
from planner.lp.piece_programs import PiecePrograms
from planner.lp.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp.change import Arrays
    from planner.lp.piece_programs import PieceArrays, PieceSolver
    from planner.lp.pieces import Priced
    from planner.lp.split import Split

__all__ = ["Parts"]

_NO_SHARE: Final = 1e-9  # [-]; price of a cut that does not bind
_MOST_KEPT: Final = 8
"""Most cuts of a piece that are kept for other programs."""


@dataclass(eq=False)
class Parts:
    """A program in parts, and the duals behind every cut of its master."""

    whole: Arrays
    split: Split
    pieces: Pieces
    master: Master
    dual_of_round: list[Floats] = field(default_factory=list)
    round_of_cut: list[Positions] = field(default_factory=list)

    @classmethod
    def from_arrays(
        cls,
        arrays: Arrays,
        split: Split,
        solver: Callable[[PieceArrays], PieceSolver] = PiecePrograms,
    ) -> Parts:
        """Split a program; its pieces are solved by what `solver` makes."""
        pieces = Pieces(arrays, split, solver)
        rows = np.flatnonzero(split.piece_of_row < 0)
        return cls(arrays, split, pieces, Master(arrays, pieces.master_columns, rows, pieces.least))

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
        """Add the cuts that duals of a like program prove here too.

        Parameters
        ----------
        duals : array of float
            Rows of the whole program by cuts of a piece; 0 where a piece has no more of them.
        """
        for dual in duals[self.pieces.rows].T:
            constant, slope, is_proof = self.pieces.proven(dual)
            has_dual = np.zeros(self.pieces.count, dtype=np.bool_)
            has_dual[self.split.piece_of_row[self.pieces.rows[dual != 0.0]]] = True
            self._add(constant, slope, is_proof & has_dual, dual)

    def binding(self) -> Floats:
        """Return the duals behind the cuts that bind in the last master, rows by cuts of a piece.

        Of each piece those with the highest price come first, and at most some.
        """
        _, of_cuts = self.master.duals()
        cut = np.flatnonzero(of_cuts > _NO_SHARE)
        piece = self.master.piece_of_cut[cut]
        order = np.lexsort((-of_cuts[cut], piece))
        cut, piece = cut[order], piece[order]
        place = np.arange(cut.size) - np.searchsorted(piece, piece)
        made = np.concatenate(self.round_of_cut) if self.round_of_cut else cut
        duals = np.zeros((len(self.whole.rows.lower), min(place.max(initial=-1) + 1, _MOST_KEPT)))
        piece_of_row = self.split.piece_of_row[self.pieces.rows]
        for number in range(duals.shape[1]):
            round_of = np.full(self.pieces.count, -1, dtype=np.intp)
            is_here = place == number
            round_of[piece[is_here]] = made[cut[is_here]]
            of_row = round_of[piece_of_row]
            for at in np.unique(of_row[of_row >= 0]):
                rows = np.flatnonzero(of_row == at)
                duals[self.pieces.rows[rows], number] = self.dual_of_round[at][rows]
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
            of_pieces = np.zeros(self.pieces.rows.size)
            for number, of_round in enumerate(self.dual_of_round):
                share = np.bincount(
                    piece, np.where(made == number, of_cuts, 0.0), self.pieces.count
                )
                of_pieces += share[self.split.piece_of_row[self.pieces.rows]] * of_round
            dual[self.pieces.rows] = of_pieces
        return dual
