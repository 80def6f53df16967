"""Designs of Morris and Sobol, what is asked of them, and their indices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from planner.base.errors import Problem
from planner.base.words import amount, did_you_mean, duration
from planner.outputs.study_files import BOUND, BY, COST, is_constant
from planner.results.cost_difference import intervals_ranked
from planner.results.schema import TABLES as RESULTS
from planner.studies.sweep.axes import MOST_FUTURES, MOST_SEED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats, Positions

# --- Which futures a method asks for: points of the unit cube, in blocks that are drawn alike -----

Method: TypeAlias = Literal["tornado", "morris", "sobol"]
METHODS: Final[tuple[Method, ...]] = ("tornado", "morris", "sobol")
LEVELS: Final = 4
"""Of each factor in the grid of Morris: its low, its high and two between them."""
# --- Indices of Morris and Sobol from the futures' answers, and how stable the ranks by them are ---

_FEW: Final = 3  # figures, trajectories or samples that are not worth halving


@dataclass(frozen=True)
class Design:
    """How the futures are chosen."""

    # one factor at a time at its low and high; trajectories that move one after the other; a sample of all of them at
    # once
    method: Method
    size: int  # trajectories of Morris, or base samples of Sobol, a power of 2
    seed: int  # the same seed draws the same points; a larger size goes on from those of a smaller one


def rows_per_block(method: Method, factors: int) -> int:
    """Return how many points a trajectory of Morris has, or a base sample of Sobol.

    >>> rows_per_block("morris", 7), rows_per_block("sobol", 7)
    (8, 9)
    """
    return factors + (1 if method == "morris" else 2)


def _problem_of(factors: int) -> dict[str, Any]:
    """Return the factors as SALib has them; their own names are a planner's text."""
    return {"num_vars": factors, "names": [f"x{at}" for at in range(factors)], "bounds": [[0.0, 1.0]] * factors}


def shares_of(design: Design, factors: int) -> Floats:
    """Draw the points of Morris or Sobol.

    Gives (point, factor), in [0, 1]. Source: Morris (1991); Saltelli (2002) for Sobol's indices; as SALib has them.

    >>> drawn = shares_of(Design("morris", 3, seed=11), factors=2)
    >>> bool((np.abs(np.diff(drawn.reshape(3, 3, 2), axis=1)).sum(axis=2) > 0.66).all())
    True
    """
    problem = _problem_of(factors)
    if design.method == "morris":
        from SALib.sample import morris

        drawn = morris.sample(problem, design.size, num_levels=LEVELS, seed=design.seed)
    else:
        from SALib.sample import sobol

        drawn = sobol.sample(problem, design.size, calc_second_order=False, seed=design.seed)
    # Differences of a few units in the last place would be other futures.
    return np.asarray(np.round(drawn, 12), dtype=np.float64)


def words_of(design: Design, factors: int, futures: int, seconds: float) -> str:
    """Say how many futures a study has, how long they may take, and how to have fewer. Takes `seconds` [s].

    >>> words_of(Design("sobol", 64, 1), 3, 320, 1.5)
    '320 futures of 3 figures, some 8 min of solving at 1.5 s each; --samples 32 makes about 160'
    >>> words_of(Design("tornado", 0, 1), 10, 20, float("nan"))
    '20 futures of 10 figures; --figures 5 makes about 10'
    """
    is_known = not math.isnan(seconds)
    time = f", some {duration(futures * seconds)} of solving at {amount(seconds, 2)} s each" if is_known else ""
    of, size = _SIZE_OF.get(design.method, "figures"), design.size or factors
    fewer = f"; --{of} {size // 2} makes about {futures // 2}" if size > _FEW else ""
    figures = "1 figure" if factors == 1 else f"{factors} figures"
    return f"{futures:,} futures of {figures}{time}{fewer}"


RESAMPLES: Final = 200
_FEW_RESAMPLES: Final = 2
"""Resamples within SALib where its own confidence is not looked at: the least it takes."""
_ENDS: Final = (0.025, 0.975)


def indices_of(design: Design, shares: Floats, outputs: Floats, *, resamples: int = RESAMPLES) -> dict[str, Floats]:
    """Return the indices of each factor; confidence is half of the interval.

    Source: Campolongo, Cariboni and Saltelli (2007); Saltelli et al. (2010); as SALib has them.
    """
    factors = shares.shape[1]
    columns = _COLUMNS[design.method]
    if is_constant(outputs):  # a variance of nothing cannot be divided
        return {name: np.zeros(factors) for name in columns}
    rng = np.random.default_rng(design.seed)  # SALib takes a seed of 0 for none
    problem = _problem_of(factors)
    if design.method == "morris":
        from SALib.analyze import morris

        found = morris.analyze(problem, shares, outputs, num_resamples=resamples, num_levels=LEVELS, seed=rng)
    else:
        from SALib.analyze import sobol

        found = sobol.analyze(problem, outputs, calc_second_order=False, num_resamples=resamples, seed=rng)
    return {name: np.asarray(found[of], dtype=np.float64) for name, of in columns.items()}


_COLUMNS: Final = {
    "morris": {name: name for name in ("mu", "mu_star", "mu_star_conf", "sigma")},
    "sobol": {"s1": "S1", "s1_conf": "S1_conf", "st": "ST", "st_conf": "ST_conf"},
}
"""Indices by method, and what SALib calls them."""


def ranked(measure: Floats) -> Positions:
    """Return the rank of each factor, 1 for the largest; of equal ones the first is before.

    >>> ranked(np.array([3.0, 7.0, 5.0])).tolist()
    [3, 1, 2]
    """
    return np.asarray(pd.Series(-measure).rank(method="first"), dtype=np.int64)


def ranks_of(design: Design, shares: Floats, outputs: Floats) -> dict[str, Any]:
    """Rank the factors again and again from blocks drawn with replacement.

    Gives the ranks of each in 95 % of resamples, the share of them in which it has its rank of all blocks, and its rank
    by the first half of the blocks.
    """
    factors = shares.shape[1]
    by = BY[design.method]
    rows = rows_per_block(design.method, factors)
    of_block, y = shares.reshape(-1, rows, factors), outputs.reshape(-1, rows)

    def index(blocks: Positions) -> Floats:
        drawn = of_block[blocks].reshape(-1, factors)
        return indices_of(design, drawn, y[blocks].ravel(), resamples=_FEW_RESAMPLES)[by]

    rng = np.random.default_rng([design.seed, len(y)])
    every = np.arange(len(y))
    draws = [rng.integers(len(y), size=len(y)) for _ in range(RESAMPLES)]
    found = [index(blocks) for blocks in draws]
    first, last = np.array([intervals_ranked(one, one) for one in found]).swapaxes(0, 1)
    low, high = (
        np.quantile(ranks, end, axis=0, method="nearest").astype(np.int64)
        for ranks, end in zip((first, last), _ENDS, strict=True)
    )
    same = (np.array([ranked(one) for one in found]) == ranked(index(every))).mean(axis=0)
    # A half of one block has no spread: SALib needs two.
    half = ranked(index(every[: max(2, len(y) // 2)]))
    return {"rank_low": low, "rank_high": high, "same_rank_frac": same, "rank_of_half": half}


# --- What is asked of a study of sensitivity, and what of it cannot be ----------------------------

_SIZES: Final[Mapping[str, int]] = {"tornado": 0, "morris": 10, "sobol": 64}
"""Trajectories or base samples where none are asked for."""
SEED: Final = 1
_SIZE_OF: Final[Mapping[str, str]] = {"morris": "trajectories", "sobol": "samples"}
_USUAL: Final[Mapping[str, str]] = {"trajectories": "10 to 50 are usual", "samples": "64 to 1,024 are usual"}
FIGURES: Final = 10
OUTPUTS: Final[Mapping[str, str]] = {
    COST: "MUSD",
    BOUND: "MUSD",
    **{one.name: one.unit for one in RESULTS["summary"].fields if one.name != "year"},
}
"""What can be asked of, with its unit: the cost, its bound, and the summary of the last year."""


def _problem(what_is: str, must_be: str, fix: str) -> Problem:
    return Problem.of("sensitivity", what_is, must_be, fix)


def wrong_wishes(method: str, figures: int, seed: int, of: str) -> list[Problem]:
    """Return what is wrong with what is asked, but for the sizes."""
    is_method, other = method in METHODS, "take another one"
    has_library = method == "tornado" or find_spec("SALib") is not None
    no_library, install = f"SALib is not installed, which method {method} needs", "pip install 'dcplan[sensitivity]'"
    a_column, known = f"{COST}, {BOUND} or a column of table summary", "docs/results.md lists the columns"
    wrong = (
        (not is_method, f"method is {method!r}", ", ".join(METHODS), did_you_mean(method, METHODS, other)),
        (is_method and not has_library, no_library, "SALib 1.6 or newer", f"install it: {install}"),
        (not 1 <= figures <= 100, f"figures is {figures}", "an integer from 1 to 100", "10 to 20 are usual"),
        (not 0 <= seed <= MOST_SEED, f"seed is {seed}", f"an integer from 0 to {MOST_SEED:,}", other),
        (of not in OUTPUTS, f"of is {of!r}", a_column, did_you_mean(of, list(OUTPUTS), known)),
    )
    return [_problem(*problem) for is_wrong, *problem in wrong if is_wrong]


def wrong_sizes(method: str, sizes: Mapping[str, int | None]) -> list[Problem]:
    """Return sizes that are of another method, and those that the method cannot have."""
    problems, is_power = [], method == "sobol"
    for name, size in sizes.items():
        if size is None or method not in METHODS:
            continue
        if _SIZE_OF.get(method) != name:
            of = next(of for of, its in _SIZE_OF.items() if its == name)
            what_is = f"{name} is {size}, and method is {method}"
            problems.append(_problem(what_is, f"given with method {of} alone", f"leave it out, or take method {of}"))
        elif not 2 <= size <= MOST_FUTURES or (is_power and size & (size - 1)):
            most = 1 << (MOST_FUTURES.bit_length() - 1) if is_power else MOST_FUTURES
            must_be = f"{'a power of 2' if is_power else 'an integer'} from 2 to {most:,}"
            problems.append(_problem(f"{name} is {size}", must_be, _USUAL[name]))
    return problems


def size_of(method: str, sizes: Mapping[str, int | None]) -> int:
    """Return the size that is asked for, or else the usual one; 0 of a tornado."""
    size = sizes.get(_SIZE_OF.get(method, ""))
    return _SIZES[method] if size is None else size
