"""The ways to solve a program with HiGHS: which options, and in which order they are tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.lp.change import Change

__all__ = ["MOST_STEPS", "SIMPLEX", "Attempt", "Method", "attempts", "search"]

MOST_STEPS: Final = 2**31 - 1
"""Steps of simplex where nothing limits them."""
Method = Literal["auto", "ipx", "hipo", "ipm", "simplex", "primal", "pdlp", "decomposed"]
"""Ways to solve; a session that solves all at once takes `decomposed` for `auto`."""

# HiGHS options of each method.
SIMPLEX: Mapping[str, str | int] = {"solver": "simplex", "simplex_strategy": 1}
_PRIMAL: Mapping[str, str | int] = {"solver": "simplex", "simplex_strategy": 4}
_COLD: Mapping[str, Mapping[str, str | int]] = {
    "ipx": {"solver": "ipx"},
    "hipo": {"solver": "hipo"},
    "ipm": {"solver": "ipm"},
    "simplex": SIMPLEX,
    "primal": _PRIMAL,
    "pdlp": {"solver": "pdlp"},
}
_RELAXATION: Mapping[str, str] = {
    "auto": "choose",
    "decomposed": "choose",
    "ipx": "ipx",
    "hipo": "hipo",
    "ipm": "ipm",
    "simplex": "simplex",
    "primal": "simplex",
    "pdlp": "choose",
}


@dataclass(frozen=True)
class Attempt:
    """One way to solve."""

    name: str  # what it is called in messages
    options: Mapping[str, str | int]  # options of HiGHS
    starts_afresh: bool = True  # whether the last basis is left aside
    steps: int = MOST_STEPS  # most steps of simplex that it may take


def search(method: Method) -> Attempt:
    """Return how integers are searched for, with relaxations solved by a method."""
    relaxation = _RELAXATION[method]
    # Any other "solver" makes HiGHS drop the integers without a word.
    options = {**SIMPLEX, "solver": "choose", "mip_lp_solver": relaxation}
    return Attempt(f"branch and bound, {relaxation}", options)


def attempts(method: Method, changed: Change | None, steps: int = MOST_STEPS) -> list[Attempt]:
    """List the ways in which a program without integers is tried, one after the other.

    >>> [attempt.name for attempt in attempts("auto", None)]
    ['ipx', 'simplex']
    """
    tried = []
    if method in {"auto", "decomposed"}:
        method = "ipx"
        if changed is not None:
            by_primal = changed.leaves_plan and (changed.costs or changed.freed)
            name, options = ("primal", _PRIMAL) if by_primal else ("dual", SIMPLEX)
            tried.append(Attempt(f"warm {name}", options, starts_afresh=False, steps=steps))
    names = dict.fromkeys((method, "ipx", "simplex"))  # the last two if the first breaks down
    return tried + [Attempt(name, _COLD[name]) for name in names]
