"""Which keys the schema has at a place, what they mean, and which one was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args, get_origin

from pydantic_core import PydanticUndefined

from planner.base.words import closest
from planner.family.values import Block, Year
from planner.scenario.schema import Scenario
from planner.scenario.tree import EACH

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from planner.scenario.tree import Keys

ABOUT_THE_FILE: Final = frozenset({"version", "extends", "title", "question"})
"""Keys of a scenario file that are no settings of a plan."""
KEYS: Final = "{}"
"""Last step of a key path: the keys of a mapping."""
ID, ENTRY = "<id>", "<n>"
"""Steps of the key path of a `SchemaKey`: an id, and an entry of a list."""

_UNIT: Final = re.compile(r"\[([^\]]+)\]$")
_UNIT_WORDS: Final = frozenset(
    {
        *("usd", "kusd", "musd", "busd", "eur", "keur", "meur"),
        *("w", "kw", "mw", "gw", "tw", "wh", "kwh", "mwh", "gwh", "twh", "gj", "mmbtu"),
        *("gpu", "h100e", "kh100e"),
        *("g", "kg", "t", "kt", "mt"),
        *("l", "gal", "m3", "m2", "km"),
        *("c", "k", "f"),
        *("ms", "s", "min", "h", "hour", "hours", "day", "days", "week", "weeks"),
        *("month", "months", "year", "years"),
        *("share", "frac", "pct", "percent"),
        *("per",),
    }
)
"""Words that a unit is written with in a key, right or wrong."""
_NO_QUANTITY: Final = frozenset({"", "max", "min", "price"})
"""What may be left of a key without its unit and does not say what it is about."""


def block_at(keys: Keys, schema: type[Block] = Scenario) -> type[Block] | None:
    """Return the block whose keys are at the end of a key path, None where there is none."""
    return next((kind for kind in kinds(_annotation_at(keys, schema)) if _is_block(kind)), None)


def field_at(keys: Keys, schema: type[Block] = Scenario) -> FieldInfo | None:
    """Return the schema's field that a key path leads to or into, None where there is none."""
    field = None
    for length in range(1, len(keys) + 1):
        block = block_at(keys[: length - 1], schema)
        if block is not None and keys[length - 1] in block.model_fields:
            field = block.model_fields[str(keys[length - 1])]
    return field


@lru_cache(maxsize=4096)
def is_by_year(keys: Keys) -> bool:
    """Return whether a path by year may be written at a key path: a mapping of years to figures."""
    mappings = (kind for kind in kinds(_annotation_at(keys)) if get_origin(kind) is Mapping)
    return any(get_args(kind)[0] == Year for kind in mappings)


def is_integer(keys: Keys) -> bool:
    """Return whether the numbers that may be written at a key path are integers.

    >>> is_integer(("solver", "threads")), is_integer(("operator", "demand_share_frac"))
    (True, False)
    """
    found = set(kinds(_annotation_at(keys)))
    return int in found and float not in found


@cache
def marks() -> tuple[tuple[str, Any], ...]:
    """Return what the schema of a scenario says of its keys next to their types."""
    return tuple(marks_on(Scenario))


def marks_on(kind: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Find what a type says of its keys next to their types."""
    if get_origin(kind) is Annotated:
        inner, *found = get_args(kind)
        yield from ((".".join(keys), mark) for mark in found)
        yield from marks_on(inner, keys)
    elif _is_block(kind):
        for name, field in kind.model_fields.items():
            yield from marks_on(field.rebuild_annotation(), (*keys, name))
    elif get_origin(kind) is Mapping:
        key, value = get_args(kind)
        yield from marks_on(key, (*keys, KEYS))
        yield from marks_on(value, (*keys, EACH))
    elif get_origin(kind) is tuple:
        yield from marks_on(get_args(kind)[0], (*keys, EACH))
    else:
        for part in get_args(kind):
            yield from marks_on(part, keys)


def unit_of(field: FieldInfo | None) -> str:
    """Return the unit at the end of a field's meaning, brackets included, or nothing."""
    found = _UNIT.search(field.description or "") if field else None
    return found.group() if found else ""


def unknown_key_in(keys: Keys) -> Keys | None:
    """Return a key path up to its first key that the schema does not have; None where it has all.

    >>> unknown_key_in(("demand", "trajectroy", "2028"))
    ('demand', 'trajectroy')
    """
    for length in range(len(keys)):
        block = block_at(keys[:length])
        if block is not None and keys[length] not in block.model_fields:
            return keys[: length + 1]
    return None


def unknown_key_fix(keys: Keys, schema: type[Block] = Scenario) -> str:
    """Say which key was probably meant: of the same block, or the same key in another block of a scenario."""
    word = str(keys[-1])
    block = block_at(keys[:-1], schema)
    known = [field.alias or name for name, field in block.model_fields.items()] if block else []
    every = (one.keys[:length] for one in settings() for length in range(1, len(one.keys) + 1))
    same_word = [".".join(path) for path in every if path[-1] == word and ENTRY not in path]
    # A key of a single agreement, tariff or source says little to who is in another block.
    elsewhere = [path for path in same_word if ID not in path or _shared(path, keys)]
    stem, meant = _without_units(word), closest(word, known)
    alike = [key for key in known if _without_units(key) == stem]
    if alike and stem not in _NO_QUANTITY:
        meant = closest(word, alike) or alike[0]
    elif elsewhere and schema is Scenario:
        return f"did you mean {max(elsewhere, key=lambda path: _shared(path, keys))!r}?"
    if meant is None:
        return f"known here: {', '.join(known)}"
    unit = unit_of(field_at((*keys[:-1], meant), schema)) if meant in alike else ""
    return f"did you mean {meant!r}?" + (f" Its unit is {unit}" if unit else "")


def _shared(path: str, keys: Keys) -> int:
    """Count the keys that a dotted way has in common with another from the top."""
    pairs = zip(path.split("."), map(str, keys), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _without_units(key: str) -> str:
    """Return what a key is about: its words less those of its unit.

    >>> _without_units("energy_capex_usd_per_kwh"), _without_units("lead_months_by_zone")
    ('energy_capex', 'lead_by_zone')
    """
    return "_".join(word for word in key.split("_") if word not in _UNIT_WORDS)


def opened(annotation: Any, marks: tuple[Any, ...] = (), into: Any = None) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Open Annotated and unions: each kind of value that an annotation admits, with the marks on it.

    `into`: tuple or Mapping, of which the entries are opened too.
    """
    if get_origin(annotation) is Annotated:
        inner, *found = get_args(annotation)
        marks += tuple(part for mark in found for part in (mark, *getattr(mark, "metadata", ())))
        yield from opened(inner, marks, into)
    elif isinstance(annotation, type) or get_origin(annotation) in (Mapping, tuple, Literal):
        yield annotation, marks
        if into is not None and get_origin(annotation) is into:
            yield from opened(get_args(annotation)[1 if into is Mapping else 0], (), into)
    else:
        for part in get_args(annotation):
            yield from opened(part, marks, into)


def kinds(annotation: Any) -> list[Any]:
    """Return the kinds of value that an annotation admits, choices apart."""
    return [kind for kind, _ in opened(annotation) if get_origin(kind) is not Literal]


def choices(annotation: Any) -> tuple[Any, ...]:
    """Return the words or numbers among which an annotation lets one choose, () where none."""
    return tuple(one for kind, _ in opened(annotation) if get_origin(kind) is Literal for one in get_args(kind))


def _is_block(kind: Any) -> bool:
    return isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, Block)


def _annotation_at(keys: Keys, schema: type[Block] = Scenario) -> Any:
    annotation: Any = schema
    for key in keys:
        annotation = _below(annotation, key)
    return annotation


def _below(annotation: Any, key: str | int) -> Any:
    for kind in kinds(annotation):
        if _is_block(kind) and key in kind.model_fields:
            return kind.model_fields[str(key)].annotation
        if get_origin(kind) is Mapping and isinstance(key, str):
            return get_args(kind)[1]
        if get_origin(kind) is tuple and isinstance(key, int):
            return get_args(kind)[0]
    return None


# --- Every key that holds a value ----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class SchemaKey:
    """One key of the schema."""

    keys: tuple[str, ...]  # key path, with `ID` and `ENTRY`; of a column of a sheet, below its row
    field: FieldInfo

    @property
    def name(self) -> str:
        """Dotted key path."""
        return ".".join(self.keys)

    @cached_property
    def unit(self) -> str:
        """Unit without brackets, empty where it has none."""
        return unit_of(self.field).strip("[]")

    @cached_property
    def meaning(self) -> str:
        """What it is, on one line."""
        return " ".join((self.field.description or "").split()).removesuffix(unit_of(self.field)).strip()

    @property
    def default(self) -> str:
        """Its default in words or as it would be written."""
        if self.field.is_required():
            return "required"
        if self.field.default_factory is not None:
            return "{}" if self.field.default_factory is dict else "left out"
        if self.field.default is None or self.field.default is PydanticUndefined:
            return "left out"
        return written(self.field.default)


def settings(block: type[Block] = Scenario, before: tuple[str, ...] = ()) -> Iterator[SchemaKey]:
    """List every key of the schema that holds a value."""
    for name, field in block.model_fields.items():
        inside = list(_blocks(field.annotation))
        if not inside:
            yield SchemaKey((*before, name), field)
        for step, below in inside:
            yield from settings(below, (*before, name, *step))


def _blocks(annotation: Any) -> Iterator[tuple[tuple[str, ...], type[Block]]]:
    """Find the blocks that an annotation holds, with the steps to them."""
    for kind in kinds(annotation):
        if _is_block(kind):
            yield (), kind
        elif get_origin(kind) in (Mapping, tuple):
            step, inner = (ID, get_args(kind)[1]) if get_origin(kind) is Mapping else (ENTRY, get_args(kind)[0])
            yield from (((step, *steps), block) for steps, block in _blocks(inner))


def written(value: Any) -> str:
    """Write a value as in a scenario file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, float):
        return f"{value:.10g}"
    return '""' if value == "" else "null" if value is None else str(value)
