"""The words for how a solve ended say how integers were set, and only where they were."""

from __future__ import annotations

import pandas as pd
import pytest

from planner.results.ended import ended, exit_code

GAP = "Feasible within the required gap, not proven optimal"


@pytest.mark.parametrize(
    ("found_by", "words"),
    [
        ("branch and bound", GAP),
        ("relaxed (ipm), rounded and fixed (simplex, gap 0.41%)", f"{GAP}; integers rounded"),
        (
            "relaxed (ipm), rounded and fixed (simplex, gap 3.7%), tightened (17 rows), searched (simplex, strictly)",
            f"{GAP}; integers rounded, then searched",
        ),
    ],
)
def test_a_plan_within_a_gap_says_how_its_integers_were_set(found_by: str, words: str) -> None:
    meta = {"status": "within_gap", "gap_frac": 0.0073, "bound_musd": 3210.4, "check": {"broken": []}}
    solution = pd.DataFrame({"found_by": [found_by]})

    end = ended(meta, solution)

    of_wrong = ended(meta | {"check": {"broken": ["hall_power"]}}, solution)
    assert (end.light, of_wrong.light) == ("good", "bad")
    assert of_wrong.words.endswith("by the solver, but the plan fails its check")
    assert end.words == words
    assert str(end) == f"{words}; no plan costs less than 3,210 MUSD, 0.73% below"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            "time_limit",
            "Time limit reached: the plan does not survive the outage of every site; more time is solver.time_limit_s",
        ),
        ("interrupted", "Interrupted: the plan does not survive the outage of every site"),
    ],
)
def test_a_plan_that_a_limit_left_short_of_an_outage_is_said_to_be(status: str, words: str) -> None:
    broken = ["survives_loss_of_any_site"]
    meta = {"status": status, "gap_frac": None, "bound_musd": None, "check": {"broken": broken}}

    end = ended(meta, pd.DataFrame({"found_by": ["relaxed (ipx)"]}))

    assert (end.light, end.words) == ("bad", words)


@pytest.mark.parametrize(
    ("status", "broken", "code"),
    [
        ("within_gap", (), 0),
        ("optimal", ("survives_loss_of_any_site",), 1),
        ("time_limit", ("survives_loss_of_any_site",), 4),
        ("time_limit", ("survives_loss_of_any_site", "land_limit"), 1),
    ],
)
def test_only_a_limit_excuses_a_plan_that_does_not_survive(status: str, broken: tuple[str, ...], code: int) -> None:
    assert exit_code(status, broken) == code
