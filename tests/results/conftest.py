import pytest
from hand import hand_inputs

from planner.lp import HighsSession
from planner.model import build_model
from planner.results import read_results


@pytest.fixture(scope="session")
def model():
    return build_model(hand_inputs())


@pytest.fixture(scope="session")
def outcome(model):
    return HighsSession(model.problem).solve()


@pytest.fixture(scope="session")
def results(model, outcome):
    return read_results(model, outcome)
