"""A fixed plan through a year of hours, worked by hand and by balance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.clock.days import RepresentativeDays
from planner.clock.profiles import calendar_days
from planner.place.climate import hourly_temperatures
from planner.stress.fixed import FixedPlan, Outages, StressEvent, outage_h
from planner.stress.simulate import Reliability, SimulatedYear, simulate_year
from planner.stress.weather import OwnHours, StressSettings, Weather

DAYS = RepresentativeDays(slot_h=6)
SURE = Reliability(1.0, 0.0, 1e15)
SETTINGS = StressSettings(
    outages_per_year=40.0,
    outage_median_h=2.2,
    outage_mean_h=3.3,
    heat_wave_k=4.5,
    heat_wave_days=3.0,
    curtailment_frac=0.3,
    curtailment_h=5.0,
    generator_mw=2.5,
    fuel_h=30.0,
    weather_persistence_h=50.0,
    weather_reach_km=900.0,
    price_persistence_h=15.0,
    price_reach_km=700.0,
    lost_load_usd_per_mwh=9000.0,
    draws=3,
    seed=11,
)


def flat(first: float, second: float) -> np.ndarray:
    """The same in all slots of two years: of two sites, (year, site, slot)."""
    by_site = np.repeat(np.array([first, second])[:, None], DAYS.n_slots, axis=1)
    return np.stack([by_site, 2.5 * by_site])


def plan_of_two(**changes: object) -> FixedPlan:
    mean = hourly_temperatures(np.full(12, 14.0), np.full(12, 9.0))
    air = Weather(np.stack([mean, mean + 3.0]), np.array([31.0, 33.0]), np.array([-5.0, -6.0]))
    none = np.zeros((2, 2, DAYS.n_slots))
    plan = object.__new__(FixedPlan)
    vars(plan).update(
        days=DAYS,
        day_shares=calendar_days(DAYS),
        years=(2027, 2030),
        sites=("oak", "elm"),
        zones=("east", "west"),
        lat=np.array([39.2, 32.5]),
        lon=np.array([-77.6, -99.7]),
        it_mw=flat(20.0, 8.0),
        loss_mw=flat(1.5, 0.7),
        other_mw=none,
        used_mw=flat(26.5, 10.7),
        own_mw=none,
        non_firm_mw=none,
        spare_source_mw=none,
        level_mwh=none,
        waits_mw=np.zeros((0, 2, 2, DAYS.n_slots)),
        window_h=(),
        energy_usd_per_mwh=flat(62.0, 55.0),
        wholesale_usd_per_mwh=flat(37.0, 31.0),
        firm_mw=np.array([[40.0, 40.0], [90.0, 90.0]]),
        battery_mw=np.zeros((2, 2)),
        source_usd_per_mwh=np.array([[45.0, 43.0], [47.0, 44.0]]),
        generator_mw=np.zeros((2, 2)),
        load_kh100e=np.array([[13.0, 6.0], [31.0, 14.0]]),
        cooling_share=np.ones((2, 2, 1)),
        dry=air,
        wet=air,
        is_wet=np.array([False]),
        curves=tuple(np.array([figure]) for figure in (0.25, 0.0, 99.0, 100.0, 0.0)),
        price_spread=np.full((2, 4, 24), 0.4),
    )
    vars(plan).update(changes)
    return plan


def run(plan: FixedPlan, year: int = 0, **options: object) -> SimulatedYear:
    options.setdefault("with_outages", False)
    return simulate_year(plan, year, SETTINGS, SURE, **options)  # type: ignore[arg-type]


# 20 x 1.25 + 1.5 = 26.5 MW and 8 x 1.25 + 0.7 = 10.7 MW at the overhead of 0.25.
USE = np.array([26.5, 10.7])


def test_energy_costs_the_plan_s_price_in_the_mean() -> None:
    settings = replace(SETTINGS, draws=60)

    found = simulate_year(plan_of_two(), 0, settings, SURE, with_outages=False)

    expected = 8760 * USE * np.array([62.0, 55.0])
    error = found.energy_usd.std(axis=0) / np.sqrt(60)
    assert (np.abs(found.energy_usd.mean(axis=0) - expected) < 4 * error).all()
    assert (found.energy_usd.std(axis=0) > 0.005 * expected).all()


def test_an_emergency_is_not_served_where_nothing_stands_by() -> None:
    cut = StressEvent(first_hour=4000, hours=5, size=0.4)

    found = run(plan_of_two(), cut=cut)

    # 60 % of 40 MW is 24 MW: oak lacks 2.5 MW for 5 hours, elm nothing.
    assert found.unserved_mwh == pytest.approx(np.tile([12.5, 0.0], (3, 1)))
    assert found.unserved_h.tolist() == [[5.0, 0.0]] * 3


def test_sources_then_batteries_then_generators_carry_an_emergency() -> None:
    cut = StressEvent(first_hour=4000, hours=5, size=0.4)
    spare = np.zeros((2, 2, DAYS.n_slots))
    spare[0, 0] = 0.4
    level = np.zeros((2, 2, DAYS.n_slots))
    level[0, 0] = 3.0
    plan = plan_of_two(
        spare_source_mw=spare,
        level_mwh=level,
        battery_mw=np.array([[1.25, 0.0], [0.0, 0.0]]),
        generator_mw=np.array([[2.5, 0.0], [0.0, 0.0]]),
    )

    found = run(plan, cut=cut)

    # 2.5 MW lack for 5 h: 0.4 MW of sources in each, 3 MWh of batteries, the rest generators.
    assert found.source_mwh[:, 0] == pytest.approx([2.0] * 3)
    assert found.battery_mwh[:, 0] == pytest.approx([3.0] * 3)
    assert found.generator_mwh[:, 0] == pytest.approx([12.5 - 2.0 - 3.0] * 3)
    assert found.unserved_mwh.max() == pytest.approx(0.0)
    assert found.source_usd[:, 0] == pytest.approx([2.0 * 45.0] * 3)
    # The battery is filled up again from the grid.
    assert found.grid_mwh[:, 0] == pytest.approx([8760 * 26.5 - 12.5 + 3.0] * 3)


def test_a_heat_wave_overloads_a_connection_that_just_holds() -> None:
    cooling = tuple(np.array([figure]) for figure in (0.2, 0.0, -90.0, -80.0, 0.01))
    free = plan_of_two(curves=cooling)
    usual = run(free)
    tight = plan_of_two(curves=cooling, firm_mw=np.array([usual.peak_mw.max(axis=0), [90.0, 90.0]]))
    heat = StressEvent(first_hour=0, hours=8760, size=4.5)

    found = run(tight, heat=heat)

    # 0.01 of IT power for each K: 4.5 K on 20 MW are 0.9 MW, on 8 MW 0.36 MW.
    assert run(tight).overload_mwh.max() == 0.0
    assert found.peak_mw - usual.peak_mw == pytest.approx(np.tile([0.9, 0.36], (3, 1)))
    assert found.overload_mw.max(axis=0) == pytest.approx([0.9, 0.36])
    assert found.unserved_mwh.sum() == pytest.approx(found.overload_mwh.sum())
    assert found.unserved_mwh.sum() > 0.0


@pytest.mark.parametrize("year", [0, 1])
def test_energy_balances_through_outages(year: int) -> None:
    spare = np.full((2, 2, DAYS.n_slots), 1.7)
    plan = plan_of_two(
        spare_source_mw=spare,
        level_mwh=np.full((2, 2, DAYS.n_slots), 23.0),
        battery_mw=np.full((2, 2), 6.5),
        generator_mw=np.array([[22.5, 5.0], [52.5, 17.5]]),
    )

    found = run(plan, year, with_outages=True)

    supplied = found.grid_mwh + found.source_mwh + found.generator_mwh + found.battery_mwh
    # What batteries took to fill up again came from the grid; they end full or still filling.
    refilled = supplied + found.unserved_mwh - found.used_mwh
    assert found.outage_h.min() > 0.0
    assert found.unserved_mwh.max() > 0.0
    assert (refilled <= found.battery_mwh + 1e-6).all()
    assert (refilled >= found.battery_mwh - 23.0 - 1e-6).all()


def test_the_same_seed_gives_the_same_year() -> None:
    first, again = (run(plan_of_two(), with_outages=True) for _ in range(2))
    other = simulate_year(plan_of_two(), 0, replace(SETTINGS, seed=12), SURE)

    assert (first.outage_h == again.outage_h).all()
    assert (first.energy_usd == again.energy_usd).all()
    assert (first.energy_usd != other.energy_usd).all()


def test_outages_come_as_often_and_last_as_long_as_they_should() -> None:
    rng = np.random.default_rng(2)
    out = Outages((200, 5), SETTINGS, rng).next_hours(8760)

    lasts = outage_h(100_000, SETTINGS, rng)
    begins = (np.diff(out.astype(int), axis=-1) == 1).sum() / 1000
    spread = np.sqrt(2 * np.log(3.3 / 2.2))
    unrounded = 2.2 * np.exp(spread * np.random.default_rng(9).standard_normal(100_000))
    # Outages that run into each other are one, which a few of 40 a year do.
    assert 38.0 < begins < 40.5
    assert unrounded.mean() == pytest.approx(3.3, rel=0.02)
    assert lasts.mean() == pytest.approx(np.ceil(unrounded).mean(), rel=0.02)


def test_own_hours_take_the_place_of_drawn_ones() -> None:
    cooling = tuple(np.array([figure]) for figure in (0.2, 0.0, -90.0, -80.0, 0.01))
    nan = np.full((2, 8760), np.nan)
    dry = nan.copy()
    dry[0] = 21.0
    price = nan.copy()
    price[1] = 33.0
    own = OwnHours(dry, nan, price)

    found = run(plan_of_two(curves=cooling), own=own)

    # 0.2 + 0.01 x (21 + 80) = 1.21 of IT power: 20 x 2.21 + 1.5 MW; elm's price is 55 - 31 + 33.
    assert found.used_mwh[:, 0] == pytest.approx([8760 * (20.0 * 2.21 + 1.5)] * 3)
    assert found.used_mwh[:, 1].std() > 0.0
    assert found.energy_usd[:, 1] == pytest.approx(found.grid_mwh[:, 1] * 57.0)


def waiting_plan(**changes: object) -> FixedPlan:
    """Oak wants 28 MW from 18 h UTC and 25 MW else; 3.2 MW of its IT power may wait, 4.8 then."""
    it, used = flat(20.0, 8.0), flat(26.5, 10.7)
    waits = np.zeros((1, 2, 2, DAYS.n_slots))
    evening = np.arange(DAYS.n_slots) % DAYS.slots_per_day == 3
    it[0, 0] = np.where(evening, 21.2, 18.8)
    waits[0, 0, 0] = np.where(evening, 4.8, 3.2)
    return plan_of_two(**{"it_mw": it, "used_mw": used, "waits_mw": waits, "window_h": (12,), **changes})


def test_work_that_may_wait_yields_to_a_small_connection_before_generators() -> None:
    # 21.2 x 1.25 + 1.5 = 28 MW from 18 h to 24 h and 25 MW before.
    firm = np.array([[26.25, 40.0], [90.0, 90.0]])
    generators = np.array([[30.0, 0.0], [0.0, 0.0]])
    plan = waiting_plan(firm_mw=firm, generator_mw=generators)

    found = run(plan)

    # 1.75 MW yield for 6 h of each day: 1.4 MW of IT power. It is caught up late, from 0 h on, at
    # 1.25 / 1.25 = 1 MW of room; the last evening has no day after it.
    assert found.overload_mwh.max() == 0.0
    assert found.generator_mwh.max() == 0.0
    assert found.peak_mw[:, 0] == pytest.approx([26.25] * 3)
    assert found.put_off_mwh[:, 0] == pytest.approx([365 * 6 * 1.4] * 3)
    assert found.put_off_h[:, 0] == pytest.approx([365 * 6] * 3)
    assert found.late_mwh[:, 0] == pytest.approx([364 * 6 * 1.4] * 3)
    assert found.given_up_mwh[:, 0] == pytest.approx([6 * 1.4] * 3)
    assert found.unserved_mwh[:, 0] == pytest.approx([6 * 1.4 * 1.25] * 3)
    assert found.put_off_mwh[:, 1].max() == 0.0


@pytest.mark.parametrize("firm_mw", [25.4, 26.25, 27.0])
def test_work_and_energy_are_conserved_where_work_waits(firm_mw: float) -> None:
    cooling = tuple(np.array([figure]) for figure in (0.2, 0.0, -90.0, -80.0, 0.0005))
    plan = waiting_plan(
        firm_mw=np.array([[firm_mw, 40.0], [90.0, 90.0]]),
        generator_mw=np.array([[10.0, 5.0], [7.5, 7.5]]),
        curves=cooling,
    )

    found = run(plan, with_outages=True)

    # What is put off is either done later or not served.
    assert found.put_off_mwh[:, 0].min() > 0.0
    assert found.caught_up_mwh + found.given_up_mwh == pytest.approx(found.put_off_mwh)
    assert (found.late_mwh <= found.caught_up_mwh).all()
    assert found.grid_mwh + found.generator_mwh + found.unserved_mwh == pytest.approx(found.used_mwh)
