"""Small pieces of the study of a fixed plan, on figures made up for them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from planner.stress import fixed, study


def test_the_share_that_is_done_rises_to_one_over_cases_years_and_weeks(monkeypatch) -> None:
    def simulate_year(*_: object, on_window, **__: object) -> None:
        for _week in range(53):  # 365 days, the last week of one day
            on_window()

    monkeypatch.setattr(study, "simulate_year", simulate_year)
    for name in ("_emergency", "_heat_wave", "_years", "_sites", "_exceedance", "_standby"):
        monkeypatch.setattr(study, name, lambda *_: None)
    monkeypatch.setattr(study, "_frame", lambda name, rows: None)
    plan = SimpleNamespace(years=[2026, 2027, 2028])
    losses = pd.DataFrame({"year": [2026, 2027, 2027], "site": ["ash", "bay", "elm"]})
    reported: list[tuple[str, float]] = []

    result = study.stress_study(
        plan, None, None, losses, years=[2027, 2028], on_progress=lambda *one: reported.append(one)
    )

    count = 53 * 2 * len(study.CASES)
    assert [share for _, share in reported] == pytest.approx(np.arange(1, count + 1) / count)
    assert list(dict.fromkeys(case for case, _ in reported)) == list(study.CASES)
    assert result.tables["stress_loss"]["site"].tolist() == ["bay", "elm"]


def test_work_is_lost_as_power_is_and_a_site_without_load_loses_none() -> None:
    names = ("energy_usd", "source_usd", "grid_mwh", "overload_mwh", "generator_mwh")
    more = ("battery_mwh", "put_off_mwh", "late_mwh", "given_up_mwh")
    figures = {name: np.array([[2e6, 3e6]]) for name in (*names, *more)}
    hours = SimpleNamespace(
        draws=1, sites=2, used_mwh=np.array([[40.0, 0.0]]), unserved_mwh=np.array([[10.0, 0.0]]), **figures
    )
    plan = SimpleNamespace(years=[2026, 2027], load_kh100e=np.array([[7.0, 5.0], [8.0, 3.0]]))

    (row,) = study._years(plan, [("heat wave", 1, hours)])

    assert (row["case"], row["year"], row["draw"]) == ("heat wave", 2027, 1)
    assert row["unserved_kh100e"] == 2.0  # a quarter of 8
    assert row["energy_cost_musd"] == 10.0  # 2 and 3 from the grid, as much from sources


def test_an_emergency_is_around_the_hour_in_which_the_plan_draws_most() -> None:
    def hours(used_mw: np.ndarray, day: int, count: int) -> np.ndarray:
        by_site = np.full((2, 24 * count), used_mw)
        by_site[:, 5] += 4.0 if day == 200 else 0.0
        return by_site + (50.0 if day > 364 else 0.0)  # no day of the year

    plan = SimpleNamespace(hours=hours, used_mw=[3.0, 6.0], sites=["ash", "bay"])
    settings = SimpleNamespace(curtailment_h=4.0, curtailment_frac=0.3)

    cut = study._emergency(plan, 1, settings)

    assert (cut.first_hour, cut.hours) == (200 * 24 + 5 - 2, 4)


def test_what_stands_by_is_held_against_all_that_a_site_draws_on_its_hottest_day() -> None:
    def by_site(first: float, second: float) -> np.ndarray:
        return np.array([[[first, first / 2], [second, second / 2]]])

    plan = SimpleNamespace(
        years=[2027],
        sites=["ash", "bay"],
        it_mw=by_site(8.0, 16.0),
        loss_mw=by_site(1.0, 2.0),
        other_mw=by_site(2.0, 4.0),
        dry=SimpleNamespace(design_c=np.array([38.0, 38.0])),
        wet=SimpleNamespace(design_c=np.array([24.0, 24.0])),
        overhead_frac=lambda year, dry_c, wet_c: np.full((2, 1), 0.25),
        generator_mw=np.array([[15.0, 30.0]]),
        battery_mw=np.array([[13.0, 25.9]]),
        level_mwh=np.array([[[6.0, 20.0], [50.0, 54.0]]]),
    )
    settings = SimpleNamespace(generator_mw=2.5, fuel_h=24.0)
    reliability = study.Reliability(0.99, 0.01, 1500.0)

    rows = {row["site"]: row for row in study._standby(plan, settings, reliability, [0])}

    # 8 of IT, 1 lost, 2 of other load and a quarter of 8 for cooling: 13 MW. The battery of Ash
    # just carries that, with 13 MWh in it; that of Bay, for 26 MW, does not.
    ash, bay = rows["ash"], rows["bay"]
    assert (ash["peak_mw"], bay["peak_mw"]) == (13.0, 26.0)
    assert (ash["battery_h"], bay["battery_h"]) == (1.0, 0.0)
    assert (ash["generators"], ash["needed"]) == (6, 6)
    assert ash["fuel_h"] == pytest.approx(24.0 * 15.0 / 13.0)


def test_work_that_is_deferred_is_kept_by_its_window_the_shortest_first() -> None:
    deferral = pd.DataFrame(
        {
            "window": ["12h", "6h", "12h"],
            "year": [2026, 2027, 2027],
            "site": ["ash", "bay", "ash"],
            "slot": ["day", "night", "night"],
            "done_mw": [4.0, 7.0, 9.0],
        }
    )
    case = SimpleNamespace(years=SimpleNamespace(years=(2026, 2027)), days=SimpleNamespace(names=("day", "night")))

    done, hours = fixed._waits(fixed._Reader(case, {"deferral": deferral}, ("ash", "bay")))

    assert hours == (6, 12)
    # Shape (window, year, site, slot).
    assert done.tolist() == [
        [[[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 7.0]]],
        [[[4.0, 0.0], [0.0, 0.0]], [[0.0, 9.0], [0.0, 0.0]]],
    ]

    none, hours = fixed._waits(fixed._Reader(case, {"deferral": deferral.iloc[:0]}, ("ash", "bay")))
    assert (none.shape, hours) == ((0, 2, 2, 2), ())
