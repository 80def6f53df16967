"""Which programs are solved in pieces where nobody says how."""

from __future__ import annotations

import pytest

from planner.inputs import build_inputs
from planner.lp.decomposed import DecomposedSession
from planner.model import build_model
from planner.scenario import load_scenario
from planner.studies.solve import asking as sessions


@pytest.mark.parametrize(
    ("name", "hours", "is_in_pieces"),
    [
        ("us-base", 6, False),  # 131,000 coefficients of rows over hours, a fifth of all
        ("us-base", 2, True),  # 485,000, half of all
        ("us-follow-the-power", 1, True),  # 978,000, at most 9 % of them in one piece
    ],
)
def test_shipped_scenarios_are_solved_in_pieces_where_hours_are_many(name: str, hours: int, is_in_pieces: bool) -> None:
    scenario = load_scenario(name, [f"time.slot_h={hours}"])
    problem = build_model(build_inputs(scenario)).problem

    session = sessions.plan_session(problem, scenario.solver)

    assert isinstance(session, DecomposedSession) == is_in_pieces
