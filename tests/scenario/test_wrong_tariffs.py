"""Tariffs written out that no bill can be made from: each mistake at its key, with its fix."""

from __future__ import annotations

import pytest

from planner.scenario.load import read_draft


def problems_of(tariff: str, folder: object) -> list[str]:
    path = folder / "plan.yaml"  # type: ignore[operator]
    path.write_text(f"version: 1\nenergy: {{own_tariffs: {{o: {tariff}}}}}\n", encoding="utf-8")
    _, problems = read_draft(path).checked()
    return [str(problem).removeprefix(f"{folder}/") for problem in problems]


@pytest.mark.parametrize(
    ("tariff", "problem"),
    [
        (
            "{}",
            "plan.yaml:2:24: the own tariff 'o' has no charge; must be given with one at least of "
            "energy, demand, coincident_peak, capacity, standing; write a charge, or remove the "
            "tariff",
        ),
        (
            "{standing: [{name: meter}]}",
            "plan.yaml:2:39: the standing charge 'meter' has no price; must be given with "
            "usd_per_month or usd_per_day; write its price, or remove the charge",
        ),
        (
            "{demand: [{usd_per_kw_month: 9, from_hour: 8, to_hour: 8}]}",
            "plan.yaml:2:82: from_hour is 8 and to_hour is 8, the same time of the day; must be "
            "two times of the day; for the whole day leave both out, or write 0 and 24",
        ),
        (
            "{demand: [{usd_per_kw_month: 9, from_hour: 24}]}",
            "plan.yaml:2:70: from_hour is 24 and to_hour is 24, the same time of the day;",
        ),
        (
            "{energy: [{usd_per_mwh: 9, periods: [{name: p, usd_per_mwh: 7, to_hour: 0}]}]}",
            "plan.yaml:2:99: from_hour is 0 and to_hour is 0, the same time of the day;",
        ),
        (
            "{energy: [{usd_per_mwh: [43, 49]}]}",
            "plan.yaml:2:38: usd_per_mwh has 2 prices, and tier_limits_mwh has no limits; must be "
            "one price more than limits; write in tier_limits_mwh where each tier but the last "
            "ends, or write one price",
        ),
        (
            "{energy: [{usd_per_mwh: 43, tier_limits_mwh: [700]}]}",
            "plan.yaml:2:55: usd_per_mwh has 1 price, and tier_limits_mwh has 1 limit;",
        ),
        (
            "{energy: [{usd_per_mwh: [43, 49, 52], tier_limits_mwh: [900, 700]}]}",
            "plan.yaml:2:65: tier_limits_mwh is [900, 700]; must be above 0 and rising from tier "
            "to tier; put the limits in order, and their prices with them",
        ),
        (
            "{demand: [{usd_per_kw_month: 9}, {usd_per_kw_month: 7}]}",
            "plan.yaml:2:60: demand[1] of the own tariff 'o' is called 'demand' as demand[0] is; "
            "must be called by a name of its own; give it a `name:` for the bill",
        ),
        (
            "{energy: [{usd_per_mwh: 9, periods: [{name: a, usd_per_mwh: 7, from_hour: 22, "
            "to_hour: 6, weekdays: workdays}, "
            "{name: b, usd_per_mwh: 6, to_hour: 3, months: [3]}]}]}",
            "plan.yaml:2:138: the periods 'a' and 'b' meet, for example in month 3 on Mon from 0 h;"
            " must be apart, as each hour has one price; change months, weekdays or hours of one"
            " of them",
        ),
    ],
)
def test_a_tariff_that_cannot_be_billed_is_refused_at_its_key(tariff, problem, tmp_path):
    (found,) = problems_of(tariff, tmp_path)

    assert found.startswith(problem)


@pytest.mark.parametrize(
    "tariff",
    [
        "{demand: [{usd_per_kw_month: 9, from_hour: 0, to_hour: 24}]}",
        "{standing: [{usd_per_day: 0}]}",
        "{coincident_peak: [{name: peak, usd_per_kw: 9, hours: [17]}], demand: [{name: peak, usd_per_kw_month: 3}]}",
        "{energy: [{usd_per_mwh: 9, periods: [{name: a, usd_per_mwh: 7, months: [3], to_hour: 6},"
        " {name: b, usd_per_mwh: 6, months: [4], to_hour: 6}]}]}",
    ],
)
def test_what_can_be_billed_is_taken(tariff, tmp_path):
    assert problems_of(tariff, tmp_path) == []
