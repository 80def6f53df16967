"""The headroom study against published answers, by hand, and its laws."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.headroom import Season, headroom_mw, headroom_study, seasons_with
from planner.headroom.study import largest_load_mw

CASES = Path(os.environ.get("DCPLAN_CASES", "/nowhere")) / "headroom"


@pytest.mark.skipif(not CASES.exists(), reason="DCPLAN_CASES holds no headroom")
def test_new_england_has_its_published_headroom() -> None:
    answers = pd.read_csv(CASES / "expected.csv", keep_default_na=False, na_values=[""])
    (expected,) = answers.to_dict("records")
    file = CASES / f"{expected['ba']}_2016_2024_hourly.csv.gz"
    demand_mw = pd.read_csv(file, index_col="datetime_utc", parse_dates=True)["demand_MW"]

    studies = {rate: headroom_study(demand_mw, rate / 100) for rate in (0.25, 0.5, 1, 5)}

    for rate, study in studies.items():
        assert study.load_mw == pytest.approx(expected[f"headroom_MW@{rate}%"], rel=1e-5)
        assert study.total.hours_per_year == pytest.approx(expected[f"hours_per_year@{rate}%"], abs=0.051)
    summer, winter = studies[0.5].seasons
    assert summer.threshold_mw == expected["summer_threshold_MW"]
    assert winter.threshold_mw == expected["winter_threshold_MW"]
    assert studies[0.5].years == pytest.approx(expected["years"], rel=1e-12)
    published_gw = expected["duke_published_GW@0.5%"]
    assert studies[0.5].load_mw / 1000 == pytest.approx(published_gw, abs=0.051)


# Of L MW a share r of 8,760 h may be curtailed, 8.76 h at 0.1 %, in the order of the slack:
# 0, 0, 20, 40, 60, 90, then 150 MW in the other 3,621 h of winter: 6 L - 210 = 8.76 L has no
# root, so winter's other hours are curtailed too, by little:
# (6 + 3,621) L - 210 - 150 x 3,621 = 8.76 L.
ORDINARY_WINTER_H = (31 + 28 + 31 + 30 + 31) * 24 - 3
LOAD_MW = (210.0 + 150.0 * ORDINARY_WINTER_H) / (6 + ORDINARY_WINTER_H - 8.76)


def test_the_headroom_by_hand(zone: pd.Series[float]) -> None:
    assert headroom_mw(zone, 0.001) == pytest.approx(LOAD_MW, rel=1e-13)


def test_what_is_curtailed_by_hand(zone: pd.Series[float]) -> None:
    study = headroom_study(zone, 0.001)
    summer, winter = study.seasons
    ordinary_mw = LOAD_MW - 150.0

    assert (summer.name, summer.threshold_mw) == ("summer", 1000.0)
    assert summer.hours_per_year == 3
    assert summer.full_hours_per_year == 1
    assert summer.energy_mwh_per_year == pytest.approx(3 * LOAD_MW - 130.0, rel=1e-12)
    assert summer.deepest_mw == pytest.approx(LOAD_MW, rel=1e-12)
    assert (summer.events_per_year, summer.longest_event_h) == (1, 3)
    assert summer.largest_event_mwh == pytest.approx(3 * LOAD_MW - 130.0, rel=1e-9)
    # Of 0, 40 and 90 MW of slack for 150 MW the last alone keeps at least half of the load on.
    assert summer.half_served_frac == pytest.approx(1 / 3)

    assert (winter.name, winter.threshold_mw) == ("winter", 850.0)
    assert winter.hours_per_year == 3 + ORDINARY_WINTER_H
    assert winter.energy_mwh_per_year == pytest.approx(3 * LOAD_MW - 80.0 + ORDINARY_WINTER_H * ordinary_mw, rel=1e-12)
    # January to March and November to December, every hour of both.
    assert winter.events_per_year == 2
    assert winter.longest_event_h == (31 + 28 + 31) * 24
    assert winter.mean_event_h == winter.hours_per_year / 2

    assert study.total.energy_mwh_per_year == pytest.approx(0.001 * LOAD_MW * 8760, rel=1e-12)
    assert study.total.hours_per_year == summer.hours_per_year + winter.hours_per_year
    assert study.curtailed_mw.max() == study.total.deepest_mw


def test_a_zone_at_its_threshold_for_longer_than_the_rate_has_no_headroom() -> None:
    hours = pd.date_range("2027-01-01", "2028-01-01", freq="h", inclusive="left")
    every_evening = pd.Series(700.0 + 80.0 * (hours.hour == 19), index=hours)

    study = headroom_study(every_evening, 0.02)  # 1 of 24 h is 4.2 %

    assert study.load_mw == 0.0
    assert study.total.hours_per_year == 0
    assert study.total.full_hours_per_year == 365
    assert study.total.half_served_frac == 1.0


def test_seasons_are_reported_by_the_clock_of_the_index(zone: pd.Series[float]) -> None:
    utc = zone.tz_localize("UTC")
    last_hour_of_march = utc.copy()
    last_hour_of_march["2027-04-01 02:00"] = 840.0  # 31 March, 22 h in New York: winter

    local = headroom_study(last_hour_of_march.tz_convert("America/New_York"), 0.001)
    summer = headroom_study(last_hour_of_march, 0.001)

    assert local.curtailed_mw["2027-03-31 22:00"] == pytest.approx(local.load_mw - 10.0)
    assert summer.curtailed_mw["2027-04-01 02:00"] == 0.0


def test_seasons_with_other_months_for_their_thresholds(zone: pd.Series[float]) -> None:
    late = zone.copy()
    late["2027-09-06 17:00"] = 1_400.0

    summer, winter = seasons_with(summer_months=(6, 7, 8, 9))
    study = headroom_study(late, 0.001, seasons=(summer, winter))

    assert summer.months == (4, 5, 6, 7, 8, 9, 10)
    assert (winter.peak_months, study.seasons[0].peak_months) == ((12, 1, 2), (6, 7, 8, 9))
    assert [season.threshold_mw for season in study.seasons] == [1_400.0, 850.0]
    with pytest.raises(InputError, match=r"are 3, 9, 11; must be among 4, 5, 6, 7, 8, 9, 10"):
        seasons_with(summer_months=(3, 9, 11))


@given(slack=st.lists(st.floats(0.0, 500.0), min_size=3, max_size=40), share=st.floats(0.001, 0.95))
def test_the_root_is_the_largest_load_within_the_promise(slack: list[float], share: float) -> None:
    slack_mw = np.array(slack)
    promised_h = share * len(slack)

    load_mw = largest_load_mw(slack_mw, promised_h)

    def curtailed_mwh(load: float) -> float:
        return float(np.maximum(0.0, load - slack_mw).sum())

    assert curtailed_mwh(load_mw) <= promised_h * load_mw + 1e-6
    more_mw = load_mw + 1e-3 + 1e-6 * load_mw
    assert curtailed_mwh(more_mw) > promised_h * more_mw - 1e-9


@given(seed=st.integers(0, 10_000), rate=st.floats(0.005, 0.2), factor=st.floats(1.1, 4.0))
@settings(max_examples=15)
def test_a_higher_rate_gives_more_and_double_the_demand_gives_double(seed: int, rate: float, factor: float) -> None:
    hours = pd.date_range("2027-01-01", "2028-01-01", freq="h", inclusive="left")
    rng = np.random.default_rng(seed)
    demand_mw = pd.Series(300.0 + 400.0 * rng.beta(2, 5, len(hours)), index=hours)

    study = headroom_study(demand_mw, rate)

    assert study.load_mw > 0.0  # far fewer hours are at a threshold than 0.5 % of the year
    assert headroom_mw(demand_mw, factor * rate) > study.load_mw
    assert headroom_mw(factor * demand_mw, rate) == pytest.approx(factor * study.load_mw)
    promised_mwh = rate * study.load_mw * 8760
    assert study.total.energy_mwh_per_year == pytest.approx(promised_mwh, rel=1e-7)


def test_what_is_no_study_is_refused_with_every_reason(zone: pd.Series[float]) -> None:
    broken = zone.copy()
    broken.iloc[[5, 9]] = np.nan, -2.0

    with pytest.raises(InputError) as raised:
        headroom_study(broken, 1.5)

    assert "the rate is 1.5" in str(raised.value)
    assert "demand is nan MW at 2027-01-01 05:00:00" in str(raised.value)
    assert "2 hours are so" in str(raised.value)


def test_seasons_must_part_the_year(zone: pd.Series[float]) -> None:
    seasons = (
        Season("warm", months=(4, 5, 6, 7, 8, 9), peak_months=(7,)),
        Season("warm", months=(9, 10, 11, 12, 1, 2), peak_months=()),
    )

    with pytest.raises(InputError) as raised:
        headroom_mw(zone, 0.01, seasons=seasons)

    assert {problem.what_is for problem in raised.value.problems} == {
        "month 3 is in 0 seasons",
        "month 9 is in 2 seasons",
        "months that set the threshold of warm are none",
        "seasons are called warm, warm",
    }
