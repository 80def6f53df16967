"""Laws of bills on random loads: linear rules scale and add, convex ones bend upwards."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.tariffs import (
    WORKDAYS,
    BillingCalendar,
    CapacityCharge,
    CoincidentPeakCharge,
    Contract,
    DemandCharge,
    EnergyCharge,
    EnergyPeriod,
    RollingRatchet,
    StandingCharge,
    Tariff,
    Tiers,
    When,
    YearRatchet,
    bill,
    clock_hours,
    flat_energy,
)

if TYPE_CHECKING:
    from planner.tariffs import TariffRule

CALENDAR = BillingCalendar(datetime.date(2028, 2, 1), datetime.date(2028, 5, 1), time_zone="America/New_York")
CONTRACT = Contract(40.0, datetime.date(2027, 3, 1), ramp_frac=(0.6, 0.8))
PEAKS = CALENDAR.moments([200, 900, 1_500])
RISING = Tiers((35.0, 48.0, 71.0), limits=(4_000.0, 9_000.0))
FALLING = Tiers((71.0, 48.0), limits=(6_000.0,))
DAY = When(hours=clock_hours(7, 22))
NIGHT = When(hours=clock_hours(22, 7))

RULES: tuple[TariffRule, ...] = (
    EnergyCharge("day and night", (EnergyPeriod("d", 66.0, DAY), EnergyPeriod("n", 29.0, NIGHT))),
    EnergyCharge("tiers by day", (EnergyPeriod("d", RISING, DAY), EnergyPeriod("n", -4.0, NIGHT))),
    DemandCharge("peak", 11.0),
    DemandCharge("peak in tiers", Tiers((0.0, 12.0, 15.0), limits=(8_000.0, 21_000.0))),
    DemandCharge("workdays", 7.0, When(months=(3, 4), weekdays=WORKDAYS), YearRatchet(0.9)),
    DemandCharge("rolling", 6.0, ratchet=RollingRatchet(0.95, 2)),
    DemandCharge("least", 9.0, min_take_frac=0.7),
    CoincidentPeakCharge("one hour", 23.0, PEAKS[:1]),
    CoincidentPeakCharge("three hours", 31.0, PEAKS),
    CapacityCharge("capacity", 270.0, PEAKS),
    StandingCharge("meter", usd_per_month=900.0, usd_per_day=13.0),
)
LINEAR, CONSTANT = ("day and night", "one hour", "capacity"), ("meter",)
BENT_DOWN: tuple[TariffRule, ...] = (
    flat_energy("falling energy", FALLING),
    DemandCharge("falling demand", Tiers((12.0, 5.0), limits=(9_000.0,))),
)


def cost_usd(rule: TariffRule, load_mw: np.ndarray) -> float:
    return bill(load_mw, Tariff(rule.name, (rule,)), CALENDAR, contract=CONTRACT).total_usd


@st.composite
def loads(draw: st.DrawFn) -> np.ndarray:
    """A load of random hours about a random level, with a few peaks."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    level_mw = draw(st.floats(2.0, 25.0))
    load_mw = level_mw * rng.uniform(0.2, 1.1, CALENDAR.n_hours)
    load_mw[rng.integers(0, CALENDAR.n_hours, 5)] *= draw(st.floats(1.0, 3.0))
    return load_mw


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@given(a=loads(), b=loads(), share=st.floats(0.05, 0.95))
@settings(max_examples=15)
def test_a_mix_of_two_loads_costs_at_most_the_mix_of_their_costs(
    rule: TariffRule, a: np.ndarray, b: np.ndarray, share: float
) -> None:
    mixed = cost_usd(rule, share * a + (1 - share) * b)
    mix = share * cost_usd(rule, a) + (1 - share) * cost_usd(rule, b)

    assert mixed <= mix + 1e-9 * abs(mix)
    if rule.name in {*LINEAR, *CONSTANT}:
        assert mixed == pytest.approx(mix, rel=1e-9)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@given(load=loads(), factor=st.floats(0.1, 4.0))
@settings(max_examples=10)
def test_a_linear_charge_scales_with_the_load_and_a_constant_one_does_not(
    rule: TariffRule, load: np.ndarray, factor: float
) -> None:
    before, after = cost_usd(rule, load), cost_usd(rule, factor * load)

    if rule.name in {*LINEAR, "peak", "workdays", "three hours"}:
        assert after == pytest.approx(factor * before, rel=1e-9)
    elif rule.name in CONSTANT:
        assert after == before
    elif rule.name != "tiers by day":  # its night is paid for, not charged
        assert (after - before) * (factor - 1.0) >= -1e-9 * before  # never falls as load grows


@pytest.mark.parametrize("rule", BENT_DOWN, ids=lambda rule: rule.name)
def test_declining_tiers_are_not_convex(rule: TariffRule) -> None:
    low, high = np.full(CALENDAR.n_hours, 6.0), np.full(CALENDAR.n_hours, 18.0)

    mixed = cost_usd(rule, 0.5 * low + 0.5 * high)

    assert mixed > 1.03 * (0.5 * cost_usd(rule, low) + 0.5 * cost_usd(rule, high))


@given(load=loads())
@settings(max_examples=10)
def test_a_tariff_costs_the_sum_of_its_rules(load: np.ndarray) -> None:
    tariff = Tariff("all", (*RULES, *BENT_DOWN))

    found = bill(load, tariff, CALENDAR, contract=CONTRACT)

    alone = {rule.name: cost_usd(rule, load) for rule in tariff.rules}
    assert found.usd_by_rule == pytest.approx(alone, rel=1e-12)
