"""The mean of all futures: a program whose numbers are the weighted means of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.lp import Columns, Matrix, RowBounds
from planner.lp.change import Arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.lp import ArrayProblem
    from planner.model import Model

__all__ = ["have_a_mean", "mean_of"]


def have_a_mean(models: Sequence[Model], orders: Sequence[pd.DataFrame]) -> bool:
    """Return whether the programs have the same rows, columns and dates of orders."""
    first, own = models[0].problem, orders[0]
    return all(
        _is_alike(first, model.problem) and own.equals(other)
        for model, other in zip(models[1:], orders[1:], strict=True)
    )


def mean_of(models: Sequence[Model], weights: Floats) -> Arrays:
    """Return the program whose numbers are the weighted means of those of like programs."""
    arrays = [Arrays.from_problem(model.problem) for model in models]
    columns, rows = [one.columns for one in arrays], [one.rows for one in arrays]
    first = columns[0]

    def mean(parts: list[Floats]) -> Floats:
        return np.asarray(sum(weight * part for weight, part in zip(weights, parts, strict=True)))

    matrix = Matrix.of_terms(
        np.concatenate([one.matrix.row_of_value() for one in arrays]),
        np.concatenate([one.matrix.column for one in arrays]),
        np.concatenate([weight * one.matrix.value for weight, one in zip(weights, arrays, strict=True)]),
        (arrays[0].matrix.rows, arrays[0].matrix.columns),
    )
    return Arrays(
        Columns(
            mean([one.cost for one in columns]),
            mean([one.lower for one in columns]),
            mean([one.upper for one in columns]),
            np.zeros_like(first.integer),
            float(np.dot(weights, [one.offset for one in columns])),
        ),
        matrix,
        RowBounds(mean([one.lower for one in rows]), mean([one.upper for one in rows])),
    )


def _is_alike(one: ArrayProblem, other: ArrayProblem) -> bool:
    return (
        one.column_block_names == other.column_block_names
        and one.row_block_names == other.row_block_names
        and all(one.columns_over(name).matches(other.columns_over(name)) for name in one.column_block_names)
        and all(one.rows_over(name).matches(other.rows_over(name)) for name in one.row_block_names)
    )
