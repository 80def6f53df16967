"""Pieces of a sweep's file, each with its place; what is wrong is collected, not raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from planner.base.words import did_you_mean, some
from planner.scenario.tree import Node, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planner.base.arrays import Floats
    from planner.base.errors import Problem
    from planner.scenario import Scenario

# --- Pieces of a sweep's file, each with its place; what is wrong is collected, not raised --------

_LONGEST_NAME: Final = 200
_OF_A_FILE: Final = frozenset({"extends", "version"})


Read = TypeVar("Read")


class Found:
    """Problems that were found so far."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self.problems: list[Problem] = list(problems)

    def note(self, node: Node, what_is: str, must_be: str, fix: str) -> Read | None:
        """Add a problem at the place of a value; return None, for what cannot be read."""
        self.problems.append(node.place.problem(what_is, must_be, fix))
        return None

    def note_key(self, node: Node, what_is: str, must_be: str, fix: str) -> Read | None:
        """Add a problem at the place of the key of a value; return None."""
        self.problems.append((node.key_place or node.place).problem(what_is, must_be, fix))
        return None

    def entries(
        self, node: Node, name: str, known: Sequence[str], fixes: Mapping[str, str] | None = None
    ) -> Mapping[str, Node]:
        """Return the entries of a mapping that may have these keys; others are problems.

        Of some of these `fixes` says what to do.
        """
        mapping = self.mapping(node, name)
        for key, below in mapping.items():
            if key not in known:
                fix = did_you_mean(key, known, f"known here: {', '.join(known)}")
                self.note_key(below, f"unknown key {key!r} in {name}", "a key of a sweep", (fixes or {}).get(key, fix))
        return {key: below for key, below in mapping.items() if key in known}

    def check_name(self, node: Node, name: str, what: str) -> None:
        """Note a name that tables and lines of progress cannot show."""
        if not name.strip() or len(name) > _LONGEST_NAME or name.splitlines() != [name]:
            must_be = f"one line of text with at most {_LONGEST_NAME} characters"
            self.note_key(node, f"{what} is called {name!r}", must_be, "take another name")

    def mapping(self, node: Node, name: str) -> Mapping[str, Node]:
        """Return the entries of a mapping; anything else is a problem."""
        if isinstance(node.value, Mapping):
            return node.value
        fix = "write keys under it, or remove the line"
        return self.note(node, f"{name} is {show(node.value)}", "a mapping of keys", fix) or {}

    def settings(self, node: Node, name: str) -> Mapping[str, Node]:
        """Return settings to lay over the base; what another file would be read for is none."""
        mapping = self.mapping(node, name)
        for key in sorted(_OF_A_FILE & mapping.keys()):
            fix = "remove it; base names the scenario that all futures begin from"
            self.note_key(mapping[key], f"{name} has {key}", "settings alone", fix)
        return mapping

    def entries_of_list(self, node: Node, name: str) -> tuple[Node, ...]:
        """Return the entries of a list with at least one; anything else is a problem."""
        if isinstance(node.value, tuple) and node.value:
            return node.value
        what_is = f"{name} is {'empty' if node.value == () else show(node.value)}"
        return self.note(node, what_is, "a list with at least one entry", "write [first, second]") or ()

    def text(self, node: Node, name: str, fix: str) -> str:
        """Return a text that is not empty; anything else is a problem."""
        if isinstance(node.value, str) and node.value:
            return node.value
        return self.note(node, f"{name} is {show(node.value) if node.value else 'empty'}", "text", fix) or ""

    def number(self, node: Node, name: str) -> float | None:
        """Return a finite number; anything else is a problem."""
        value = node.value
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return value
        return self.note(node, f"{name} is {show(value)}", "a finite number", "write a number, without quotes")

    def missing(self, node: Node, entries: Mapping[str, Node], name: str, keys: Iterable[str], fix: str) -> None:
        """Note each of some keys that a mapping lacks."""
        for key in keys:
            if key not in entries and isinstance(node.value, dict):
                self.note_key(node, f"{name} has no {key}", "given", fix)

    def share(self, node: Node, name: str, fix: str, *, may_be_0: bool = False) -> float | None:
        """Return a share, above 0 unless that may be; anything else is a problem."""
        number = self.number(node, name)
        if number is None or 0.0 < number <= 1.0 or (may_be_0 and number == 0.0):
            return None if number is None else float(number)
        must_be = "from 0 to 1" if may_be_0 else "above 0 and at most 1"
        return self.note(node, f"{name} is {show(node.value)}", must_be, fix)

    def whole(self, node: Node, name: str, least: int, most: int) -> int | None:
        """Return an integer within bounds; anything else is a problem."""
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        must_be = f"an integer from {least:,} to {most:,}"
        return self.note(node, f"{name} is {show(value)}", must_be, "write another one")


# --- How likely the futures of a sweep are, and when it is known which of them comes --------------

_KEYS: Final = ("known_from", "weights", "cvar", "central")
_RISK_KEYS: Final = ("weight", "tail")
_EXACT: Final = 1e-5
"""How far from 1 weights may add up to, so that thirds may be written with six decimals."""
_NAMED: Final = 3


@dataclass(frozen=True)
class Risk:
    """How much bad futures count."""

    # share of the objective that is the conditional value at risk; the rest is the expected cost. [0, 1]
    weight: float = 0.0
    tail: float = 1.0  # the worst futures, as a share of all likelihood, whose mean cost that is. In (0, 1]

    @property
    def is_asked(self) -> bool:
        """Whether bad futures count more than others, or their mean cost is to be shown."""
        return self.weight > 0.0 or self.tail < 1.0

    def objective(self, costs: Floats, weights: Floats) -> float:
        """Return the objective at the cost of each future.

        >>> Risk(0.5, 0.25).objective(np.array([3.0, 7.0]), np.array([0.75, 0.25]))
        5.5
        """
        return self.part(costs, costs, weights)

    def part(self, part: Floats, costs: Floats, weights: Floats) -> float:
        """Return what of the objective a part of the cost of each future is.

        >>> costs, weights = np.array([3.0, 7.0]), np.array([0.75, 0.25])
        >>> Risk(0.5, 0.25).part(np.array([1.0, 2.0]), costs, weights)
        1.625
        """
        shares = (1.0 - self.weight) * weights + self.weight * self._tail_weights(costs, weights)
        # A future of weight 0 is left out: 0 times an infinite cost would be nan.
        return float(shares[shares > 0.0] @ part[shares > 0.0])

    def cvar(self, costs: Floats, weights: Floats) -> float:
        """Return the mean cost of the worst futures.

        Source: Rockafellar and Uryasev 2000.
        """
        shares = self._tail_weights(costs, weights)
        return float(shares[shares > 0.0] @ costs[shares > 0.0])

    def _tail_weights(self, costs: Floats, weights: Floats) -> Floats:
        """Return how much each future counts in the mean of the worst; they add up to 1."""
        order = np.argsort(-costs, kind="stable")
        before = np.cumsum(weights[order]) - weights[order]
        shares = np.empty(len(costs))
        shares[order] = np.clip(self.tail - before, 0.0, weights[order]) / self.tail
        return shares


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """What is known of the futures of a sweep together."""

    known_from: int  # from 1 January of this year on it is known which future comes
    weights: Mapping[str, float]  # how likely each future is; they add up to 1
    risk: Risk  # how much bad futures count
    central: str | None  # future that stands for all of them where one plans for a single one; None for their mean
    at: Node  # where `known_from` is written

    def horizon_problems(self, scenario: Scenario) -> list[Problem]:
        """Find that nothing is decided before the futures are known, or that they never are."""
        first, last = scenario.decisions_start.year, max(scenario.years)
        if first < self.known_from <= last:
            return []
        must_be = f"a year after {first}, when decisions begin, and up to {last}, the last model year"
        return [self.at.place.problem(f"known_from is {self.known_from}", must_be, "take one of them")]


def read_uncertainty(node: Node, futures: Sequence[str] | None, found: Found) -> Uncertainty | None:
    """Read block `uncertainty`."""
    before = len(found.problems)
    entries = found.entries(node, "uncertainty", _KEYS)
    write, at = "write the year from which it is known which future comes", entries.get("known_from")
    found.missing(node, entries, "uncertainty", ("known_from",), f"{write}, as in known_from: 2028")
    if at is not None and (not isinstance(at.value, int) or isinstance(at.value, bool)):
        found.note(at, f"known_from is {show(at.value)}", "a year, such as 2028", write)
    weights = _weights(node, entries, futures, found)
    risk = _risk(entries["cvar"], found) if "cvar" in entries else Risk()
    central = _central(entries["central"], futures, found) if "central" in entries else None
    if len(found.problems) > before or at is None or futures is None:
        return None
    return Uncertainty(int(str(at.value)), weights, risk, central, at)


def _weights(node: Node, entries: Mapping[str, Node], futures: Sequence[str] | None, found: Found) -> dict[str, float]:
    """Return the weights of all futures, as they are written; equal where they are left out."""
    if "weights" not in entries:
        return {name: 1.0 / len(futures) for name in futures} if futures else {}
    at = entries["weights"]
    before = len(found.problems)
    weights = {}
    for name, below in found.mapping(at, "weights").items():
        fix = "write its likelihood, or take the future out of the sweep"
        weights[name] = found.share(below, f"weight of future {name!r}", fix) or 0.0
        if futures is not None and name not in futures:
            fix = did_you_mean(name, futures, f"futures are {some(futures, _NAMED)}")
            found.note_key(below, f"weights has {name!r}", "a future of this sweep", fix)
    if futures is None or not isinstance(at.value, dict):
        return {}
    missing = [name for name in futures if name not in at.value]
    if missing:
        what_is = f"weights has nothing of {some([repr(name) for name in missing], _NAMED)}"
        found.note_key(at, what_is, "a weight of every future", "add them, or leave weights out")
    if len(found.problems) > before:
        return {}
    total = sum(weights.values())
    if abs(total - 1.0) > _EXACT:
        fix = "weights are likelihoods; leave them out for futures that are equally likely"
        return found.note_key(at, f"weights add up to {total:.6g}", "1", fix) or {}
    return {name: weights[name] / total for name in futures}


def _risk(node: Node, found: Found) -> Risk:
    entries = found.entries(node, "cvar", _RISK_KEYS)
    found.missing(node, entries, "cvar", _RISK_KEYS, "write {weight: 0.3, tail: 0.1}")
    shares = [
        found.share(at, f"{key} of cvar", "write a share", may_be_0=key == "weight") for key, at in entries.items()
    ]
    given = {key: share for key, share in zip(entries, shares, strict=True) if share is not None}
    return Risk(**given) if len(given) == len(_RISK_KEYS) else Risk()


def _central(node: Node, futures: Sequence[str] | None, found: Found) -> str | None:
    name = found.text(node, "central", "name a future of the sweep")
    if name and futures is not None and name not in futures:
        fix = did_you_mean(name, futures, f"futures are {some(futures, _NAMED)}")
        found.note(node, f"central is {name!r}", "a future of this sweep", fix)
    return name or None
