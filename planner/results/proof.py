"""The proof of a plan: its program, solution and duals, with the labels of every row and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.results.program_tables import Proof

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.lp import ArrayProblem, Index, Outcome


__all__ = ["read_proof"]


def read_proof(problem: ArrayProblem, outcome: Outcome) -> Proof:
    """Put together a program and what proves the plan that was found for it."""
    columns, matrix, bounds = problem.columns(), problem.matrix(), problem.row_bounds()
    unknown = np.full(matrix.rows, np.nan)
    of_bound = outcome.bound_row_dual
    if of_bound is not None:  # rows that were added later had no part in the relaxation
        of_bound = np.concatenate((of_bound, np.zeros(matrix.rows - len(of_bound))))
    rows = pd.DataFrame(
        {
            **_labels([(n, problem.rows_over(n)) for n in problem.row_block_names], matrix.rows),
            "lower": bounds.lower,
            "upper": bounds.upper,
            "dual": outcome.row_dual if outcome.has_duals else unknown,
            "bound_dual": unknown if of_bound is None else of_bound,
        }
    )
    decisions = pd.DataFrame(
        {
            **_labels([(n, problem.columns_over(n)) for n in problem.column_block_names], matrix.columns),
            "cost": columns.cost,
            "lower": columns.lower,
            "upper": columns.upper,
            "integer": columns.integer,
            "x": outcome.x,
        }
    )
    places = {"row": matrix.row_of_value(), "column": matrix.column, "value": matrix.value}
    program = {"offset_musd": [columns.offset], "bound_by": [outcome.bound_by]}
    return Proof(pd.DataFrame(program), rows, decisions, pd.DataFrame(places))


def _labels(blocks: Sequence[tuple[str, Index]], count: int) -> dict[str, pd.Categorical]:
    """Return the family and the labels of every row or column, as few codes."""
    sizes = [over.size for _, over in blocks]
    names = [name for name, _ in blocks]
    block = np.concatenate((np.repeat(np.arange(len(blocks)), sizes), np.full(count, -1)))[:count]
    result = {"family": pd.Categorical.from_codes(block, pd.Index(names, dtype="str"))}
    for name in dict.fromkeys(axis for _, over in blocks for axis in over.axis_names):
        codes, known = np.full(count, -1, dtype=np.int32), dict[str, int]()
        for (_, over), end in zip(blocks, np.cumsum(sizes, dtype=np.intp), strict=True):
            if name in over.axis_names:
                labels = over.axis(name).labels
                place = [known.setdefault(label, len(known)) for label in labels]
                codes[end - over.size : end] = np.array(place, dtype=np.int32)[over[name]]
        result[name] = pd.Categorical.from_codes(codes, pd.Index(list(known), dtype="str"))
    return result
