"""Entries of a scenario's own by an id of no table, such as new sites; one that is misspelt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, get_origin

from planner.base.words import closest, some
from planner.family.references import IdOf
from planner.scenario.ids import FEW, NEW_ID_KEYS
from planner.scenario.keys import EACH, KEYS, block_at, field_at, kinds, marks

if TYPE_CHECKING:
    from collections.abc import Collection

    from planner.scenario.tree import Keys

_IDS_OF_TABLES: Final = frozenset(keys for keys, mark in marks() if isinstance(mark, IdOf))


def has_own_entries(keys: Keys) -> bool:
    """Return whether blocks by an id that is of no table are at a key path."""
    block = block_at(keys[:-1]) if keys else None
    field = field_at(keys)
    if block is None or field is None or keys[-1] not in block.model_fields:
        return False
    mappings = [kind for kind in kinds(field.annotation) if get_origin(kind) is Mapping]
    is_of_table = ".".join((*map(str, keys), KEYS)) in _IDS_OF_TABLES
    return bool(mappings) and not is_of_table and block_at((*keys, EACH)) is not None


def required_keys(keys: Keys) -> tuple[str, ...]:
    """Return the keys that an entry at a key path cannot do without."""
    block = block_at((*keys, EACH))
    fields = block.model_fields if block is not None else {}
    return tuple(name for name, field in fields.items() if field.is_required())


def no_entry(keys: Keys, id_: str, entries: Collection[str], other: str, otherwise: str) -> tuple[str, str, str]:
    """Say that there is no entry of an id."""
    above = tuple(map(str, keys))
    mark = NEW_ID_KEYS.get(".".join((*above, KEYS)))
    what_is = f"{'.'.join(above)} has no {mark.column if mark else 'entry'} {id_!r}"
    must_be = f"one of {some(list(entries), FEW)}{other}" if entries else "one of the base"
    meant = closest(id_, list(entries))
    return what_is, must_be, f"did you mean {meant!r}?" if meant else otherwise


def misspelt_entry(keys: Keys, id_: str, entries: Collection[str]) -> tuple[str, str, str] | None:
    """Say of an entry that has no key that it needs which other one was meant."""
    if closest(id_, list(entries)) is None:
        return None
    other = f", or a new one with {', '.join(required_keys(keys))}"
    return no_entry(keys, id_, entries, other, "")
