"""Rules of what is allowed but implausible, and the one engine that says what they find.

A rule is a sentence, what to do, and a function that finds the places to which it applies, each with the figures
that the sentence names: `{mw}` writes a number as a planner would.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from planner.base.errors import Problem
from planner.plausible.ranges import as_text
from planner.tables.places import TableCell, TablePlaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from planner.scenario import Scenario
    from planner.scenario.tree import Keys

Facts = TypeVar("Facts")


Found = tuple["Keys | TableCell", dict[str, Any]]


@dataclass(frozen=True)
class InputRule(Generic[Facts]):
    """What is implausible: a sentence, what to do, and where it applies."""

    what_is: str
    fix: str
    find: Callable[[Facts], Iterator[Found]]


def rule(what_is: str, fix: str) -> Callable[[Callable[[Facts], Iterator[Found]]], InputRule[Facts]]:
    """Make a rule of a function that finds places."""
    return lambda find: InputRule(what_is, fix, find)


class _Words(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        is_plain = isinstance(value, str | int) or format_spec
        return format(value, format_spec) if is_plain else as_text(float(value))


_WORDS: Final = _Words()


def found_by(rules: Iterable[InputRule[Facts]], facts: Facts, scenario: Scenario) -> Iterator[Problem]:
    """Say what rules find, rule by rule, each at its place."""
    places = TablePlaces(scenario.data_files)
    for one in rules:
        for place, words in one.find(facts):
            what_is, fix = (_WORDS.vformat(sentence, (), words) for sentence in (one.what_is, one.fix))
            if isinstance(place, TableCell):
                yield places.problem(*place, what_is, "", fix)
            else:
                yield Problem(*scenario.place_of(place), what_is, "", fix)
