"""What the axes of a sweep are read against: the tree and the tables of its base scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.scenario.entries import has_own_entries, no_entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.scenario.tree import Node

__all__ = ["SweepBase", "missing_entry"]


@dataclass(frozen=True, eq=False)
class SweepBase:
    """What is known of a base scenario."""

    tree: Node | None = None  # what it says, with what holds in every future; None where it could not be read whole
    tables: Mapping[str, pd.DataFrame] | None = None  # its data; None where it is not known which they are


def missing_entry(keys: tuple[str, ...], tree: Node) -> tuple[str, str, str] | None:
    """Find an entry of the scenario's own that a key path leads into and that is not there.

    A key within an entry, such as the price of a new site, does not make one: the rest of it
    would be missing. Ids of a table are left out, since an entry under them only changes figures.
    """
    entries = tree.children
    for length in range(1, len(keys) - 1):
        above, id_ = keys[:length], keys[length]
        entries = entries[above[-1]].children if above[-1] in entries else {}
        if has_own_entries(above) and id_ not in entries:
            return no_entry(above, id_, entries, "", "add it whole under set")
    return None
