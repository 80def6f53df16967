"""Which columns of a program fall into pieces that are independent once the others are fixed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Positions
    from planner.lp.matrix import Matrix

__all__ = ["Split"]


@dataclass(frozen=True, eq=False)
class Split:
    """The piece of every column and row; those of the master have none."""

    pieces: int  # number of pieces
    piece_of_column: Positions  # piece of each, -1 for the master
    piece_of_row: Positions

    @classmethod
    def from_matrix(cls, matrix: Matrix, is_local: Bools, is_apart: Bools | None = None) -> Split:
        """Split a program by columns that may be left to pieces."""
        row = matrix.row_of_value()
        is_in = is_local[matrix.column]
        at = np.flatnonzero(is_in if is_apart is None else is_in & ~is_apart[row])
        columns, rows = matrix.columns, matrix.rows
        size = columns + rows
        ends = (matrix.column[at], columns + row[at])
        graph = coo_array((np.ones(at.size, dtype=np.int8), ends), shape=(size, size))
        label = connected_components(graph, directed=False)[1]
        has_end = np.zeros(size, dtype=np.bool_)
        has_end[ends[0]] = has_end[ends[1]] = True
        _, first, inverse = np.unique(label[has_end], return_index=True, return_inverse=True)
        number = np.empty(first.size, dtype=np.intp)
        number[np.argsort(first)] = np.arange(first.size)
        piece = np.full(size, -1, dtype=np.intp)
        piece[has_end] = number[inverse]
        return cls(int(first.size), piece[:columns], piece[columns:])

    def within(self, matrix: Matrix, is_local: Bools, is_apart: Bools) -> Split | None:
        """Split pieces further by leaving out rows that couple their parts."""
        if not is_apart[self.piece_of_row >= 0].any():
            return None
        finer = Split.from_matrix(matrix, is_local, is_apart)
        is_in = finer.piece_of_column >= 0
        whole = np.zeros(finer.pieces, dtype=np.intp)
        whole[finer.piece_of_column[is_in]] = self.piece_of_column[is_in]
        is_part = np.bincount(whole, minlength=self.pieces)[whole] > 1
        if not is_part.any():
            return None
        number = np.append(np.where(is_part, np.cumsum(is_part) - 1, -1), -1)
        return Split(int(is_part.sum()), number[finer.piece_of_column], number[finer.piece_of_row])

    def sizes(self, matrix: Matrix) -> Positions:
        """Return how many coefficients the rows of each piece have."""
        is_in = self.piece_of_row >= 0
        return np.asarray(
            np.bincount(self.piece_of_row[is_in], np.diff(matrix.start)[is_in], self.pieces).astype(np.intp)
        )

    def with_rows(self, count: int) -> Split:
        """Return the split with so many rows of the master added below."""
        below = np.full(count, -1, dtype=np.intp)
        return replace(self, piece_of_row=np.concatenate((self.piece_of_row, below)))
