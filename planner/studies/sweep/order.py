"""In which order futures are solved, and which of them begin where another one ended.

Futures of a grid that differ in the last axis alone are a group, and so are those of a sample. The
first of a group is solved without a start, and the others begin where it ended if that promises to
be quicker. A future of the list begins likewise at the one before it that it differs least from, be
that the first of a group or of the list. Who begins where is a matter of the sweep and not of who
is done first, so that a sweep has the same plans however its futures are spread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.scenario.tree import plain
from planner.studies.sweep.points import changed_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from planner.scenario.tree import Node
    from planner.studies.sweep.futures import FutureTask
    from planner.studies.sweep.points import Future

__all__ = ["Queue", "leaders"]

_MOST_COMPARED: Final = 200
"""Of the futures before one of the list: with all of them a list of 1,000 took 8 s."""


def leaders(futures: Sequence[Future], base: Node, *, is_sampled: bool) -> dict[str, str]:
    """Return for each future that begins where another one ended, which one that is."""
    first: dict[tuple[object, ...], Future] = {}
    led = {}
    for future in futures:
        if future.points:
            *others, _ = future.points.values()
            group = () if is_sampled else tuple(id(point) for point in others)
            leader = first.setdefault(group, future)
            if leader is not future:
                led[future.name] = leader.name
    listed = [future for future in futures if not future.points]
    before: list[tuple[Future, Node]] = []
    for future in (*first.values(), *listed) if listed else ():
        try:
            tree = changed_tree(base, future)
        except LookupError:  # it makes no scenario
            continue
        if before and not future.points:
            led[future.name] = _most_alike(tree, before[-_MOST_COMPARED:], led)
        before.append((future, tree))
    return led


def _most_alike(tree: Node, before: Sequence[tuple[Future, Node]], led: Mapping[str, str]) -> str:
    """Return the future that differs in the fewest settings and moved figures.

    Of several it is the last, since those that are alike are written one after the other; or
    where that begins, if that is as near: then they need not wait for each other.
    """
    differing = {future.name: _count_differing(other, tree) + len(future.figures) for future, other in before}
    fewest = min(differing.values())
    found = [name for name, count in differing.items() if count == fewest][-1]
    while differing.get(led.get(found, "")) == fewest:
        found = led[found]
    return found


def _count_differing(one: Node | None, other: Node | None) -> int:
    """Count settings that differ between two trees; what neither has changed is one object."""
    if one is other:
        return 0
    below, also = (node.children if node is not None else {} for node in (one, other))
    if below or also:
        keys = below.keys() | also.keys()
        return sum(_count_differing(below.get(key), also.get(key)) for key in keys)
    return int(one is None or other is None or plain(one) != plain(other))


class Queue:
    """Futures that wait, those that others begin from first."""

    def __init__(self, questions: Iterable[FutureTask], starts: Mapping[str, bytes]) -> None:
        waiting = list(questions)
        self._starts = dict(starts)
        self._open = {question.name for question in waiting}
        self._waiting = sorted(waiting, key=lambda question: (not question.leads, bool(question.begins_at)))

    def __bool__(self) -> bool:
        """Whether any future waits."""
        return bool(self._waiting)

    def next(self) -> tuple[FutureTask, bytes | None] | None:
        """Take a future that can begin, with where it begins; None while all wait for another."""
        for place, question in enumerate(self._waiting):
            if question.begins_at not in self._open:
                del self._waiting[place]
                return question, self._starts.get(question.begins_at)
        return None

    def put_back(self, question: FutureTask) -> None:
        """Let a future wait again."""
        self._waiting.insert(0, question)

    def done(self, question: FutureTask, start: bytes | None) -> None:
        """Note that a future is solved, and where it ended."""
        self._open.discard(question.name)
        if start is not None:
            self._starts[question.name] = start
