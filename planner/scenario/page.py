"""The page `docs/settings.md`: every setting with unit, default, meaning and an example."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import Tag

from planner.family.references import IdOf
from planner.family.values import FIRST_YEAR
from planner.scenario.keys import opened, settings, written
from planner.scenario.schema import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.scenario.keys import SchemaKey

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


def example(one: SchemaKey, id_of: Callable[[IdOf], str]) -> Any:
    """Return a value that the type of a key admits, other than the default where there is another."""
    if one.keys[-1] in _TEXTS:
        return _TEXTS[one.keys[-1]]
    return _example(one.field.rebuild_annotation(), one, id_of)


def settings_page(id_of: Callable[[IdOf], str]) -> str:
    """Return the page."""
    lines = [_HEAD]
    every = list(settings())
    lines += _section("The file itself", "", [one for one in every if len(one.keys) == 1], id_of)
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
            f"`{one.name}`",
            one.unit,
            one.default if one.default in {"required", "left out"} else f"`{one.default}`",
            one.meaning,
            f"`{one.keys[-1]}: {written(example(one, id_of))}`",
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*lines, ""]


def _example(annotation: Any, one: SchemaKey, id_of: Callable[[IdOf], str]) -> Any:
    """Return a value of an annotation; of a union, take ids before `all`, and a number before a path."""
    every = [found for found in opened(annotation) if found[0] is not NoneType]
    tags = {mark.tag: found for found in every for mark in found[1] if isinstance(mark, Tag)}
    kind, marks = tags.get("ids", tags.get("number", every[0]))
    default, inside = one.field.default, get_args(kind)
    ids = next((mark for mark in marks if isinstance(mark, IdOf)), None)
    if ids is not None:
        return id_of(ids)
    if get_origin(kind) is tuple:
        return [2026, 2028, 2030] if one.keys == ("years",) else [_example(inside[0], one, id_of)]
    if get_origin(kind) is Mapping:
        key, value = (_example(part, one, id_of) for part in inside)
        return {_FIRST_YEAR if isinstance(key, int | float) else key: value}
    if get_origin(kind) is Literal:
        return next((choice for choice in inside if choice != default), inside[0])
    others = {bool: default is not True, date: date(2026, 1, 1), str: "my-own"}
    return others[kind] if kind in others else _number(kind, marks, one)


def _number(kind: Any, marks: tuple[Any, ...], one: SchemaKey) -> float:
    """Return a number within bounds: near the default, else one that is usual for the unit."""
    upper: list[Any] = [mark.le for mark in marks if isinstance(mark, Le)]
    lower: list[Any] = [mark.ge for mark in marks if isinstance(mark, Ge)]
    lower += [mark.gt for mark in marks if isinstance(mark, Gt)]
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
