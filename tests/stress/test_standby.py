"""Standby power carries what the algebra says, and what drawing lots says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.stress.simulate import Reliability, carry_probability

RELIABILITY = Reliability(availability_frac=0.97, start_failure_frac=0.04, mean_time_to_failure_h=230.0)


def carried(hours: float, count: int, needed: int, *, fuel_h: float = 500.0, battery_h: float = 0.25) -> float:
    return carry_probability(
        hours, count=count, needed=needed, reliability=RELIABILITY, fuel_h=fuel_h, battery_h=battery_h
    )


def test_one_generator_by_hand() -> None:
    # 0.97 x 0.96 of the starts, and e^(-23/230) = e^-0.1 of the runs of 23 h; a battery carries
    # the rest of the outage, a quarter of an hour.
    assert carried(23.25, 1, 1) == pytest.approx(0.97 * 0.96 * np.exp(-0.1))


def test_two_of_three_by_hand() -> None:
    p = 0.97 * 0.96 * np.exp(-46.0 / 230.0)

    assert carried(46.25, 3, 2) == pytest.approx(3 * p**2 * (1 - p) + p**3)


def test_lots_drawn_agree_with_the_algebra() -> None:
    rng = np.random.default_rng(17)
    count, needed, hours, lots = 9, 7, 36.0, 200_000
    lasts = rng.exponential(RELIABILITY.mean_time_to_failure_h, (lots, count))
    starts = rng.random((lots, count)) < RELIABILITY.starts_frac
    battery_h = 6.0

    # How long as many as are needed run, one failing after the other; a battery takes over then.
    together_h = np.sort(np.where(starts, lasts, 0.0), axis=1)[:, count - needed]
    share = (together_h + battery_h > hours).mean()

    error = np.sqrt(share * (1 - share) / lots)
    found = carried(hours, count, needed, battery_h=battery_h)
    assert found == pytest.approx(share, abs=4 * error)


def test_a_battery_adds_its_hours_to_those_of_generators() -> None:
    alone, with_battery = (carried(10.0, 5, 4, battery_h=hours) for hours in (0.0, 4.0))

    assert with_battery == pytest.approx(carried(6.0, 5, 4, battery_h=0.0), rel=1e-12)
    assert with_battery > alone


@given(hours=st.floats(1.0, 72.0), longer=st.floats(0.5, 30.0), needed=st.integers(2, 700), spare=st.integers(0, 700))
def test_longer_outages_and_fewer_generators_never_help(hours: float, longer: float, needed: int, spare: int) -> None:
    now = carried(hours, needed + spare, needed)

    assert 0.0 <= now <= 1.0
    assert carried(hours + longer, needed + spare, needed) <= now + 1e-9
    assert carried(hours, needed + spare + 3, needed) >= now - 1e-9
