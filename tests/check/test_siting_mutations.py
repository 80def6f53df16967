"""A plan with whole sites, phases and blocks; with one thing wrong its check finds it out."""

from __future__ import annotations

import pytest
from good_plan import Plan
from spoiled_siting import SPOILED_SITING, WHOLE

from planner.studies.solve import solve


@pytest.fixture(scope="module")
def good():
    return Plan.of_solve(solve(WHOLE))


def test_a_good_plan_with_whole_numbers_passes_every_check(good):
    verdict = good.verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()


@pytest.mark.parametrize(
    ("name", "spoil"), [s[1:] for s in SPOILED_SITING], ids=[s[0].replace(" ", "_") for s in SPOILED_SITING]
)
def test_a_spoiled_plan_is_found_out_by_the_check_of_that_name(good, name, spoil):
    check = spoil(good).check(name)

    assert not check.ok
    assert check.worst > check.tolerance
    assert check.place
