"""What holds of every stochastic program: its bounds, its limits, what each plan costs where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from drawn_worlds import FIGURES, HEADROOM, LAND, LEADS, Draw, Figures, World, as_futures, as_overrides, drawn, worlds
from hypothesis import given, settings
from hypothesis import strategies as st

import planner
from planner.scenario.tree import Node, Place
from planner.studies.stochastic.stochastic import programs
from planner.studies.stochastic.study import Compared, OrderPlan, StochasticPrograms
from planner.studies.sweep.axes import Risk, Uncertainty
from planner.studies.sweep.futures import read_sweep

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
Studied = Callable[[Uncertainty], StochasticPrograms]


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Studied:
    """Studies of the same programs, which are built once."""
    return studies_of(TEXT, tmp_path_factory.mktemp("laws"))


def studies_of(text: str, folder: Path) -> Studied:
    path = folder / "demand.yaml"
    path.write_text(text, encoding="utf-8")
    futures = programs(read_sweep(path))

    def study(uncertainty: Uncertainty) -> StochasticPrograms:
        asked = [one for one in futures if one.name in uncertainty.weights]
        return StochasticPrograms("demand", asked, uncertainty)

    return study


def uncertain(
    weights: dict[str, float], risk: Risk | None = None, known_from: int = 2027, central: str | None = None
) -> Uncertainty:
    at = Node(known_from, Place("demand.yaml", 3, 5))
    return Uncertainty(known_from, weights, risk or Risk(), central, at)


def likely(seed: int) -> dict[str, float]:
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


# --- drawn futures ----------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """Futures that are drawn, and what is asked of them."""

    worlds: list[World]
    uncertainty: Uncertainty

    @property
    def text(self) -> str:
        """The file of its futures."""
        return as_futures(NAMES[: len(self.worlds)], self.worlds)


@st.composite
def questions(draw: Draw) -> Question:
    """Draw two or three futures, in some of which North is built and connected later.

    Land is the same in all, and the grid in some: orders for more of either leave no plan.
    """
    figures = Figures(draw)
    paths = [*LAND, *draw(st.sampled_from([[], [HEADROOM]]))]
    known = {path: figures.between(*FIGURES[path]) for path in paths}
    count = draw(st.integers(2, 3))
    leads = draw(st.one_of(st.integers(*LEADS).map(lambda lead: [lead] * count), later(count)))
    names = NAMES[:count]
    has_mean = len(set(leads)) == 1  # other dates of orders have no mean
    central = draw(st.sampled_from((None, *names) if has_mean else names))
    risk = Risk(figures.between(0.15, 0.85), figures.between(0.12, 0.7))
    return Question(
        [{**figures.world(lead), **known} for lead in leads],
        uncertain(
            dict(zip(names, figures.shares(count), strict=True)),
            draw(st.sampled_from([Risk(), risk])),
            draw(st.sampled_from([2027, 2028])),
            central,
        ),
    )


def later(count: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(*LEADS), min_size=count, max_size=count, unique=True)


@settings(drawn, max_examples=4)
@given(question=questions())
def test_laws_of_any_futures(question: Question, tmp_path_factory: pytest.TempPathFactory) -> None:
    studied = studies_of(question.text, tmp_path_factory.getbasetemp())
    study = studied(question.uncertainty)
    found = study.compared()

    assert_to_wait_and_see_costs_least_and_to_plan_for_one_future_most(study, found)
    assert_the_one_program_costs_what_its_orders_cost_future_by_future(study, found)
    assert_no_plan_has_less_greatest_regret(found)
    assert_a_future_regrets_no_orders_of_its_own(found)
    assert_a_conditional_value_at_risk_of_no_weight_is_the_expected_cost(studied, question.uncertainty)


def assert_to_wait_and_see_costs_least_and_to_plan_for_one_future_most(
    study: StochasticPrograms, found: Compared
) -> None:
    waits, stochastic, single = objectives(study, found)

    assert waits <= stochastic * (1.0 + 1e-9)
    assert stochastic <= single * (1.0 + 1e-9)


def assert_the_one_program_costs_what_its_orders_cost_future_by_future(
    study: StochasticPrograms, found: Compared
) -> None:
    _, outcome = study.stochastic()

    costs = study.uncertainty.risk.objective(found.stochastic.costs, study.weights)
    assert outcome.objective == pytest.approx(costs, rel=1e-7)


def assert_no_plan_has_less_greatest_regret(found: Compared) -> None:
    # It is found to 1e-7 of a cost of a thousand MUSD.
    minimax = greatest_regret(found, found.minimax)
    assert all(minimax <= greatest_regret(found, plan) + 1e-3 for plan in found.plans)


def assert_a_future_regrets_no_orders_of_its_own(found: Compared) -> None:
    own = [float(plan.costs[place]) for place, plan in enumerate(found.own)]

    assert own == pytest.approx(found.least.tolist(), rel=1e-7)
    assert min((plan.costs - found.least).min() for plan in found.plans) >= -1e-4


def assert_a_conditional_value_at_risk_of_no_weight_is_the_expected_cost(
    studied: Studied, uncertainty: Uncertainty
) -> None:
    risks = (Risk(), Risk(0.0, 0.2), Risk(0.7, 1.0), Risk(0.7, 0.2))

    expected, no_weight, of_all, averse = (
        studied(replace(uncertainty, risk=risk)).stochastic()[1].objective for risk in risks
    )

    assert no_weight == pytest.approx(expected, rel=1e-12)
    assert of_all == pytest.approx(expected, rel=1e-9)
    assert averse >= expected * (1.0 - 1e-9)


def greatest_regret(found: Compared, plan: OrderPlan) -> float:
    return float((plan.costs - found.least).max())


@settings(drawn, max_examples=3)
@given(world=worlds(), known_from=st.sampled_from([2027, 2028]))
def test_a_single_future_is_the_plain_solve(
    world: World, known_from: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    studied = studies_of(as_futures(["only"], [world]), tmp_path_factory.getbasetemp())
    study = studied(uncertain({"only": 1.0}, known_from=known_from))

    _, outcome = study.stochastic()
    found = study.compared()

    plain = planner.solve("tiny", as_overrides(world))
    assert plain.verdict.ok
    assert outcome.objective == pytest.approx(plain.outcome.objective, rel=1e-9)
    assert found.stochastic.costs[0] == pytest.approx(plain.outcome.objective, rel=1e-9)
    assert found.minimax.costs[0] == pytest.approx(plain.outcome.objective, rel=1e-6)


# --- three demands ----------------------------------------------------------------------


@pytest.mark.parametrize("central", [None, "as planned"])
@pytest.mark.parametrize("risk", [Risk(), Risk(0.6, 0.35)], ids=["expected", "cvar"])
def test_what_the_laws_allow_to_be_equal_differs_where_demand_does(
    studied: Studied, risk: Risk, central: str | None
) -> None:
    study = studied(uncertain(likely(0), risk, central=central))
    found = study.compared()

    waits, stochastic, single = objectives(study, found)

    assert waits < stochastic - 0.1  # to know is worth something
    assert stochastic < single - 0.1
    own = min(greatest_regret(found, plan) for plan in found.own)
    assert greatest_regret(found, found.minimax) < own - 0.1


def test_who_minds_bad_futures_has_another_objective(studied: Studied) -> None:
    expected, averse = (
        studied(uncertain(likely(7), risk)).stochastic()[1].objective for risk in (Risk(), Risk(0.7, 0.2))
    )

    assert averse > expected + 1.0


def test_who_minds_bad_futures_pays_more_on_average_and_less_in_the_worst(studied: Studied) -> None:
    weights = {"low": 0.68, "as planned": 0.3, "high": 0.02}

    neutral = studied(uncertain(weights)).compared().stochastic
    averse = studied(uncertain(weights, Risk(0.9, 0.03))).compared().stochastic

    shares = np.array(list(weights.values()))
    assert averse.costs.max() < neutral.costs.max() - 0.1
    assert averse.costs @ shares > neutral.costs @ shares + 0.1


def test_to_know_later_never_costs_less(studied: Studied) -> None:
    weights = likely(5)

    early, late = (studied(uncertain(weights, known_from=year)).compared() for year in (2027, 2028))

    shares = np.array(list(weights.values()))
    assert late.least == pytest.approx(early.least, rel=1e-9)
    # From 2028 on the halls of 2028 are ordered before too.
    assert late.stochastic.costs @ shares > early.stochastic.costs @ shares + 0.1


def test_likelihood_moves_the_plan_towards_a_future(studied: Studied) -> None:
    rare = studied(uncertain({"low": 0.9, "as planned": 0.095, "high": 0.005})).compared()
    often = studied(uncertain({"low": 0.05, "as planned": 0.05, "high": 0.9})).compared()

    place = NAMES.index("high")
    rare_regret, often_regret = (found.stochastic.costs[place] - found.least[place] for found in (rare, often))
    assert often_regret < 0.05 * rare_regret


def test_orders_that_leave_no_plan_in_a_future_cost_without_end(studied: Studied) -> None:
    study = studied(uncertain(likely(2)))
    too_many = np.full(len(study.orders), 1e5)

    assert np.isinf(study.in_every_future("too many", too_many).costs).all()
