"""What the axes of a sweep are read against: the tree and the tables of its base scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_origin

from planner.base.words import closest, some
from planner.scenario.ids import FEW, NEW_ID_KEYS
from planner.scenario.keys import EACH, KEYS, block_at, field_at, kinds, marks
from planner.scenario.references import IdOf

if TYPE_CHECKING:
    import pandas as pd

    from planner.scenario.tree import Node

__all__ = ["SweepBase", "missing_entry"]

_IDS_OF_TABLES: Final = frozenset(keys for keys, mark in marks() if isinstance(mark, IdOf))


@dataclass(frozen=True, eq=False)
class SweepBase:
    """What is known of a base scenario.

    Parameters
    ----------
    tree : Node or None
        What it says, with what holds in every future; None where it could not be read whole.
    tables : mapping of str to DataFrame or None
        Its data; None where it is not known which they are.
    """

    tree: Node | None = None
    tables: Mapping[str, pd.DataFrame] | None = None


def missing_entry(keys: tuple[str, ...], tree: Node) -> tuple[str, str, str] | None:
    """Find an entry of the scenario's own that a key path leads into and that is not there.

    A key within an entry, such as the price of a new site, does not make one: the rest of it
    would be missing. Ids of a table are left out, since an entry under them only changes figures.

    Parameters
    ----------
    keys : tuple of str
        Key path that the schema has.
    tree : Node
        The base scenario.

    Returns
    -------
    tuple of str or None
        What is, what must be and how to fix it; None where no such entry is missing.
    """
    entries = tree.children
    for length in range(1, len(keys) - 1):
        above, id_ = keys[:length], keys[length]
        entries = entries[above[-1]].children if above[-1] in entries else {}
        if _has_own_entries(above) and id_ not in entries:
            mark = NEW_ID_KEYS.get(".".join((*above, KEYS)))
            what_is = f"{'.'.join(above)} has no {mark.column if mark else 'entry'} {id_!r}"
            must_be = f"one of {some(list(entries), FEW)}" if entries else "one of the base"
            meant = closest(id_, list(entries))
            fix = f"did you mean {meant!r}?" if meant else "add it whole under set"
            return what_is, must_be, fix
    return None


def _has_own_entries(keys: tuple[str, ...]) -> bool:
    """Return whether blocks by an id that is of no table are at a key path."""
    block = block_at(keys[:-1])
    field = field_at(keys)
    if block is None or field is None or keys[-1] not in block.model_fields:
        return False
    mappings = [kind for kind in kinds(field.annotation) if get_origin(kind) is Mapping]
    is_of_table = ".".join((*keys, KEYS)) in _IDS_OF_TABLES
    return bool(mappings) and not is_of_table and block_at((*keys, EACH)) is not None
