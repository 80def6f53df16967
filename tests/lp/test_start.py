"""A program of another shape, solved from where a like one ended, against itself solved afresh."""

from __future__ import annotations

import numpy as np
import pytest

from planner.lp import ArrayProblem, Axis, HighsSession, Index
from planner.lp.start import Start


def transport(sites: str, demand: list[float], price: dict[str, float]) -> ArrayProblem:
    """Serve two towns from sites that are letters, each with room for 7.5."""
    problem = ArrayProblem("transport")
    site = Axis("site", tuple(sites))
    town = Axis("town", ("ash", "elm"))
    routes = Index.full("route", site, town)
    flow = problem.variable("flow", routes)
    problem.rows("room", flow.sum_to(Index.full("site", site)) <= 7.5)
    problem.rows("demand", flow.sum_to(Index.full("town", town)) >= np.array(demand))
    cost = np.array([price[name] for name in sites])
    problem.minimise((flow * (cost[routes["site"]] + 0.25 * routes["town"])).total())
    return problem


PRICE = {"a": 3.0, "b": 2.0, "c": 5.0, "d": 2.5}


def test_a_start_travels_as_bytes_and_fits_its_own_program():
    session = HighsSession(transport("abc", [6.5, 9.5], PRICE))
    first = session.solve()
    start = Start.from_bytes(session.start().to_bytes())

    again = HighsSession(transport("abc", [6.5, 9.5], PRICE))
    assert again.start_from(start)
    outcome = again.solve()

    assert outcome.iterations == 0
    assert outcome.method_used == "warm primal"
    # b serves 7.5 at 2, a 7.5 at 3, c the 1.0 that is left at 5; 9.5 to elm at 0.25 more.
    assert first.objective == outcome.objective == pytest.approx(15 + 22.5 + 5 + 9.5 * 0.25)


@pytest.mark.parametrize(
    ("sites", "demand", "price"),
    [
        ("dcb", [6.5, 9.5], PRICE),  # another site, in another order, and one that is gone
        ("abcd", [7.5, 12.5], PRICE),
        ("abc", [6.5, 9.5], PRICE | {"c": 1.5}),
        ("cd", [2.5, 4.5], PRICE),
    ],
)
def test_a_program_of_another_shape_has_the_optimum_that_it_has_afresh(sites, demand, price):
    session = HighsSession(transport("abc", [6.5, 9.5], PRICE))
    session.solve()

    like = HighsSession(transport(sites, demand, price))
    assert like.start_from(session.start())
    warm, cold = like.solve(), HighsSession(transport(sites, demand, price)).solve()

    assert warm.method_used.startswith("warm ")
    assert warm.objective == pytest.approx(cold.objective, rel=1e-6)
    np.testing.assert_allclose(warm.row_dual, cold.row_dual, atol=1e-9)
