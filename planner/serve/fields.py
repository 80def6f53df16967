"""From the schema to the fields of a form: what each holds, its unit, bounds and meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import takewhile
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

from pydantic_core import PydanticUndefined

from planner.family.references import IdOf
from planner.family.values import FIRST_YEAR, LAST_YEAR, Year
from planner.outputs.plan_workbook.limits import bounds_of
from planner.plausible.rules import RANGES, Range, as_text, ranges_of
from planner.scenario.keys import (
    ABOUT_THE_FILE,
    ENTRY,
    ID,
    SchemaKey,
    choices,
    field_at,
    kinds,
    opened,
    settings,
    unit_of,
)
from planner.scenario.tree import EACH
from planner.tables import read_table
from planner.tables.places import TablePlaces

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Keys = tuple[str, ...]
FILE: Final = "file"  # name of the group of what is in no block
_UNITS: Final = re.compile(
    r"(_(frac|pct|usd|musd|gw|mw|kw|mwh|kwh|mmbtu|t|kt|ms|s|h|km|k|m3|per|hour|day|days|month|months"
    r"|year|years|h100e))+$"
)


@dataclass(frozen=True)
class Kind:
    """What a field may hold."""

    form: str  # how it is written: a path is a number or numbers by year, yaml anything
    choices: tuple[str, ...] = ()  # all that may be chosen, where that is a list
    may_be_empty: bool = False  # whether empty means left out
    ids: IdOf | None = None  # of which table the ids are
    bounds: str = ""  # between what a number lies, in words


@dataclass(frozen=True)
class FormField:
    """A setting, or what all cards of a kind have."""

    keys: Keys  # key path; in a card, below its id
    kind: Kind  # what it may hold
    meaning: str  # as the schema says
    unit: str
    default: Any  # none where it is left out
    usual: str  # between what it usually lies, in words; empty where that is not known
    parts: tuple[tuple[str, str], ...] = ()  # what may be written inside it, with meanings, where it holds blocks
    is_required: bool = False  # whether it must be given

    @property
    def label(self) -> str:
        """What it is called: its key in words, without its unit."""
        text = _UNITS.sub("", self.keys[-1]).replace("_", " ")
        return text[:1].upper() + text[1:]

    @property
    def above(self) -> str:
        """Blocks inside its group that it is in, in words."""
        return " ".join(self.keys[1:-1]).replace("_", " ")


@dataclass(frozen=True)
class Cards:
    """A mapping from ids to blocks: a card for each id."""

    keys: Keys  # key path of the mapping
    meaning: str  # as the schema says
    ids: IdOf | None  # which ids there may be; None where they are new
    fields: tuple[FormField, ...]  # of each card


@dataclass(frozen=True)
class FormGroup:
    """A block of a scenario."""

    name: str  # its key
    meaning: str  # as the schema says
    fields: tuple[FormField, ...]  # its settings, those of the blocks in it too
    cards: tuple[Cards, ...]  # its mappings from ids to blocks


@cache
def groups() -> tuple[FormGroup, ...]:
    """Return the whole form."""
    made: dict[str, tuple[dict[Keys, FormField], dict[Keys, dict[Keys, FormField]]]] = {}
    for setting in settings():
        if setting.keys[0] in ABOUT_THE_FILE:
            continue
        fields, cards = made.setdefault(FILE if len(setting.keys) == 1 else setting.keys[0], ({}, {}))
        own, above = _before_entries(setting.keys), Keys()
        if setting.keys[len(own) : len(own) + 1] == (ID,):
            fields, above = cards.setdefault(own, {}), (*own, ID)
            own = _before_entries(setting.keys[len(above) :])
        if own not in fields:
            fields[own] = _field(own, above)
    return tuple(
        FormGroup(
            name,
            _about((name,)) if name != FILE else "",
            tuple(fields.values()),
            tuple(Cards(keys, _about(keys), _key_ids(keys), tuple(of.values())) for keys, of in cards.items()),
        )
        for name, (fields, cards) in made.items()
    )


@cache
def every_cards() -> tuple[Cards, ...]:
    """Return all mappings from ids to blocks."""
    return tuple(cards for group in groups() for cards in group.cards)


@cache
def fields_by_keys() -> Mapping[Keys, FormField]:
    """Return every field by its key path, with `ID` for the id of a card."""
    found = {of.keys: of for group in groups() for of in group.fields}
    return found | {(*cards.keys, ID, *of.keys): of for cards in every_cards() for of in cards.fields}


def _before_entries(keys: Keys) -> Keys:
    """Return a key path up to its first id or entry of a list."""
    return tuple(takewhile(lambda key: key not in {ID, ENTRY}, keys))


def _parts(keys: Keys) -> Iterator[tuple[str, str]]:
    """List what may be written in an entry of a list or mapping, with unit and meaning."""
    for setting in settings():
        if setting.keys[: len(keys)] == keys and len(setting.keys) > len(keys):
            unit = f" [{setting.unit}]" if setting.unit else ""
            yield ".".join(setting.keys[len(keys) + 1 :]) + unit, setting.meaning


def _field(keys: Keys, above: Keys) -> FormField:
    """Make a field; blocks inside it are written as text in it."""
    field = field_at((*above, *keys))
    assert field is not None
    setting = SchemaKey(keys, field)
    parts = tuple(_parts((*above, *keys)))
    if parts:
        return FormField(keys, Kind("yaml", may_be_empty=True), setting.meaning, "", None, "", parts)
    default = None if field.is_required() else field.get_default(call_default_factory=False)
    if default is PydanticUndefined:  # follows from other settings
        default = {} if field.default_factory is dict else None
    usual, unit = _usual((*above, *keys)), setting.unit
    return FormField(keys, kind_of(field), setting.meaning, unit, default, usual, is_required=field.is_required())


def kind_of(field: FieldInfo) -> Kind:
    """Find out what a field of the schema may hold."""
    marks = [mark for _, found in opened(field.rebuild_annotation(), into=Mapping) for mark in found]
    words, every = tuple(map(_plain, choices(field.annotation))), kinds(field.annotation)
    others = [kind for kind in every if kind is not NoneType]
    mapping = next((kind for kind in others if get_origin(kind) is Mapping), None)
    a_list = next((kind for kind in others if get_origin(kind) is tuple), None)
    kind = Kind("number", words, NoneType in every, _ids_in(marks), _bounds(marks))
    if mapping is not None:
        if get_args(mapping)[0] == Year:
            return replace(kind, form="path", choices=())
        return replace(kind, form="mapping", choices=(), ids=_key_mark(mapping))
    if a_list is not None:
        inner = list(opened(get_args(a_list)[0]))
        words += tuple(map(_plain, choices(get_args(a_list)[0])))
        form = "yaml" if any(get_origin(one) is tuple for one, _ in inner) else "list"
        return replace(
            kind, form=form, choices=words, ids=_ids_in(mark for _, found in inner for mark in found), bounds=""
        )
    if not others or others == [bool]:
        return Kind("choice", words or ("true", "false"), kind.may_be_empty)
    if others in ([str], [date]):
        return Kind("text", (), kind.may_be_empty, kind.ids)
    return replace(kind, ids=None)


def _ids_in(marks: Iterable[Any]) -> IdOf | None:
    return next((mark for mark in marks if isinstance(mark, IdOf)), None)


def _bounds(marks: list[Any]) -> str:
    parts = [one for one in bounds_of(marks) if one is not None]
    if [word for _, word in parts] == ["at least", "at most"]:
        if parts[0][0] == FIRST_YEAR:
            return f"{FIRST_YEAR} to {LAST_YEAR}"
        return f"{as_text(parts[0][0])} to {as_text(parts[1][0])}"
    return ", ".join(f"{word} {as_text(value)}" for value, word in parts)


def _usual(keys: Keys) -> str:
    """Say where figures of a setting usually lie."""
    for given in _ranges():
        for pattern in given.settings:
            if _matches(pattern, keys):
                return f"{as_text(given.low)} to {as_text(given.high)}"
    return ""


def _matches(pattern: Keys, keys: Keys) -> bool:
    if len(pattern) - len(keys) == 1 and pattern[-1] == EACH:  # each figure of a mapping
        pattern = pattern[:-1]
    return len(pattern) == len(keys) and all(part in {EACH, key} for part, key in zip(pattern, keys, strict=True))


@cache
def _ranges() -> tuple[Range, ...]:
    return ranges_of(read_table(RANGES), TablePlaces({}))


def _about(keys: Keys) -> str:
    field = field_at(keys)
    text = " ".join((field.description or "").split()) if field else ""
    return text.removesuffix(unit_of(field)).strip()


def _key_ids(keys: Keys) -> IdOf | None:
    """Return which ids the keys of a mapping are."""
    field = field_at(keys)
    assert field is not None
    return _key_mark(kinds(field.annotation)[0])


def _key_mark(mapping: Any) -> IdOf | None:
    return _ids_in(mark for _, found in opened(get_args(mapping)[0]) for mark in found)


def _plain(choice: Any) -> str:
    return str(choice).lower() if isinstance(choice, bool) else str(choice)
