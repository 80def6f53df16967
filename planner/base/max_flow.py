"""Maximum flow from amounts of work to reserves, by augmenting paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NOISE = 1e-12


def unassigned(work: Sequence[float], choices: Sequence[Sequence[str]], room: Mapping[str, float]) -> float:
    """Return how much work is left when as much as possible is assigned to reserves.

    >>> unassigned([3.0, 4.0], [["a", "b"], ["a"]], {"a": 5.0, "b": 1.5})
    0.5
    """
    free = dict(room)
    taken: list[dict[str, float]] = [{} for _ in work]
    left = [float(amount) for amount in work]
    for begin in range(len(work)):
        while left[begin] > _NOISE:
            path = _augmenting_path(begin, choices, free, taken)
            if path is None:
                break
            _send(path, left, free, taken)
    return sum(amount for amount in left if amount > _NOISE)


def _augmenting_path(
    begin: int, choices: Sequence[Sequence[str]], free: Mapping[str, float], taken: Sequence[Mapping[str, float]]
) -> list[tuple[int, str]] | None:
    """Find a path from an amount to a reserve with room, over amounts that may be moved.

    Each step assigns an amount to a reserve; all steps but the first move it from the reserve of
    the step before.
    """
    came: dict[str, tuple[int, str | None]] = {}
    waiting: list[tuple[int, str | None]] = [(begin, None)]
    for amount, gives_up in waiting:
        for taker in choices[amount]:
            if taker in came:
                continue
            came[taker] = (amount, gives_up)
            if free.get(taker, 0.0) > _NOISE:
                return _walk_back(taker, came)
            others = (i for i, has in enumerate(taken) if has.get(taker, 0.0) > _NOISE)
            waiting.extend((other, taker) for other in others)
    return None


def _walk_back(taker: str, came: Mapping[str, tuple[int, str | None]]) -> list[tuple[int, str]]:
    steps = []
    at: str | None = taker
    while at is not None:
        amount, before = came[at]
        steps.append((amount, at))
        at = before
    return steps[::-1]


def _send(
    path: list[tuple[int, str]], left: list[float], free: dict[str, float], taken: list[dict[str, float]]
) -> None:
    """Move as much along a path as its narrowest step allows."""
    first, last = path[0][0], path[-1][1]
    given_up = [(amount, path[step][1]) for step, (amount, _) in enumerate(path[1:])]
    most = min(left[first], free[last], *(taken[amount][taker] for amount, taker in given_up))
    left[first] -= most
    free[last] -= most
    for amount, taker in path:
        taken[amount][taker] = taken[amount].get(taker, 0.0) + most
    for amount, taker in given_up:
        taken[amount][taker] -= most
