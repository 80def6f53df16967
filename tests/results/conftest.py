from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hand import hand_inputs

from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.model import build_model
from planner.results.read import read_results
from planner.scenario import load_scenario
from planner.studies.solve.failover import site_outages

if TYPE_CHECKING:
    from planner.inputs.inputs import Inputs
    from planner.lp import Outcome
    from planner.model import Model
    from planner.results import Results

MINI = Path(__file__).parents[1] / "fixtures" / "mini" / "mini.yaml"


@dataclass(frozen=True)
class Solved:
    inputs: Inputs
    model: Model
    outcome: Outcome
    results: Results


def solved(inputs: Inputs) -> Solved:
    model = build_model(inputs)
    outcome = HighsSession(model.problem).solve()
    assert outcome.status == "optimal"
    return Solved(inputs, model, outcome, read_results(model, outcome, site_outages(model, outcome)))


@pytest.fixture(scope="session")
def hand():
    """The case written out as arrays, solved."""
    return solved(hand_inputs())


@pytest.fixture(scope="session")
def model(hand):
    return hand.model


@pytest.fixture(scope="session")
def results(hand):
    return hand.results


@pytest.fixture(scope="session", params=["hand", "mini", "mini with everything"])
def case(request, hand):
    """A solved case: that of arrays, and one built from tables."""
    if request.param == "hand":
        return hand
    wanted = {
        "mini": [],
        "mini with everything": [
            "levers.allow=all",
            "lease.allow=true",
            "demand.unmet_usd_per_h100e_hour=3.5",
            "finance.end_of_horizon=perpetuity",
            "finance.asset_wacc_nominal_frac.rack=0.12",
        ],
    }
    return solved(build_inputs(load_scenario(MINI, wanted[request.param])))
