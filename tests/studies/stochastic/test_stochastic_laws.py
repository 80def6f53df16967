"""What holds of every stochastic program: its bounds, its limits, what each plan costs where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from plans import plan_of

from planner.scenario.tree import Node, Place
from planner.studies.stochastic.stochastic import programs
from planner.studies.stochastic.study import Compared, StochasticPrograms
from planner.studies.sweep.futures import read_sweep
from planner.studies.sweep.uncertainty import Risk, Uncertainty

# Three demands and three prices of power for tiny, of which the middle one is tiny itself.
TEXT = """version: 1
base: tiny
futures:
  low:
    new_sites: {north: {retail_usd_per_mwh: 58}}
    demand:
      explicit:
        - {workload: train_frontier, unit: kh100e, by_year: {2027: 17, 2028: 26}}
        - {workload: chat_interactive, unit: kh100e, by_year: {2027: 5, 2028: 7}}
  as planned:
  high:
    new_sites: {south: {retail_usd_per_mwh: 43}}
    demand:
      explicit:
        - {workload: train_frontier, unit: kh100e, by_year: {2027: 38, 2028: 62}}
        - {workload: chat_interactive, unit: kh100e, by_year: {2027: 11, 2028: 16}}
uncertainty: {known_from: 2027}
"""
NAMES = ("low", "as planned", "high")
SEEDS = range(4)
Studied = Callable[[Uncertainty], StochasticPrograms]


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Studied:
    """Studies of the same programs, which are built once."""
    path = tmp_path_factory.mktemp("laws") / "demand.yaml"
    path.write_text(TEXT, encoding="utf-8")
    futures = programs(read_sweep(path))

    def study(uncertainty: Uncertainty) -> StochasticPrograms:
        asked = [one for one in futures if one.name in uncertainty.weights]
        return StochasticPrograms("demand", asked, uncertainty)

    return study


def uncertain(
    weights: dict[str, float],
    risk: Risk | None = None,
    known_from: int = 2027,
    central: str | None = None,
) -> Uncertainty:
    at = Node(known_from, Place("demand.yaml", 3, 5))
    return Uncertainty(known_from, weights, risk or Risk(), central, at)


def drawn(seed: int) -> dict[str, float]:
    """Draw how likely the futures are."""
    parts = np.random.default_rng(seed).dirichlet((3.0, 4.0, 2.0))
    return dict(zip(NAMES, map(float, parts), strict=True))


def objectives(study: StochasticPrograms, found: Compared) -> tuple[float, float, float]:
    """Return the objective of waiting and seeing, of the stochastic plan, of planning for one."""
    risk, weights = study.uncertainty.risk, study.weights
    return (
        risk.objective(found.least, weights),
        risk.objective(found.stochastic.costs, weights),
        risk.objective(found.single.costs, weights),
    )


@pytest.mark.parametrize("central", [None, "as planned"])
@pytest.mark.parametrize("risk", [Risk(), Risk(0.6, 0.35)], ids=["expected", "cvar"])
@pytest.mark.parametrize("seed", SEEDS)
def test_to_wait_and_see_costs_least_and_to_plan_for_one_future_most(
    studied: Studied, seed: int, risk: Risk, central: str | None
) -> None:
    study = studied(uncertain(drawn(seed), risk, central=central))

    waits, stochastic, single = objectives(study, study.compared())

    assert waits <= stochastic * (1.0 + 1e-9)
    assert stochastic <= single * (1.0 + 1e-9)
    assert waits < stochastic - 0.1  # the demands differ: to know them is worth something
    assert stochastic < single - 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_the_one_program_costs_what_its_orders_cost_future_by_future(
    studied: Studied, seed: int
) -> None:
    study = studied(uncertain(drawn(seed), Risk(0.4, 0.5)))
    found = study.compared()

    _, outcome = study.stochastic()

    costs = study.uncertainty.risk.objective(found.stochastic.costs, study.weights)
    assert outcome.objective == pytest.approx(costs, rel=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_a_single_future_is_the_plain_solve(studied: Studied, name: str) -> None:
    study = studied(uncertain({name: 1.0}))

    _, outcome = study.stochastic()
    found = study.compared()

    alone = study.alone()[0].objective
    assert outcome.objective == pytest.approx(alone, rel=1e-9)
    assert found.stochastic.costs[0] == pytest.approx(alone, rel=1e-9)
    assert found.minimax.costs[0] == pytest.approx(alone, rel=1e-6)
    if name == "as planned":
        assert alone == pytest.approx(plan_of("tiny").outcome.objective, rel=1e-9)


def test_a_conditional_value_at_risk_of_no_weight_is_the_expected_cost(studied: Studied) -> None:
    weights = drawn(7)

    _, expected = studied(uncertain(weights)).stochastic()
    _, no_weight = studied(uncertain(weights, Risk(0.0, 0.2))).stochastic()
    _, of_all = studied(uncertain(weights, Risk(0.7, 1.0))).stochastic()
    _, averse = studied(uncertain(weights, Risk(0.7, 0.2))).stochastic()

    assert no_weight.objective == pytest.approx(expected.objective, rel=1e-12)
    assert of_all.objective == pytest.approx(expected.objective, rel=1e-9)
    assert averse.objective > expected.objective + 1.0


def test_who_minds_bad_futures_pays_more_on_average_and_less_in_the_worst(
    studied: Studied,
) -> None:
    weights = {"low": 0.68, "as planned": 0.3, "high": 0.02}

    neutral = studied(uncertain(weights)).compared().stochastic
    averse = studied(uncertain(weights, Risk(0.9, 0.03))).compared().stochastic

    likely = np.array(list(weights.values()))
    assert averse.costs.max() < neutral.costs.max() - 0.1
    assert averse.costs @ likely > neutral.costs @ likely + 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_no_plan_of_a_single_future_has_less_greatest_regret(studied: Studied, seed: int) -> None:
    study = studied(uncertain(drawn(seed)))
    found = study.compared()

    def greatest(costs: np.ndarray) -> float:
        return float((costs - found.least).max())

    minimax = greatest(found.minimax.costs)
    # It is found to 1e-7 of a cost of a thousand MUSD.
    assert all(minimax <= greatest(plan.costs) + 1e-3 for plan in found.plans)
    assert minimax < min(greatest(plan.costs) for plan in found.own) - 0.1


def test_a_future_regrets_no_orders_of_its_own(studied: Studied) -> None:
    found = studied(uncertain(drawn(3))).compared()

    regrets = [plan.costs - found.least for plan in found.plans]
    own = [found.own[place].costs[place] - found.least[place] for place in range(len(NAMES))]

    assert own == pytest.approx([0.0, 0.0, 0.0], abs=1e-4)
    assert min(regret.min() for regret in regrets) >= -1e-4


def test_to_know_later_never_costs_less(studied: Studied) -> None:
    weights = drawn(5)

    early, late = (studied(uncertain(weights, known_from=year)).compared() for year in (2027, 2028))

    likely = np.array(list(weights.values()))
    assert late.least == pytest.approx(early.least, rel=1e-9)
    # From 2028 on the halls of 2028 are ordered before too.
    assert late.stochastic.costs @ likely > early.stochastic.costs @ likely + 0.1


def test_likelihood_moves_the_plan_towards_a_future(studied: Studied) -> None:
    rare = studied(uncertain({"low": 0.9, "as planned": 0.095, "high": 0.005})).compared()
    likely = studied(uncertain({"low": 0.05, "as planned": 0.05, "high": 0.9})).compared()

    place = NAMES.index("high")
    rare_regret, likely_regret = (
        found.stochastic.costs[place] - found.least[place] for found in (rare, likely)
    )
    assert likely_regret < 0.05 * rare_regret


def test_orders_that_leave_no_plan_in_a_future_cost_without_end(studied: Studied) -> None:
    study = studied(uncertain(drawn(2)))
    too_many = replace(study.compared().stochastic, ordered=np.full(len(study.orders), 1e5))

    assert np.isinf(study.in_every_future(too_many).costs).all()
