"""A plan that leaves demand unmet, or rents most of it, says so before anything else."""

from __future__ import annotations

import pandas as pd
import pytest

from planner.results.not_housed import not_housed


def said(unmet: list[float], rented: list[float]) -> str:
    summary = pd.DataFrame(
        {
            "year": [2026, 2028, 2030],
            "demand_kh100e": [200.0, 300.0, 500.0],
            "unmet_kh100e": unmet,
            "rented_kh100e": rented,
        }
    )
    return not_housed({"summary": summary})


@pytest.mark.parametrize(
    ("unmet", "rented", "words"),
    [
        # 1.9 of 200 is 0.95 %; 499 of 1,000 is rented.
        ([1.9, 2.7, 4.6], [90.0, 150.0, 259.0], ""),
        # 33 of 300 is 11 %, more than 31 of 500; 64.2 of 1,000 is 6.42 %.
        (
            [0.2, 33.0, 31.0],
            [11.0, 12.0, 13.0],
            "11 % of the demand of 2028 is unmet (6.42 % of all years)",
        ),
        # 190 + 240 + 131 of 1,000.
        ([0.3, 0.4, 0.6], [190.0, 240.0, 131.0], "56.1 % of the demand is met with rented compute"),
        (
            [3.0, 0.4, 0.6],
            [190.0, 240.0, 131.0],
            "1.5 % of the demand of 2026 is unmet (0.4 % of all years); 56.1 % of the demand is met"
            " with rented compute",
        ),
    ],
)
def test_shares_are_of_the_worst_year_and_of_all(
    unmet: list[float], rented: list[float], words: str
) -> None:
    assert said(unmet, rented) == words
