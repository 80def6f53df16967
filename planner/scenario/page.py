"""The page `docs/settings.md`: every setting with unit, default, meaning and an example."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import Tag
from pydantic_core import PydanticUndefined

from planner.scenario.keys import unit_of
from planner.scenario.references import IdOf, NewIdOf
from planner.scenario.schema import Scenario
from planner.scenario.values import FIRST_YEAR, Block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic.fields import FieldInfo

_HEAD: Final = """\
# Settings

Generated from `planner/scenario/` by `python -m planner.docs`. Every key that a scenario may have,
block by block, with its unit, default, meaning and an example. A scenario says only what differs
from the defaults or from the scenario that it extends; `dcplan schema` gives the same to editors.

A dot goes into a block: `operator.demand_share_frac` is `operator: {demand_share_frac: 0.2}` in a
file, or `--set operator.demand_share_frac=0.2` on the command line. `<id>` is an id of your choice
or of a table, `<n>` an entry of a list. Where the default is "left out" the figure is that of the
tables, or there is no such limit, as the meaning says.
"""
_TEXTS: Final = {
    "version": 1,
    "title": "Our plan",
    "question": "Which campus should grow?",
    "extends": "us-base",
    "name": "North campus",
    "rtt_table": "rtt.csv",
    "service_cost_table": "service_cost.csv",
    "time_zone": "America/Chicago",
    "data": {"racks": "data/racks.csv"},
    "country": "US",
    "state": "VA",
    "trajectory": "brief_high",
    "curtailment_rate_pct": 1,
    "availability_pct": 99.99,
    "spread_availability_pct": 99.999,
    "barred_pairs": [["us-va-ashburn", "us-oh-columbus"]],
    "barred_groups": {"east": ["us-va-ashburn", "us-oh-columbus"]},
}
"""Examples that no type tells."""
_BY_UNIT: Final = {
    "-": 0.5,
    "h": 4,
    "km": 200,
    "s": 300,
    "ms": 20,
    "K": 2,
    "months": 18,
    "years": 5,
    "days": 30,
    "MW": 120,
    "MW/year": 60,
    "MWh": 400,
    "USD/MWh": 55,
    "USD/kW": 900,
    "USD/kW-month": 9.5,
    "USD": 2_000_000,
    "MUSD": 800,
    "GW": 40,
    "kt": 700,
    "%": 0.5,
}
_A_YEAR: Final = 2028  # as an example
_FIRST_YEAR: Final = 2025  # model year by default, in which a path by year must have begun
_FACTOR: Final = 1.25
"""An example of a number is so many times its default."""


class SchemaKey:
    """One key of the schema."""

    def __init__(self, keys: tuple[str, ...], field: FieldInfo) -> None:
        self.keys, self.field = keys, field

    @property
    def unit(self) -> str:
        """Unit without brackets, empty where it has none."""
        return unit_of(self.field).strip("[]")

    @property
    def meaning(self) -> str:
        """What it is, on one line."""
        text = " ".join((self.field.description or "").split())
        return text.removesuffix(unit_of(self.field)).strip()

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

    def example(self, id_of: Callable[[IdOf], str]) -> Any:
        """Return a value that its type admits, other than the default where there is another."""
        if self.keys[-1] in _TEXTS:
            return _TEXTS[self.keys[-1]]
        return _example(self.field.rebuild_annotation(), self, id_of)


def settings(block: type[Block] = Scenario, before: tuple[str, ...] = ()) -> Iterator[SchemaKey]:
    """List every key of the schema that holds a value."""
    for name, field in block.model_fields.items():
        inside = list(_blocks(field.annotation))
        if not inside:
            yield SchemaKey((*before, name), field)
        for step, below in inside:
            yield from settings(below, (*before, name, *step))


def settings_page(id_of: Callable[[IdOf], str]) -> str:
    """Return the page."""
    lines = [_HEAD]
    every = list(settings())
    alone = [one for one in every if len(one.keys) == 1]
    lines += _section("The file itself", "", alone, id_of)
    for name, field in Scenario.model_fields.items():
        inside = [one for one in every if one.keys[0] == name and len(one.keys) > 1]
        if inside:
            lines += _section(f"`{name}`", field.description or "", inside, id_of)
    return "\n".join(lines) + "\n"


def _section(title: str, meaning: str, inside: list[SchemaKey], id_of: Callable[[IdOf], str]) -> list[str]:
    lines = [f"## {title}", ""]
    if meaning:
        lines += [" ".join(meaning.split()), ""]
    lines += ["| key | unit | default | meaning | example |", "|---|---|---|---|---|"]
    for one in inside:
        cells = (
            f"`{'.'.join(one.keys)}`",
            one.unit,
            one.default if one.default in {"required", "left out"} else f"`{one.default}`",
            one.meaning,
            f"`{one.keys[-1]}: {written(one.example(id_of))}`",
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*lines, ""]


def written(value: Any) -> str:
    """Write a value as in a scenario file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e-3 else repr(round(value, 6)).removesuffix(".0")
    return '""' if value == "" else "null" if value is None else str(value)


def _blocks(annotation: Any) -> Iterator[tuple[tuple[str, ...], type[Block]]]:
    """Find the blocks that an annotation holds, with the steps to them."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        if issubclass(annotation, Block):
            yield (), annotation
        return
    if get_origin(annotation) is Annotated:
        yield from _blocks(get_args(annotation)[0])
    elif get_origin(annotation) is Mapping:
        yield from ((("<id>", *step), block) for step, block in _blocks(get_args(annotation)[1]))
    elif get_origin(annotation) is tuple:
        yield from ((("<n>", *step), block) for step, block in _blocks(get_args(annotation)[0]))
    elif get_origin(annotation) is not Literal:
        for part in get_args(annotation):
            yield from _blocks(part)


def _example(kind: Any, one: SchemaKey, id_of: Callable[[IdOf], str]) -> Any:
    """Return a value of an annotation."""
    marks: tuple[Any, ...] = ()
    while get_origin(kind) is Annotated:
        kind, *found = get_args(kind)
        marks = (*marks, *found)
    for mark in marks:
        if isinstance(mark, IdOf):
            return id_of(mark)
        if isinstance(mark, NewIdOf):
            return "my-own"
    origin = get_origin(kind)
    if origin is Mapping or origin is tuple:
        return _several(kind, one, id_of)
    if origin is not None and origin is not Literal:
        return _example(_chosen(get_args(kind)), one, id_of)
    return _single(kind, marks, one)


def _several(kind: Any, one: SchemaKey, id_of: Callable[[IdOf], str]) -> Any:
    """Return a list or mapping with one entry; of model years, several."""
    if get_origin(kind) is tuple:
        is_years = one.keys == ("years",)
        return [2026, 2028, 2030] if is_years else [_example(get_args(kind)[0], one, id_of)]
    key, value = (_example(part, one, id_of) for part in get_args(kind))
    return {_FIRST_YEAR if isinstance(key, int | float) else key: value}


def _single(kind: Any, marks: tuple[Any, ...], one: SchemaKey) -> Any:
    """Return a choice, a switch, a date, a text or a number."""
    default = one.field.default
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return next((choice for choice in choices if choice != default), choices[0])
    if kind is bool:
        return not default if isinstance(default, bool) else True
    if kind is date:
        return date(2026, 1, 1)
    return "my-own" if kind is str else _number(kind, marks, one)


def _chosen(parts: tuple[Any, ...]) -> Any:
    """Of a union, take ids before `all`, and a number before a path."""
    ranked = [part for part in parts if part is not type(None)]
    tags = {
        mark.tag: part
        for part in ranked
        if get_origin(part) is Annotated
        for mark in get_args(part)
        if isinstance(mark, Tag)
    }
    return tags.get("ids", tags.get("number", ranked[0]))


def _number(kind: Any, marks: tuple[Any, ...], one: SchemaKey) -> float:
    """Return a number within bounds: near the default, else one that is usual for the unit."""
    limits = [*marks, *one.field.metadata]
    bounds = [mark for mark in limits if hasattr(mark, "metadata")]
    limits += [part for mark in bounds for part in mark.metadata]
    upper: list[Any] = [mark.le for mark in limits if isinstance(mark, Le)]
    lower: list[Any] = [mark.ge for mark in limits if isinstance(mark, Ge)]
    lower += [mark.gt for mark in limits if isinstance(mark, Gt)]
    most, least = min(upper, default=math.inf), max(lower, default=-math.inf)
    default = one.field.default
    if least == FIRST_YEAR:
        return _A_YEAR
    usual = _BY_UNIT.get(one.unit, 0.5 if most <= 1.0 else 3)
    is_near = isinstance(default, int | float) and not isinstance(default, bool) and default
    value = usual
    if is_near:
        value = default + 1 if kind is int else default * _FACTOR
    value = min(max(value, least), most)
    if is_near and value == default:
        value = max(least, default / _FACTOR)
    return round(value) if kind is int else float(f"{value:.3g}")
