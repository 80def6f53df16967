"""The stored program with what proves its plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.results.schema import PROOF_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from planner.base.arrays import Floats, Positions
    from planner.lp import ArrayProblem, Index, Outcome
    from planner.tables.descriptor import Field

# --- The linear program of a plan, its solution and its duals, as four plain tables ---------------
#
# With them anyone can prove again, without the model and without a solver, that no plan costs less.


@dataclass(frozen=True, eq=False)
class Proof:
    """A minimisation in standard form with a solution and the duals that prove it.

    Minimise ``offset_musd + cost @ x`` subject to ``rows.lower <= A @ x <= rows.upper`` and ``columns.lower <= x <=
    columns.upper``, where some columns are integer.
    """

    # one row: ``offset_musd``, the constant of the objective, and ``bound_by``, what the reported bound is of:
    # ``relaxation``, the program without integrality, or ``search``, branch and bound, whose tree is not stored
    program: pd.DataFrame
    # one row per row of the program: its family, a column of labels per axis, empty where the family has no such axis,
    # ``lower``, ``upper``; ``dual``, the change of the objective for one more unit on its right side while the integers
    # keep their values, nan without duals; ``bound_dual``, the dual of the relaxation from which the bound comes, nan
    # where there is no such relaxation
    rows: pd.DataFrame
    columns: pd.DataFrame  # one row per column: family, labels, ``cost``, ``lower``, ``upper``, ``integer``, ``x``
    matrix: pd.DataFrame  # the non-zeros: ``row``, ``column``, ``value``

    def __post_init__(self) -> None:
        for name, schema in PROOF_TABLES.items():
            for field in schema.fields:
                _check_column(name, self.tables[name], field)
        if len(self.program) != 1:
            raise ValueError(f"table program has {len(self.program)} rows, not one")
        for column, count in (("row", len(self.rows)), ("column", len(self.columns))):
            place = self.matrix[column].to_numpy()
            if len(place) and not 0 <= place.min() <= place.max() < count:
                raise ValueError(f"table matrix names a {column} that is none of {count}")

    @classmethod
    def of_tables(cls, tables: Mapping[str, pd.DataFrame]) -> Proof:
        """Return the proof that tables by name hold."""
        missing = [name for name in PROOF_TABLES if name not in tables]
        if missing:
            raise ValueError(f"there is no table {', '.join(missing)}")
        return cls(**{name: tables[name] for name in PROOF_TABLES})

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The four tables by name."""
        return {name: getattr(self, name) for name in PROOF_TABLES}

    # --- arrays -------------------------------------------------------------------------

    @property
    def offset_musd(self) -> float:
        """Constant of the objective. [MUSD]"""
        return float(self.program["offset_musd"].iloc[0])

    @property
    def bound_by(self) -> str:
        """``relaxation`` or ``search``."""
        return str(self.program["bound_by"].iloc[0])

    @cached_property
    def has_duals(self) -> bool:
        """Whether the solver gave any dual, were it a wrong one."""
        return bool(self.rows["dual"].notna().any()) or not len(self.rows)

    @property
    def has_bound_duals(self) -> bool:
        """Whether there are duals of the relaxation."""
        return bool(self.rows["bound_dual"].notna().any())

    def row(self, name: str) -> Floats:
        """Return a number per row: ``lower``, ``upper``, ``dual`` or ``bound_dual``."""
        return self.rows[name].to_numpy(dtype=np.float64)

    def column(self, name: str) -> Floats:
        """Return a number per column: ``cost``, ``lower``, ``upper`` or ``x``."""
        return self.columns[name].to_numpy(dtype=np.float64)

    @property
    def is_integer(self) -> NDArray[np.bool_]:
        """Whether a column must be an integer."""
        return self.columns["integer"].to_numpy(dtype=np.bool_)

    def terms(self) -> tuple[Positions, Positions, Floats]:
        """Return row, column and value of every non-zero."""
        row, column = (self.matrix[name].to_numpy(dtype=np.intp) for name in ("row", "column"))
        return row, column, self.matrix["value"].to_numpy(dtype=np.float64)


def _check_column(table: str, frame: pd.DataFrame, column: Field) -> None:
    if column.name not in frame.columns:
        raise ValueError(f"table {table} has no column {column.name}")
    dtype = frame[column.name].dtype
    is_text = isinstance(dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(dtype)
    is_alike = getattr(dtype, "kind", "") == np.dtype(column.dtype).kind
    if not (is_text if column.type == "string" else is_alike):
        raise ValueError(f"column {column.name} of table {table} is {dtype}")


# --- The proof of a plan: its program, solution and duals, with the labels of every row and column ---


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
