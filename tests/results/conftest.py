from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.model import build_model
from planner.results.read import read_results
from planner.scenario import load_scenario
from planner.studies.solve.solves import site_outages

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


WORLDS = {
    "mini": (),
    "mini with everything": (
        "levers.allow=all",
        "lease.allow=true",
        "demand.unmet_usd_per_h100e_hour=3.5",
        "finance.end_of_horizon=perpetuity",
        "finance.asset_wacc_nominal_frac.rack=0.12",
    ),
}


@pytest.fixture(scope="session", params=WORLDS)
def case(request):
    """A solved case, built from tables."""
    return solved(build_inputs(load_scenario(MINI, WORLDS[request.param])))


@pytest.fixture(scope="session")
def results():
    return solved(build_inputs(load_scenario(MINI))).results


@pytest.fixture(scope="session")
def solve_mini():
    """Return what solves the made-up world with settings."""
    return lambda *settings: solved(build_inputs(load_scenario(MINI, settings)))
