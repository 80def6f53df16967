"""Rules that conflict, in a planner's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from planner.base.words import and_more, some
from planner.limits import BY_NAME, LIMITS
from planner.model import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place
    from planner.lp.problem import ArrayProblem

_SHOWN_PLACES: Final = 6
_NUMBER: Final = re.compile(r"_\d+$")
_LABEL: Final = re.compile(r"((?:[^,\\]|\\.)*)(?:,|$)")


@dataclass(frozen=True)
class ConflictRule:
    """One family of rows that takes part in a conflict."""

    rule: str  # its name in the model
    says: str  # what it asks for
    places: tuple[dict[str, str], ...]  # where it conflicts, by labels such as site and year
    # settings and tables that its limits come from, with their values and where they are written; empty for rules that
    # only link decisions
    keys: tuple[str, ...]


def conflict_rules(question: PreparedScenario, problem: ArrayProblem, names: Sequence[str]) -> tuple[ConflictRule, ...]:
    """Group the rows of a conflict by rule; those with settings of their own come first."""
    places: dict[str, list[dict[str, str]]] = {}
    for name in names:
        block, labels = _parts(name)
        if " " in block:  # a bound of a decision
            rule = _DECISIONS.get(block, ("", ""))[0]
            # That no more of a site opens than all of it is no rule of the scenario.
            is_asked = rule != "must_not_open" or labels[0] in question.scenario.siting.must_not_open
            if rule and is_asked:
                places.setdefault(block, []).append({"site": labels[0], "year": labels[1]})
            continue
        axes = problem.rows_over(block).axis_names
        places.setdefault(_family(block), []).append(dict(zip(axes, labels, strict=True)))
    rules = [
        ConflictRule(
            _DECISIONS.get(block, (block, ""))[0],
            _RULES[block] if block in _RULES else _DECISIONS[block][1],
            tuple(where),
            keys_of(question, _DECISIONS.get(block, (block, ""))[0], where),
        )
        for block, where in places.items()
    ]
    return tuple(sorted(rules, key=lambda rule: not rule.keys))


def in_words(rules: Sequence[ConflictRule]) -> list[str]:
    """Say which rules conflict, where, and which settings their limits come from."""
    lines = []
    for rule in rules:
        if rule.keys:
            places = [" ".join(place.values()) for place in rule.places]
            lines.append(f"  {rule.rule}: {rule.says}")
            lines.append(f"      at {some(places, _SHOWN_PLACES)}")
            lines += [f"      {key}" for key in rule.keys[:_SHOWN_PLACES]]
            if more := and_more(len(rule.keys), _SHOWN_PLACES):
                lines.append(f"     {more}")
    links = [rule.rule for rule in rules if not rule.keys]
    if links:
        lines.append(f"  and what links them: {', '.join(links)}")
    return lines


_RULES: Final = {block.name: block.doc.strip().splitlines()[0] for family in FAMILIES for block in family.CONSTRAINTS}
_DECISIONS: Final = {
    f"{of.asks} of {of.column}": (limit.name, of.says) for limit in LIMITS if (of := limit.decision) is not None
}
"""What a scenario asks of decisions, by how their bounds are named."""


def keys_of(question: PreparedScenario, rule: str, places: Sequence[Place]) -> tuple[str, ...]:
    """Say where the limits of a rule are set, what they are, and in which line."""
    set_by = BY_NAME[rule].set_by if rule in BY_NAME else ()
    lines = (of.line(question, place) for place in places for of in set_by)
    return tuple(dict.fromkeys(line for line in lines if line is not None))


def rule_of(block: str) -> tuple[str, str]:
    """Return the name of a rule and what it asks for, by its block of rows or its bound."""
    family = _family(block)
    return _DECISIONS[block] if block in _DECISIONS else (family, _RULES[family])


def _family(block: str) -> str:
    """Return the family of a block of rows; those added while solving end in a number.

    >>> _family("served_only_if_open_3"), _family("land_limit")
    ('served_only_if_open', 'land_limit')
    """
    return block if block in _RULES else _NUMBER.sub("", block)


def _parts(name: str) -> tuple[str, list[str]]:
    r"""Split a row's name into block and labels, in which a comma is written ``\,``.

    >>> _parts(r"land_limit(a\,b,2027)")
    ('land_limit', ['a,b', '2027'])
    """
    block, opens, rest = name.partition("(")
    if not opens:
        return block, []
    labels = [found[1] for found in _LABEL.finditer(rest[:-1])]
    if labels and not labels[-1] and not rest[:-1].endswith(","):
        labels.pop()
    return block, [re.sub(r"\\(.)", r"\1", label) for label in labels]
