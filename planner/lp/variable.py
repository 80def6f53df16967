"""Variables and names of rows and columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from planner.lp.expression import Expression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.arrays import Floats
    from planner.lp.index import Index

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
_ESCAPED = re.compile(r"(?:_x[0-9a-f]{2})+")


def check_block_name(name: str) -> None:
    """Refuse a block name whose rows or columns could share a name with another block's."""
    if not _BLOCK_NAME.fullmatch(name):
        message = f"block name {name!r} must be letters, digits, '_' and '.', not led by a digit"
        raise ValueError(message)


def tuple_name(block: str, over: Index, position: int) -> str:
    r"""Return the name of one row or column, such as ``power_balance(ashburn,2028)``.

    A comma inside a label is written ``\,`` and a backslash ``\\``: distinct tuples have
    distinct names.
    """
    return _name(block, [_escaped(label) for label in over.tuples(position)])


def tuple_names(block: str, over: Index) -> list[str]:
    """Return the names of all rows or columns of a block, made safe for PuLP.

    to_pulp_name : what makes them safe.
    """
    safe_block = to_pulp_name(block)
    if not over.axes:
        return [safe_block] * over.size
    columns = []
    for axis in over.axes:
        safe_labels = [to_pulp_name(_escaped(label)) for label in axis.labels]
        columns.append([safe_labels[code] for code in over[axis.name]])
    return [_name(safe_block, labels) for labels in zip(*columns, strict=True)]


def to_pulp_name(name: str) -> str:
    r"""Return a name that PuLP and the LP and MPS formats keep as it is.

    PuLP turns ``- + [ ] > /`` and spaces to ``_``, so that two names can become one. Here each
    byte that is not a letter, a digit or one of ``_ . ( ) ,`` becomes ``_x`` and two hex digits;
    an underscore before an x is written so too, hence two names never become one.

    >>> to_pulp_name("new-york"), to_pulp_name("new_york"), to_pulp_name("new_x2dyork")
    ('new_x2dyork', 'new_york', 'new_x5fx2dyork')
    """
    return _NOT_FOR_PULP.sub(lambda found: "".join(f"_x{byte:02x}" for byte in found[0].encode()), name)


def from_pulp_name(name: str) -> str:
    """Return the name that `to_pulp_name` made safe.

    >>> from_pulp_name("new_x2dyork"), from_pulp_name(to_pulp_name("_xé_x2d"))
    ('new-york', '_xé_x2d')
    """
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[0].replace("_x", "")).decode(), name)


def _name(block: str, labels: Sequence[str]) -> str:
    return f"{block}({','.join(labels)})" if labels else block


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace(",", "\\,")
