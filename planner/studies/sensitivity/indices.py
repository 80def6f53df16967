"""Indices of Morris and Sobol from the futures' answers, and how stable the ranks by them are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.outputs.sensitivity import BY, is_constant
from planner.results.cost_difference import intervals_ranked
from planner.studies.sensitivity.design import LEVELS, names_of, rows_per_block

if TYPE_CHECKING:
    from planner.base.arrays import Floats, Positions
    from planner.studies.sensitivity.design import Design

__all__ = ["RESAMPLES", "Ranks", "indices_of", "ranked", "ranks_of"]

RESAMPLES: Final = 200
_FEW: Final = 2
"""Resamples within SALib where its own confidence is not looked at: the least it takes."""
_ENDS: Final = (0.025, 0.975)


def indices_of(design: Design, shares: Floats, outputs: Floats, *, resamples: int = RESAMPLES) -> dict[str, Floats]:
    """Return the indices of each factor; confidence is half of the interval.

    Source: Campolongo, Cariboni and Saltelli (2007); Saltelli et al. (2010); as SALib has them.
    """
    factors = shares.shape[1]
    columns = ("mu", "mu_star", "mu_star_conf", "sigma")
    if design.method == "sobol":
        columns = ("s1", "s1_conf", "st", "st_conf")
    if is_constant(outputs):  # a variance of nothing cannot be divided
        return {name: np.zeros(factors) for name in columns}
    rng = np.random.default_rng(design.seed)  # SALib takes a seed of 0 for none
    problem = {"num_vars": factors, "names": names_of(factors), "bounds": [[0.0, 1.0]] * factors}
    if design.method == "morris":
        from SALib.analyze import morris

        found = morris.analyze(problem, shares, outputs, num_resamples=resamples, num_levels=LEVELS, seed=rng)
        return {name: np.asarray(found[name], dtype=np.float64) for name in columns}
    from SALib.analyze import sobol

    found = sobol.analyze(problem, outputs, calc_second_order=False, num_resamples=resamples, seed=rng)
    return {name: np.asarray(found[_SALIB[name]], dtype=np.float64) for name in columns}


_SALIB: Final = {"s1": "S1", "s1_conf": "S1_conf", "st": "ST", "st_conf": "ST_conf"}


@dataclass(frozen=True, eq=False)
class Ranks:
    """How stable the ranks of factors are."""

    low: Positions  # within which the rank of a factor is in 95 % of resamples, or as far as gaps tell
    high: Positions
    same: Floats  # share of resamples in which a factor has the rank that it has of all blocks
    half: Positions  # its rank by the first half of the blocks


def ranked(measure: Floats) -> Positions:
    """Return the rank of each factor, 1 for the largest; of equal ones the first is before.

    >>> ranked(np.array([3.0, 7.0, 5.0])).tolist()
    [3, 1, 2]
    """
    rank = np.empty(len(measure), dtype=np.int64)
    rank[np.argsort(-measure, kind="stable")] = np.arange(1, len(measure) + 1)
    return rank


def ranks_of(design: Design, shares: Floats, outputs: Floats) -> Ranks:
    """Rank the factors again and again from blocks drawn with replacement."""
    factors = shares.shape[1]
    by = BY[design.method]
    rows = rows_per_block(design.method, factors)
    of_block, y = shares.reshape(-1, rows, factors), outputs.reshape(-1, rows)

    def index(blocks: Positions) -> Floats:
        drawn = of_block[blocks].reshape(-1, factors)
        return indices_of(design, drawn, y[blocks].ravel(), resamples=_FEW)[by]

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
    return Ranks(low, high, same, half)
