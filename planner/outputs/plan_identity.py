"""Which plan a study is of: its files stay in a run folder when the scenario is solved again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["is_of_plan", "marked"]

_KEY: Final = "plan"
_TABLES: Final = ("plan", "site_year", "costs")
"""Tables that no two plans share: what is used where, what it draws, and what it costs."""


def marked(frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a table of a study that says, in its Parquet file too, which plan it is of."""
    found = frame.copy(deep=False)
    found.attrs[_KEY] = _hash_of(tables)
    return found


def is_of_plan(frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> bool:
    """Whether a table of a study is of a plan; one that does not say of which is of another."""
    return frame.attrs.get(_KEY) == _hash_of(tables)


def _hash_of(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the hash of what a plan decides and costs, the same in memory and read again."""
    found = hashlib.sha256()
    for name in _TABLES:
        found.update(pd.util.hash_pandas_object(tables[name], index=False).to_numpy().tobytes())
    return found.hexdigest()
