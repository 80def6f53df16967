"""One program by three ways to a solver: arrays to HiGHS, PuLP to HiGHS, PuLP to CBC."""

from __future__ import annotations

from functools import cache

import pulp
import pytest
from small_world import inputs_of

from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.model import Model, build_model
from planner.scenario import load_scenario

# Eight large markets, three years, chat and training: a few thousand rows of real data.
A_FEW_THOUSAND_ROWS = (
    "scope.sites=[us-va-ashburn, us-tx-dallas, us-ga-atlanta, us-az-phoenix, us-oh-columbus, "
    "us-il-chicago, us-nv-lasvegas, us-wa-seattle]",
    "scope.workloads=[train_frontier, chat_interactive]",
    "years=[2027, 2028, 2029]",
    "time.slot_h=6",
    "racks.whole=false",  # a linear program, which all of them prove
    "siting.table_blocks=false",
)


@cache
def cut_of_us_base() -> Model:
    return build_model(build_inputs(load_scenario("us-base", A_FEW_THOUSAND_ROWS)))


@pytest.fixture(scope="module", params=["mini", "tiny", "cut of us-base"])
def model(request) -> Model:
    if request.param == "mini":
        return build_model(inputs_of())
    if request.param == "tiny":
        return build_model(build_inputs(load_scenario("tiny")))
    return cut_of_us_base()


@pytest.mark.filterwarnings("ignore:PULP_CBC")
def test_three_ways_to_a_solver_give_one_cost(model):
    arrays = HighsSession(model.problem).solve()
    cost = {}
    for name, solver in (("PuLP to HiGHS", pulp.HiGHS(msg=False)), ("PuLP to CBC", pulp.PULP_CBC_CMD(msg=False))):
        shown = model.problem.to_pulp()
        assert pulp.LpStatus[shown.solve(solver)] == "Optimal", name
        cost[name] = pulp.value(shown.objective)

    assert arrays.status == "optimal"
    assert cost == pytest.approx(dict.fromkeys(cost, arrays.objective), rel=1e-6)


def test_the_cut_of_us_base_has_a_few_thousand_rows():
    assert 2_000 < cut_of_us_base().problem.row_count < 20_000


@pytest.mark.parametrize("method", ["simplex", "primal", "ipx", "hipo"])
def test_methods_of_highs_give_one_cost(mini, method):
    outcome = HighsSession(mini.model.problem).solve(method)

    assert outcome.status == "optimal"
    assert outcome.objective == pytest.approx(mini.cost_musd, rel=1e-7)
