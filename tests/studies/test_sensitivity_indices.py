"""Indices of models whose answers are known, and ranks as stable as they are said to be."""

from __future__ import annotations

import numpy as np
import pytest

from planner.studies.sensitivity.design import Design, indices_of, ranks_of, rows_per_block, shares_of


def test_indices_of_sobol_are_the_shares_of_an_additive_model() -> None:
    # A factor that is anywhere in [0, 1] has variance 1/12, times its slope squared: of 3, 5 and
    # -2 that is 9, 25 and 4 twelfths of 38. Nothing acts together: total is first order.
    design = Design("sobol", 1024, seed=7)
    shares = shares_of(design, factors=3)

    found = indices_of(design, shares, 11.0 + shares @ [3.0, 5.0, -2.0])

    known = [9.0 / 38.0, 25.0 / 38.0, 4.0 / 38.0]
    assert found["s1"] == pytest.approx(known, abs=0.01)
    assert found["st"] == pytest.approx(known, abs=0.01)
    assert (np.abs(found["s1"] - known) <= found["s1_conf"]).all()


def test_indices_of_sobol_tell_what_acts_together() -> None:
    # Of x y the mean is 1/4, the variance 1/9 - 1/16 = 7/144. With x alone known its mean is x/2,
    # with variance 1/48 = 3/144. So each has 3/7 alone, 1/7 is of both, and the total is 4/7.
    design = Design("sobol", 2048, seed=3)
    shares = shares_of(design, factors=2)

    found = indices_of(design, shares, shares.prod(axis=1))

    assert found["s1"] == pytest.approx([3.0 / 7.0, 3.0 / 7.0], abs=0.02)
    assert found["st"] == pytest.approx([4.0 / 7.0, 4.0 / 7.0], abs=0.02)


def test_effects_of_morris_are_the_slope_times_the_range_of_a_linear_model() -> None:
    # Figures from 2 to 6, 30 to 35 and 0.2 to 0.9, at 7, -4 and 50 each: 28, -20 and 35.
    low, width = np.array([2.0, 30.0, 0.2]), np.array([4.0, 5.0, 0.7])
    design = Design("morris", 3, seed=5)
    shares = shares_of(design, factors=3)

    found = indices_of(design, shares, (low + shares * width) @ [7.0, -4.0, 50.0])

    assert found["mu"] == pytest.approx([28.0, -20.0, 35.0])
    assert found["mu_star"] == pytest.approx([28.0, 20.0, 35.0])
    assert found["sigma"] == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


def test_sigma_of_morris_is_the_spread_of_effects_that_depend_on_the_others() -> None:
    # The effect of x on 6 x y is 6 y, on a grid of 0, 1/3, 2/3 and 1 a third of the time each ...
    design = Design("morris", 4, seed=2)
    shares = shares_of(design, factors=2)
    found = indices_of(design, shares, 6.0 * shares.prod(axis=1))

    # ... which is read off the trajectories: where x moves, y stands still.
    of_block = shares.reshape(4, 3, 2)
    at = [int(np.flatnonzero(np.diff(block[:, 0]))[0]) for block in of_block]
    effects = [6.0 * block[row, 1] for block, row in zip(of_block, at, strict=True)]
    assert len(set(effects)) > 2
    assert found["mu_star"][0] == pytest.approx(np.mean(effects))
    assert found["sigma"][0] == pytest.approx(np.std(effects, ddof=1))


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_ranks_that_are_far_apart_are_the_same_with_each_seed(method: str) -> None:
    size = {"morris": 6, "sobol": 256}[method]
    for seed in (0, 4, 23):
        design = Design(method, size, seed)  # type: ignore[arg-type]
        shares = shares_of(design, factors=3)
        ranks = ranks_of(design, shares, shares @ [3.0, 17.0, 71.0])

        assert ranks["rank_low"].tolist() == ranks["rank_high"].tolist() == ranks["rank_of_half"].tolist() == [3, 2, 1]
        assert ranks["same_rank_frac"].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_ranks_of_factors_that_do_the_same_are_not_told_apart(method: str) -> None:
    design = Design(method, 16, seed=9)  # type: ignore[arg-type]
    shares = shares_of(design, factors=3)

    # The first two act alike; each has more effect where the other is high.
    ranks = ranks_of(design, shares, 20.0 * shares[:, 0] * shares[:, 1] + 0.5 * shares[:, 2])

    assert ranks["rank_low"].tolist() == [1, 1, 3]
    assert ranks["rank_high"].tolist() == [2, 2, 3]
    # Where the first is first the second is second, in about half of the resamples.
    assert ranks["same_rank_frac"][0] == ranks["same_rank_frac"][1]
    assert 0.2 < ranks["same_rank_frac"][0] < 0.9
    assert ranks["same_rank_frac"][2] == 1.0


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_a_larger_design_goes_on_from_a_smaller_one_and_a_seed_draws_the_same(method: str) -> None:
    small, large = Design(method, 4, 6), Design(method, 8, 6)  # type: ignore[arg-type]
    drawn = shares_of(small, factors=5)

    assert len(drawn) == 4 * rows_per_block(method, 5)  # type: ignore[arg-type]
    assert shares_of(large, factors=5)[: len(drawn)].tolist() == drawn.tolist()
    assert drawn.tolist() != shares_of(Design(method, 4, 7), factors=5).tolist()  # type: ignore[arg-type]
    assert drawn.min() >= 0.0
    assert drawn.max() <= 1.0
