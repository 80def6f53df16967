"""In which order futures are solved, and which of them begin where another one ended.

Futures of a grid that differ in the last axis alone are a group, and so are those of a sample. The
first of a group is solved without a start, and the others begin where it ended if that promises to
be quicker. Who begins where is a matter of the sweep and not of who is done first, so that a sweep
has the same plans however its futures are spread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from planner.studies.sweep.futures import FutureTask
    from planner.studies.sweep.points import Future

__all__ = ["Queue", "leaders"]


def leaders(futures: Sequence[Future], *, is_sampled: bool) -> dict[str, str]:
    """Return for each future that begins where another one ended, which one that is.

    Parameters
    ----------
    futures : sequence of Future
        In the order of the file.
    is_sampled : bool
        Whether they are drawn: then they are one group.

    Returns
    -------
    dict of str to str
        Names by name; futures of a list and first ones of a group are not in it.
    """
    first: dict[tuple[object, ...], str] = {}
    led = {}
    for future in futures:
        if not future.points:
            continue
        *others, _ = future.points.values()
        group = () if is_sampled else tuple(id(point) for point in others)
        if group in first:
            led[future.name] = first[group]
        else:
            first[group] = future.name
    return led


class Queue:
    """Futures that wait, those that others begin from first.

    Parameters
    ----------
    questions : iterable of FutureTask
        To be solved.
    starts : mapping of str to bytes
        Where futures that are solved already ended, by name.
    """

    def __init__(self, questions: Iterable[FutureTask], starts: Mapping[str, bytes]) -> None:
        waiting = list(questions)
        self._starts = dict(starts)
        self._open = {question.name for question in waiting}
        self._waiting = sorted(waiting, key=lambda question: bool(question.begins_at))

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
