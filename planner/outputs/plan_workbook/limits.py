"""What a cell of a plan workbook may hold: choices, ids, plausible ranges and bounds."""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, get_origin

from planner.family.references import IdOf
from planner.plausible.rules import as_text
from planner.scenario.contradictions import ID_KEYS
from planner.scenario.keys import KEYS, choices, is_by_year, kinds, opened
from planner.scenario.workbook_cells import admits_list, admits_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic.fields import FieldInfo

    from planner.plausible.rules import Range
    from planner.tables.descriptor import Field, ForeignKey

_LONGEST_TEXT: Final = 255
_STOP, _WARN = "stop", "warning"


@dataclass(frozen=True)
class IdList:
    """Ids that a drop-down list offers."""

    targets: tuple[tuple[str, str], ...]  # table and column, of all tables whose ids count
    words: tuple[str, ...] = ()  # what may stand there too

    @property
    def name(self) -> str:
        """Name of its cells for formulas."""
        parts = ["_".join(target) for target in self.targets]
        return "_".join(("ids", *parts, *self.words)).replace("-", "_")[:_LONGEST_TEXT]


class Limits:
    """Rules of cells, in the words of XlsxWriter's `data_validation`."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        self._ranges = tuple(ranges)
        self.lists: dict[str, IdList] = {}

    @property
    def tables(self) -> list[str]:
        """Tables whose ids the lists offer that were asked for so far."""
        targets = (target for one in self.lists.values() for target in one.targets)
        return list(dict.fromkeys(table for table, _ in targets))

    def of_setting(
        self, keys: tuple[str, ...], field: FieldInfo, unit: str, meaning: str
    ) -> tuple[dict[str, Any], str]:
        """Return the rule of a setting, and what it admits in words."""
        note = _note(keys[-1], meaning, unit)
        words, every = choices(field.annotation), _kinds(field)
        target = next(iter(_marks(field)), None)
        is_text = every == [str] and not words
        if bool in every:
            return {**note, **_list(("TRUE", "FALSE"), _STOP)}, "TRUE or FALSE"
        if target is not None and (is_text or admits_list(field)):
            rule = self._ids(IdList(_targets(target), tuple(map(str, words))), is_text=is_text)
            several = "" if is_text else "s, with commas between them"
            also = f"{' or '.join(map(str, words))}, or " if words else ""
            return {**note, **rule}, f"{also}{target.noun} id{several}"
        if words and not every:
            return {**note, **_list(tuple(map(str, words)), _STOP)}, ", ".join(map(str, words))
        if is_text or admits_list(field) or not {int, float} & set(every):
            return {**note, "validate": "any"}, "by year" if is_by_year(keys) else _text(field)
        plausible = next((r for r in self._ranges if keys in map(tuple, r.settings)), None)
        rule, said = self._number(plausible, *_bounds(field), is_whole=float not in every)
        if words or admits_mapping(field):  # or a word such as `all`, or figures by year
            rule = {**rule, "error_type": _WARN}
        if words:
            said = f"{said}, or {' or '.join(map(str, words))}"
        return {**note, **rule}, f"{said}, or by year" if admits_mapping(field) else said

    def of_keys(self, keys: tuple[str, ...]) -> dict[str, Any]:
        """Return the rule of the ids of a block's entries."""
        mark = ID_KEYS.get(".".join((*keys, KEYS)))
        if mark is None:
            return _note("id", "An id of your own: letters, digits and -, as in us-va-ashburn.") | {"validate": "any"}
        note = _note("id", f"The {mark.noun} that the row is about; the list has those known.")
        return note | self._ids(IdList(_targets(mark)))

    def of_column(self, table: str, field: Field, link: ForeignKey | None) -> tuple[dict[str, Any], str]:
        """Return the rule of a column of a table, and what it admits in words."""
        note = _note(field.name, field.description, field.unit)
        if field.enum:
            return {**note, **_list(tuple(map(str, field.enum)), _STOP)}, field.bounds
        if field.type == "boolean":
            return {**note, **_list(("TRUE", "FALSE"), _STOP)}, "TRUE or FALSE"
        if link is not None and link.targets and not link.countries:
            return {**note, **self._ids(IdList(link.targets, link.values))}, link.must_be
        if not field.is_number:
            return {**note, "validate": "any"}, ""
        plausible = next(
            (r for r in self._ranges if (r.table, r.column) == (table, field.name) and not (r.over or r.rows)), None
        )
        bounds = (field.minimum, field.maximum, False)
        rule, said = self._number(plausible, *bounds, is_whole=field.type == "integer")
        return {**note, **rule}, said

    def _ids(self, ids: IdList, *, is_text: bool = True) -> dict[str, Any]:
        """Offer ids; an id of one's own may be written, so that others are only asked about."""
        self.lists[ids.name] = ids
        rule = {"validate": "list", "source": f"={ids.name}", "error_type": _WARN}
        message = "No table that ships has this id. Keep it if a sheet of this workbook has it."
        return {**rule, "error_title": "Unknown id", "error_message": message, "show_error": is_text}

    @staticmethod
    def _number(
        plausible: Range | None, least: float | None, most: float | None, is_open: bool, *, is_whole: bool
    ) -> tuple[dict[str, Any], str]:
        kind = {"validate": "integer" if is_whole else "decimal"}
        if plausible is not None:
            low, high = plausible.low, plausible.high
            text = f"usually {as_text(low)} to {as_text(high)}"
            rule = {"criteria": "between", "minimum": low, "maximum": high}
            hint = f"It is {text}; {plausible.fix}."
            return {**kind, **rule, **_refusal(_WARN, "Implausible", hint)}, text
        if least is not None and most is not None:
            text = f"{as_text(least)} to {as_text(most)}"
            rule = {"criteria": "between", "minimum": least, "maximum": most}
        elif least is not None:
            text = f"above {as_text(least)}" if is_open else f"at least {as_text(least)}"
            rule = {"criteria": ">" if is_open else ">=", "value": least}
        elif most is not None:
            text, rule = f"at most {as_text(most)}", {"criteria": "<=", "value": most}
        else:
            text, rule = "a number", {"criteria": "between", "minimum": -1e15, "maximum": 1e15}
        return {**kind, **rule, **_refusal(_STOP, "Not allowed", f"It must be {text}.")}, text


def _note(name: str, meaning: str, unit: str = "") -> dict[str, Any]:
    text = f"{meaning} [{unit}]" if unit else meaning
    return {"input_title": name[:32], "input_message": text[:_LONGEST_TEXT], "ignore_blank": True}


def _refusal(kind: str, title: str, message: str) -> dict[str, Any]:
    return {"error_type": kind, "error_title": title, "error_message": message[:_LONGEST_TEXT]}


def _list(words: tuple[str, ...], kind: str) -> dict[str, Any]:
    if len(",".join(words)) > 255:  # more than a rule of a cell can hold
        return {"validate": "any"}
    refusal = _refusal(kind, "Not allowed", "It must be one of the words of the list.")
    return {"validate": "list", "source": list(words), **refusal}


def _text(field: FieldInfo) -> str:
    if admits_list(field):
        return "a list, with commas"
    return "key: value, with commas" if admits_mapping(field) else "text"


def _kinds(field: FieldInfo) -> list[Any]:
    """Return the kinds of single values that a setting admits."""
    every = [kind for kind in kinds(field.annotation) if kind is not NoneType]
    return [kind for kind in every if get_origin(kind) is None]


def _targets(mark: IdOf) -> tuple[tuple[str, str], ...]:
    return tuple((table, mark.column) for table in (mark.table, *mark.also_in))


def _marks(field: FieldInfo) -> Iterator[IdOf]:
    """Find whose ids a setting holds, itself or as entries of a list."""
    for _, marks in opened(field.rebuild_annotation(), into=tuple):
        yield from (mark for mark in marks if isinstance(mark, IdOf))


def _bounds(field: FieldInfo) -> tuple[float | None, float | None, bool]:
    """Return the least and the most a number may be, and whether the least is excluded."""
    least, most = bounds_of(mark for _, marks in opened(field.rebuild_annotation()) for mark in marks)
    return least and float(least[0]), most and float(most[0]), least is not None and least[1] == "above"


def bounds_of(marks: Iterable[Any]) -> tuple[tuple[float, str] | None, tuple[float, str] | None]:
    """Return the least and the most that a number may be, each with what is said of it."""
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    found = [(name, getattr(mark, name)) for mark in marks for name in words if hasattr(mark, name)]
    least, most = ([(value, words[name]) for name, value in found if name[0] == kind] for kind in "gl")
    return max(least, default=None), min(most, default=None)
