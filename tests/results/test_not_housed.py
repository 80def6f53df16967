"""A plan that leaves demand unmet, or rents most of it, says so before anything else."""

from __future__ import annotations

import pandas as pd
import pytest

from planner.results.ended import not_by_own_sites, not_housed


def said(unmet: list[float], rented: list[float]) -> str:
    summary = pd.DataFrame(
        {
            "year": [2026, 2027, 2028],
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
        ([0.2, 33.0, 31.0], [11.0, 12.0, 13.0], "11 % of the demand of 2027 is unmet (6.42 % of all years)"),
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
def test_shares_are_of_the_worst_year_and_of_all(unmet: list[float], rented: list[float], words: str) -> None:
    assert said(unmet, rented) == words


def test_a_model_year_counts_as_often_as_the_years_it_stands_for() -> None:
    summary = pd.DataFrame(
        {
            "year": [2026, 2027, 2030],  # for 1, 3 and 1 years
            "demand_kh100e": [100.0, 200.0, 300.0],
            "unmet_kh100e": [50.0, 10.0, 0.0],
            "rented_kh100e": [0.0, 180.0, 20.0],
        }
    )

    # 50 + 3 * 10 = 80 and 3 * 180 + 20 = 560 of 100 + 3 * 200 + 300 = 1,000; one of each, it were
    # 10 and 33.3 %.
    assert not_housed({"summary": summary}) == (
        "50 % of the demand of 2026 is unmet (8 % of all years); 56 % of the demand is met with rented compute"
    )


def test_what_own_sites_do_not_serve_is_reported_with_its_cost_and_why() -> None:
    demand = pd.DataFrame(
        {
            "workload": ["chat", "chat", "voice", "voice"],
            "year": [2026, 2027] * 2,
            "demand_kh100e": [120.0, 130.0, 40.0, 110.0],
            "rented_kh100e": [60.0, 0.0, 10.0, 20.0],
            "unmet_kh100e": [0.0, 0.0, 0.0, 10.0],
            "why_not_own": ["no racks", "", "no site", ""],
            "why_not_rented": ["", "", "", "no cloud"],
        }
    )
    summary = demand.groupby("year", as_index=False).sum(numeric_only=True)
    costs = pd.DataFrame(
        {"item": ["racks", "rented_compute", "rented_compute", "unmet_compute"], "npv_musd": [516.0, 200.0, 24.0, 60.0]}
    )
    tables = {"summary": summary, "demand": demand, "costs": costs}

    # 90 and 10 of 400, of 800 MUSD; 70 of the 160 of 2026. Of the 100 chat is 60, voice 20 and 10.
    assert not_by_own_sites(tables) == (
        "Of the compute of all years 22.5 % is rented for 224 MUSD (28 % of the cost) and 2.5 %"
        " is unmet for 60 MUSD (7.5 % of the cost), most in 2026: 70 kH100e, 43.8 %. Rented: 60 %"
        " no racks (chat); 20 % own sites may, but it costs more or a limit binds (voice) and 1"
        " more reasons. Unmet: 10 % own sites may, but it costs more or a limit binds; rent: no"
        " cloud (voice)."
    )
    housed = demand.assign(rented_kh100e=0.0, unmet_kh100e=[0.39, 0.0, 0.0, 0.0])
    assert not not_by_own_sites({**tables, "demand": housed})
