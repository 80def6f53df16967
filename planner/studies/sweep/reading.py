"""Parts of a sweep's file, each with its place; what is wrong is collected, not raised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from planner.base.words import did_you_mean, some
from planner.scenario.tree import Node, show

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from planner.base.arrays import Floats
    from planner.base.errors import Problem
    from planner.scenario import Scenario

# --- Parts of a sweep's file, each with its place; what is wrong is collected, not raised ---------

_LONGEST_NAME: Final = 200


Read = TypeVar("Read")


@dataclass(frozen=True, eq=False)
class SweepPart:
    """A part of a sweep's file."""

    node: Node  # what is written
    name: str  # what messages call it
    problems: list[Problem]  # found so far in the whole file

    @property
    def value(self) -> Any:
        """What is written, as text, number, mapping or list."""
        return self.node.value

    def below(self, node: Node, name: str) -> SweepPart:
        """Return a part of this part."""
        return SweepPart(node, name, self.problems)

    def note(self, what_is: str, must_be: str, fix: str) -> Read | None:
        """Add a problem at the place of the value; return None, for what cannot be read."""
        self.problems.append(self.node.place.problem(what_is, must_be, fix))
        return None

    def note_key(self, what_is: str, must_be: str, fix: str) -> Read | None:
        """Add a problem at the place of the key; return None."""
        self.problems.append((self.node.key_place or self.node.place).problem(what_is, must_be, fix))
        return None

    def entries(
        self, known: Collection[str], of: str = "", *, needs: Mapping[str, str] = {}, fixes: Mapping[str, str] = {}
    ) -> dict[str, SweepPart]:
        """Return the entries of a mapping that may have known keys, and needs some; others are problems.

        Each is called by its key, and by what it is a key `of`. Keys that it needs, and some that it cannot have,
        come with what to do.
        """
        mapping = self.mapping()
        parts = {key: self.below(node, f"{key} of {of}" if of else key) for key, node in mapping.items()}
        for key in (key for key in parts if key not in known):
            near = did_you_mean(key, list(known), f"known here: {', '.join(known)}")
            parts[key].note_key(f"unknown key {key!r} in {self.name}", "a key of a sweep", fixes.get(key, near))
        for key in (key for key in needs if key not in parts and isinstance(self.value, dict)):
            self.note_key(f"{self.name} has no {key}", "given", needs[key])
        return {key: part for key, part in parts.items() if key in known}

    def check_name(self, name: str, what: str) -> None:
        """Note a name that tables and lines of progress cannot show."""
        if not name.strip() or len(name) > _LONGEST_NAME or name.splitlines() != [name]:
            must_be = f"one line of text with at most {_LONGEST_NAME} characters"
            self.note_key(f"{what} is called {name!r}", must_be, "take another name")

    def mapping(self) -> Mapping[str, Node]:
        """Return the entries of a mapping; anything else is a problem."""
        if isinstance(self.value, Mapping):
            return self.value
        fix = "write keys under it, or remove the line"
        return self.note(f"{self.name} is {show(self.value)}", "a mapping of keys", fix) or {}

    def settings(self) -> Mapping[str, Node]:
        """Return settings to lay over the base; what another file would be read for is none."""
        mapping = self.mapping()
        for key in sorted({"extends", "version"} & mapping.keys()):
            fix = "remove it; base names the scenario that all futures begin from"
            self.below(mapping[key], key).note_key(f"{self.name} has {key}", "settings alone", fix)
        return mapping

    def listed(self) -> tuple[SweepPart, ...]:
        """Return the entries of a list with at least one; anything else is a problem."""
        if isinstance(self.value, tuple) and self.value:
            return tuple(self.below(node, self.name) for node in self.value)
        what_is = f"{self.name} is {'empty' if self.value == () else show(self.value)}"
        return self.note(what_is, "a list with at least one entry", "write [first, second]") or ()

    def text(self, fix: str) -> str:
        """Return a text that is not empty; anything else is a problem."""
        if isinstance(self.value, str) and self.value:
            return self.value
        return self.note(f"{self.name} is {show(self.value) if self.value else 'empty'}", "text", fix) or ""

    def number(self) -> float | None:
        """Return a finite number; anything else is a problem."""
        value = self.value
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return value
        return self.note(f"{self.name} is {show(value)}", "a finite number", "write a number, without quotes")

    def share(self, fix: str, *, may_be_0: bool = False) -> float | None:
        """Return a share, above 0 unless that may be; anything else is a problem."""
        number = self.number()
        if number is None or 0.0 < number <= 1.0 or (may_be_0 and number == 0.0):
            return None if number is None else float(number)
        must_be = "from 0 to 1" if may_be_0 else "above 0 and at most 1"
        return self.note(f"{self.name} is {show(self.value)}", must_be, fix)

    def whole(self, least: int, most: int) -> int | None:
        """Return an integer within bounds; anything else is a problem."""
        if type(self.value) is int and least <= self.value <= most:
            return self.value
        must_be = f"an integer from {least:,} to {most:,}"
        return self.note(f"{self.name} is {show(self.value)}", must_be, "write another one")


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


def read_uncertainty(part: SweepPart, futures: Sequence[str] | None) -> Uncertainty | None:
    """Read block `uncertainty`."""
    before = len(part.problems)
    write = "write the year from which it is known which future comes"
    parts = part.entries(_KEYS, needs={"known_from": f"{write}, as in known_from: 2028"})
    at = parts.get("known_from")
    if at is not None and type(at.value) is not int:
        at.note(f"known_from is {show(at.value)}", "a year, such as 2028", write)
    weights = _weights(parts["weights"], futures) if "weights" in parts else dict.fromkeys(futures or (), 1.0)
    risk = _risk(parts["cvar"]) if "cvar" in parts else Risk()
    central = None
    if "central" in parts:
        central = parts["central"].text("name a future of the sweep") or None
        if central and futures is not None and central not in futures:
            parts["central"].note(f"central is {central!r}", *_other_future(central, futures))
    if len(part.problems) > before or at is None or futures is None:
        return None
    total = sum(weights.values())
    return Uncertainty(at.value, {name: weights[name] / total for name in futures}, risk, central, at.node)


def _weights(part: SweepPart, futures: Sequence[str] | None) -> dict[str, float]:
    """Return the weights of all futures, as they are written."""
    before, weights = len(part.problems), {}
    for name, node in part.mapping().items():
        weight = part.below(node, f"weight of future {name!r}")
        weights[name] = weight.share("write its likelihood, or take the future out of the sweep") or 0.0
        if futures is not None and name not in futures:
            weight.note_key(f"weights has {name!r}", *_other_future(name, futures))
    missing = [name for name in futures or () if isinstance(part.value, dict) and name not in weights]
    if missing:
        what_is = f"weights has nothing of {some([repr(name) for name in missing], _NAMED)}"
        part.note_key(what_is, "a weight of every future", "add them, or leave weights out")
    total = sum(weights.values())
    if futures is not None and len(part.problems) == before and abs(total - 1.0) > _EXACT:
        fix = "weights are likelihoods; leave them out for futures that are equally likely"
        part.note_key(f"weights add up to {total:.6g}", "1", fix)
    return weights


def _other_future(name: str, futures: Sequence[str]) -> tuple[str, str]:
    """Return what a name must be that no future has, and how to fix it."""
    return "a future of this sweep", did_you_mean(name, futures, f"futures are {some(futures, _NAMED)}")


def _risk(part: SweepPart) -> Risk:
    parts = part.entries(_RISK_KEYS, "cvar", needs=dict.fromkeys(_RISK_KEYS, "write {weight: 0.3, tail: 0.1}"))
    shares = {key: one.share("write a share", may_be_0=key == "weight") for key, one in parts.items()}
    weight, tail = map(shares.get, _RISK_KEYS)
    return Risk() if weight is None or tail is None else Risk(weight, tail)
