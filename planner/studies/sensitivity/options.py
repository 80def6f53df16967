"""What is asked of a study of sensitivity, and what of it cannot be."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from planner.base.errors import Problem
from planner.base.words import closest
from planner.outputs.sensitivity import BOUND, COST
from planner.results.schema import TABLES as RESULTS
from planner.studies.sensitivity.design import METHODS
from planner.studies.sweep.file import MOST_FUTURES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FIGURES", "OUTPUTS", "SEED", "size_of", "wrong_sizes", "wrong_wishes"]

_SIZES: Final[Mapping[str, int]] = {"tornado": 0, "morris": 10, "sobol": 64}
"""Trajectories or base samples where none are asked for."""
SEED: Final = 1
_SIZE_OF: Final[Mapping[str, str]] = {"morris": "trajectories", "sobol": "samples"}
_USUAL: Final[Mapping[str, str]] = {"trajectories": "10 to 50 are usual", "samples": "64 to 1,024 are usual"}
FIGURES: Final = 10
_MOST_SEED: Final = 2**32 - 1
_MOST_FIGURES: Final = 100
OUTPUTS: Final[Mapping[str, str]] = {
    COST: "MUSD",
    BOUND: "MUSD",
    **{one.name: one.unit for one in RESULTS["summary"].fields if one.name != "year"},
}
"""What can be asked of, with its unit: the cost, its bound, and the summary of the last year."""


def _problem(what_is: str, must_be: str, fix: str) -> Problem:
    return Problem("sensitivity", None, None, what_is, must_be, fix)


def wrong_wishes(method: str, figures: int, seed: int, of: str) -> list[Problem]:
    """Return what is wrong with what is asked, but for the sizes."""
    problems = []
    if method not in METHODS:
        meant = closest(method, METHODS)
        fix = f"did you mean {meant!r}?" if meant else "take another one"
        problems.append(_problem(f"method is {method!r}", ", ".join(METHODS), fix))
    elif method != "tornado" and find_spec("SALib") is None:
        fix = "install it: pip install 'dcplan[sensitivity]'"
        what_is = f"SALib is not installed, which method {method} needs"
        problems.append(_problem(what_is, "SALib 1.6 or newer", fix))
    if not 1 <= figures <= _MOST_FIGURES:
        must_be = f"an integer from 1 to {_MOST_FIGURES}"
        problems.append(_problem(f"figures is {figures}", must_be, "10 to 20 are usual"))
    if not 0 <= seed <= _MOST_SEED:
        must_be = f"an integer from 0 to {_MOST_SEED:,}"
        problems.append(_problem(f"seed is {seed}", must_be, "take another one"))
    if of not in OUTPUTS:
        meant = closest(of, list(OUTPUTS))
        fix = f"did you mean {meant!r}?" if meant else "docs/results.md lists the columns"
        must_be = f"{COST}, {BOUND} or a column of table summary"
        problems.append(_problem(f"of is {of!r}", must_be, fix))
    return problems


def wrong_sizes(method: str, sizes: Mapping[str, int | None]) -> list[Problem]:
    """Return sizes that are of another method, and those that the method cannot have."""
    problems = []
    for name, size in sizes.items():
        if size is None or method not in METHODS:
            continue
        if _SIZE_OF.get(method) != name:
            of = next(of for of, its in _SIZE_OF.items() if its == name)
            what_is = f"{name} is {size}, and method is {method}"
            fix = f"leave it out, or take method {of}"
            problems.append(_problem(what_is, f"given with method {of} alone", fix))
        elif not 2 <= size <= MOST_FUTURES or (method == "sobol" and size & (size - 1)):
            is_power = method == "sobol"
            most = 1 << (MOST_FUTURES.bit_length() - 1) if is_power else MOST_FUTURES
            must_be = f"{'a power of 2' if is_power else 'an integer'} from 2 to {most:,}"
            problems.append(_problem(f"{name} is {size}", must_be, _USUAL[name]))
    return problems


def size_of(method: str, sizes: Mapping[str, int | None]) -> int:
    """Return the size that is asked for, or else the usual one; 0 of a tornado."""
    size = sizes.get(_SIZE_OF.get(method, ""))
    return _SIZES[method] if size is None else size
