"""What pydantic finds wrong, in the words of a planner and at the place in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from planner.base.errors import MOST_PROBLEMS, unlisted_problems
from planner.base.words import did_you_mean
from planner.scenario.keys import field_at, unit_of, unknown_key_fix
from planner.scenario.schema import Scenario, seen_at
from planner.scenario.tree import Keys, Node, Place, nearest, show

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from planner.base.errors import Problem
    from planner.family.values import Block

_ALTERNATIVES: Final = {"'all'": "'all' or a list of ids"}
_MUST_BE: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "float_type": lambda _: "a number",
    "int_type": lambda _: "an integer",
    "int_from_float": lambda _: "an integer",
    "bool_type": lambda _: "true or false",
    "string_type": lambda _: "text",
    "string_too_short": lambda _: "given",
    "string_pattern_mismatch": lambda _: "two capital letters (ISO 3166)",
    "finite_number": lambda _: "finite",
    "greater_than": lambda ctx: f"above {ctx['gt']:g}",
    "greater_than_equal": lambda ctx: f"at least {ctx['ge']:g}",
    "less_than": lambda ctx: f"below {ctx['lt']:g}",
    "less_than_equal": lambda ctx: f"at most {ctx['le']:g}",
    "literal_error": lambda ctx: _ALTERNATIVES.get(ctx["expected"], str(ctx["expected"])),
    "value_error": lambda ctx: str(ctx["error"]),
    "too_short": lambda ctx: _entries(ctx["min_length"], "at least"),
    "too_long": lambda ctx: _entries(ctx["max_length"], "at most"),
    "mapping_type": lambda _: "a mapping of keys",
    "dict_type": lambda _: "a mapping of keys",
    "model_type": lambda _: "a mapping of keys",
    "tuple_type": lambda _: "a list",
}
_NUMBERS: Final = frozenset({"float_type", "greater_than", "greater_than_equal", "less_than", "less_than_equal"})
_MAPPINGS: Final = frozenset({"mapping_type", "dict_type", "model_type"})
_TAGS: Final = frozenset({"number", "by_year", "all", "ids", "price", "tiers"})
"""Of the unions in blocks."""
_OR: Final = {"number": "or a mapping of years to numbers", "price": "or a list with one for each tier"}
"""What else a union admits where it took a value for a number, by its tag."""
_SWITCH_WORDS: Final = frozenset({"yes", "no", "on", "off", "y", "n"})
_NO_UNIT: Final = "[-]"
"""In the meaning of a share; a message says no more by it."""
_DECIMAL_COMMA: Final = re.compile(r"([-+]?0|[-+]?[0-9]+(?=,[0-9]{1,2}\b|,[0-9]{4})),([0-9]+)\s*(%?)")
"""A number with a comma for a decimal point: three digits behind it may be thousands."""
_JOINED_KEY: Final = re.compile(r"([0-9]{4}):(.+)")
"""A year and its figure without the space that YAML asks for between them: one key to it."""
_LIKE_A_NUMBER: Final = re.compile(r"[-+]?[0-9][0-9_,' ]*(\.[0-9]+)?([eE][-+]?[0-9]+)?\s*(%?)")


class Finding(NamedTuple):
    """Something wrong at a key path of a scenario."""

    keys: Keys
    what_is: str
    must_be: str
    fix: str


def problem_at(tree: Node, keys: Keys, what_is: str, must_be: str, fix: str) -> Problem:
    """Make a problem placed where a key was written."""
    return seen_at(nearest(tree, keys)).problem(what_is, must_be, fix)


def problems_of(error: ValidationError, tree: Node, schema: type[Block] = Scenario) -> list[Problem]:
    """Translate every finding of pydantic in a file of a schema."""
    every = error.errors(include_url=False)
    # One of them is reported at least: a scenario that is refused without a word passes for right.
    shown = [found for found in every if not _follows_from_another(found)] or every
    # Near words are looked for in each, which takes a minute where all keys of a large file are
    # wrong; the rest is counted.
    left = len(shown) - MOST_PROBLEMS
    if left <= 1:
        return [_problem(found, tree, schema) for found in shown]
    return [*(_problem(found, tree, schema) for found in shown[:-left]), unlisted_problems(tree.place.file, left)]


def _follows_from_another(found: ErrorDetails) -> bool:
    """Return whether a finding would not be there without another one that is reported."""
    loc = found["loc"]
    if loc and found["input"] is None and _JOINED_KEY.fullmatch(str(loc[-1])):
        return True  # its key is refused
    if found["type"] == "too_short":
        # Its entries are all wrong, and none is left to count.
        return len(found["input"]) > 0 and found["ctx"]["actual_length"] == 0
    return found["type"] == "default_factory_not_called"


def _problem(found: ErrorDetails, tree: Node, schema: type[Block]) -> Problem:
    keys = _key_path(found["loc"], tree)
    kind, value, context = found["type"], found["input"], found.get("ctx", {})
    name = dotted(keys)
    if kind == "extra_forbidden":
        fix = unknown_key_fix(keys, schema)
        return _key_place(tree, keys).problem(f"unknown key {name!r}", "a key of the schema", fix)
    field = field_at(keys, schema)
    meaning = _meaning(field.description if field else None)
    if kind == "missing":
        return problem_at(tree, keys, f"{name} is missing", "given", meaning)
    must_be = _MUST_BE[kind](context) if kind in _MUST_BE else found["msg"]
    unit = unit_of(field) if kind in _NUMBERS else ""
    if unit and unit != _NO_UNIT:
        must_be = f"{must_be} {unit}"
    if kind == "float_type" and found["loc"][-1] in _OR:
        must_be = f"{must_be}, {_OR[str(found['loc'][-1])]}"
    joined = _JOINED_KEY.fullmatch(str(keys[-1])) if keys else None
    if joined:
        what_is = f"{dotted(keys[:-1])} has the key {str(keys[-1])!r}"
        fix = f"write {joined[1]}: {joined[2]}, with a space after the colon"
        return _key_place(tree, keys).problem(what_is, "a year and its figure", fix)
    if "[key]" in found["loc"]:
        what_is = f"{dotted(keys[:-1])} has the key {str(keys[-1])!r}"
        fix = _hint(kind, str(keys[-1]), must_be) or meaning
        return _key_place(tree, keys).problem(what_is, must_be, fix)
    is_empty = kind == "too_short" and len(value) == 0
    what_is = f"{name} is empty" if is_empty else f"{name} is {show(value)}"
    if kind in {"value_error", "too_short", "too_long"} and not is_empty and isinstance(value, tuple | list):
        what_is = f"{name} is [{', '.join(str(entry) for entry in value)}]"
    hint = _hint(kind, value, must_be) or (_percent_hint(value, must_be) if unit == _NO_UNIT else "")
    return problem_at(tree, keys, what_is, must_be, hint or meaning)


def _entries(count: int, bound: str) -> str:
    return f"given with {'one entry' if count == 1 else f'{count} entries'} {bound}"


def _key_place(tree: Node, keys: Keys) -> Place:
    node = nearest(tree, keys)
    return node.key_place or node.place


def _key_path(location: tuple[str | int, ...], tree: Node) -> Keys:
    """Take pydantic's own marks out of a location, so that the key path of the file is left."""
    keys: Keys = ()
    node = tree
    for step in location:
        below = node.below(step)
        if below is not None:
            keys = (*keys, step if isinstance(node.value, tuple) else str(step))
            node = below
        elif step != "[key]" and step not in _TAGS:
            keys = (*keys, step)
    return keys


def dotted(keys: Keys) -> str:
    """Return a key path as messages show it."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}"
    return text.removeprefix(".") if keys else "the scenario"


def _meaning(description: str | None) -> str:
    text = " ".join((description or "").split()).removesuffix(_NO_UNIT).strip()
    return f"meaning: {text}" if text else ""


def _hint(kind: str, value: object, must_be: str) -> str:
    """Say how to fix the mistakes that are made most, nothing for the rest."""
    hint = ""
    if kind == "literal_error":
        hint = did_you_mean(str(value), re.findall(r"'([^']*)'", must_be))
    elif value is None and kind in _MAPPINGS:
        hint = "write keys under it, or remove the line"
    elif value is None:
        hint = "write a value, or leave the key out for its default"
    elif kind == "bool_type" and isinstance(value, str) and value.lower() in _SWITCH_WORDS:
        hint = "write true or false; yes, no, on and off are text in YAML 1.2"
    elif kind == "float_type" and isinstance(value, str):
        hint = _number_hint(value)
    return hint


def _number_hint(text: str) -> str:
    with_comma = _DECIMAL_COMMA.fullmatch(text.strip())
    if with_comma:
        number = float(f"{with_comma[1]}.{with_comma[2]}") / (100 if with_comma[3] else 1)
        return f"write {number:.15g}, with a decimal point{' and as a share' * bool(with_comma[3])}"
    found = _LIKE_A_NUMBER.fullmatch(text.strip())
    if not found:
        return ""
    number = float(re.sub(r"[_,' %]", "", text))
    if found.group(3):
        number /= 100
    return f"write {number:.15g}, without quotes, percent sign or thousands separators"


def _percent_hint(value: object, must_be: str) -> str:
    if must_be == "at most 1" and isinstance(value, float | int) and 1 < value <= 100:
        return f"{value:g} % is written {value / 100:g}"
    return ""
