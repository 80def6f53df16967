"""Drawn years have the statistics that they are drawn from."""

from __future__ import annotations

import numpy as np
import pytest

from planner.clock.days import DAYS_PER_MONTH
from planner.place.climate import hourly_temperatures
from planner.stress.weather import Anomalies, Weather, log_spread, price_factor

LAT, LON = np.array([39.0, 39.4, 33.5]), np.array([-77.5, -77.4, -112.0])
MEANS = np.array([2.0, 3.5, 8.0, 13.5, 18.5, 23.5, 26.0, 25.0, 21.0, 15.0, 9.0, 4.0])


def weather() -> Weather:
    mean = np.stack([hourly_temperatures(MEANS + add, np.full(12, 11.0)) for add in (0, 1, 9)])
    return Weather(mean, np.array([35.5, 36.0, 43.5]), np.array([-5.0, -5.0, -7.0]))


def anomalies(draws: int, seed: int = 3) -> Anomalies:
    return Anomalies(LAT, LON, draws=draws, persistence_h=50.0, reach_km=900.0, seed=(seed,))


def test_anomalies_are_standard_normal_last_and_are_shared() -> None:
    drawn = anomalies(400).next_hours(200)

    assert drawn.mean() == pytest.approx(0.0, abs=0.05)
    assert drawn.std() == pytest.approx(1.0, abs=0.03)
    later = np.corrcoef(drawn[:, 0, :-50].ravel(), drawn[:, 0, 50:].ravel())[0, 1]
    assert later == pytest.approx(np.exp(-1.0), abs=0.05)
    near = np.corrcoef(drawn[:, 0].ravel(), drawn[:, 1].ravel())[0, 1]
    far = np.corrcoef(drawn[:, 0].ravel(), drawn[:, 2].ravel())[0, 1]
    assert near == pytest.approx(np.exp(-45.0 / 900.0), abs=0.03)
    assert far == pytest.approx(np.exp(-3130.0 / 900.0), abs=0.06)


def test_windows_are_one_series() -> None:
    whole, parts = anomalies(2), anomalies(2)

    joined = np.concatenate([parts.next_hours(24), parts.next_hours(48)], axis=-1)

    np.testing.assert_allclose(whole.next_hours(72), joined)
    assert not np.allclose(anomalies(2, seed=4).next_hours(72), joined)


def test_the_design_temperature_is_passed_in_four_hours_of_a_thousand() -> None:
    air = weather()
    rng = np.random.default_rng(5)
    above = np.zeros(3)
    for _ in range(60):
        mean = air.mean_of_hours(0, 365)
        temp_c = mean + air.anomaly_k[:, None] * rng.standard_normal(mean.shape)
        above += (temp_c > air.design_c[:, None]).mean(axis=1)

    assert above / 60 == pytest.approx(np.full(3, 0.004), rel=0.05)


def test_mean_weather_stands_at_local_hours_of_its_month() -> None:
    air = weather()
    first_of_july = sum(DAYS_PER_MONTH[:6])

    day = air.mean_of_hours(first_of_july, 1)

    # 15 h on the clocks of UTC-5 and UTC-7 is 20 h and 22 h UTC.
    assert day.argmax(axis=1).tolist() == [20, 20, 22]
    assert day.max(axis=1) == pytest.approx([26.0 + 5.5, 27.0 + 5.5, 35.0 + 5.5])


def test_prices_keep_their_mean_and_their_mean_over_median() -> None:
    shape_mean = np.array([[[0.9, 1.4]]])
    shape_median = np.array([[[0.9, 0.8]]])
    spread = log_spread(shape_mean, shape_median)[:, 0]

    factor = price_factor(np.random.default_rng(8).standard_normal((200_000, 1, 2)), spread)

    assert factor.mean(axis=0)[0] == pytest.approx([1.0, 1.0], abs=0.02)
    assert np.median(factor, axis=0)[0] == pytest.approx([1.0, 0.8 / 1.4], rel=0.02)
