"""Batteries: power, energy, the level within each day, wear."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from small_world import Wish, assert_bites, at, inputs_of, only, part, solve

from planner.inputs import Inputs
from planner.model import Model

MARGIN = 0.001
SITE, SOURCE, YEAR = BATTERY = ("oak", "cells", "2027")
ONE_WAY = 0.86**0.5
SLOT_H = 6.0
POWER_MW, ENERGY_MWH = 20.0, 70.0


@pytest.fixture(scope="module")
def cells() -> Inputs:
    return inputs_of("supply.allow=[cells]")


def battery(*wishes: Wish) -> Wish:
    """Have one battery at Oak from 2027."""

    def wish(m: Model):
        yield only(m.supply.source_mw, {BATTERY: POWER_MW})
        yield only(m.supply.store_mwh, {BATTERY: ENERGY_MWH})
        for more in wishes:
            yield from more(m)

    return wish


def is_(name: str, slot: str, value: float) -> Wish:
    return lambda m: [at(getattr(m.supply, name), *BATTERY, slot) == value]


def test_battery_size_bites_when_more_cells_serve_than_were_built(cells):
    def serve(mwh: float) -> Wish:
        return battery(lambda m: [at(m.supply.energy_mwh, *BATTERY) == mwh])

    assert_bites("battery_size", cells, serve(ENERGY_MWH), serve(ENERGY_MWH + MARGIN))


def test_battery_power_bites_at_the_converter(cells):
    # At 20 MW for a slot of six hours the cells would be too small.
    larger = inputs_of("supply.allow=[cells]", "supply.override.cells={efficiency_frac: 0.5}")
    half = POWER_MW / 2

    assert_bites(
        "battery_power",
        larger,
        battery(is_("charge_mw", "d1h06", half), is_("discharge_mw", "d1h06", half)),
        battery(is_("charge_mw", "d1h06", half), is_("discharge_mw", "d1h06", half + MARGIN)),
    )


def test_battery_energy_bites_at_the_cells(cells):
    assert_bites(
        "battery_energy",
        cells,
        battery(is_("level_mwh", "d1h06", ENERGY_MWH)),
        battery(is_("level_mwh", "d1h06", ENERGY_MWH + MARGIN)),
    )


def test_state_of_charge_bites_when_more_comes_out_than_went_in(cells):
    delivered_mwh = ENERGY_MWH * ONE_WAY
    charged_mw = ENERGY_MWH / ONE_WAY / SLOT_H
    elsewhere_nothing = [
        is_(name, slot, 0.0)
        for name, slots in (("charge_mw", ("d1h06", "d1h12", "d1h18")), ("discharge_mw", ("d1h00", "d1h06", "d1h18")))
        for slot in slots
    ]
    charge = is_("charge_mw", "d1h00", charged_mw)

    def deliver(mwh: float) -> Wish:
        return battery(*elsewhere_nothing, charge, is_("discharge_mw", "d1h12", mwh / SLOT_H))

    assert_bites("state_of_charge", cells, deliver(delivered_mwh), deliver(delivered_mwh + MARGIN))


def test_battery_duration_bites_off_the_fixed_hours():
    fixed = inputs_of("supply.allow=[cells]", "supply.override.cells={duration_h: 4.5}")

    def sized(hours: float) -> Wish:
        return lambda m: [
            only(m.supply.source_mw, {BATTERY: POWER_MW}),
            only(m.supply.store_mwh, {BATTERY: hours * POWER_MW}),
        ]

    assert_bites("battery_duration", fixed, sized(4.5), sized(4.4))


def test_battery_wear_bites_beyond_the_cycles_of_its_calendar_life():
    often = inputs_of("supply.allow=[cells]", "supply.override.cells={cycle_life_cycles: 1300}")
    per_year = 1300 / 13

    def cycled(times: float) -> Wish:
        def wish(m: Model):
            yield part(m.supply.taken_mwh, site=SITE) == times * ENERGY_MWH
            yield part(m.supply.worn_mwh, site=SITE) == 0.0

        return battery(wish)

    assert_bites("battery_wear", often, cycled(per_year), cycled(per_year + 0.01))


def test_cells_worn_out_early_are_paid_for_at_their_price_over_their_cycles():
    often = inputs_of("supply.allow=[cells]", "supply.override.cells={cycle_life_cycles: 1300}")
    beyond = 31.0  # cycles a year

    plan = solve(often, battery(lambda m: [part(m.supply.taken_mwh, site=SITE) >= (100 + beyond) * ENERGY_MWH]))
    paid = plan.payments("battery_replacement")["oak", "2027"]

    # 237.5 USD/kWh in 2025 and 185 in 2030
    price_musd_per_mwh = (237.5 + (185 - 237.5) * 2 / 5) * 1e3 / 1e6
    assert paid == pytest.approx(beyond * ENERGY_MWH * price_musd_per_mwh / 1300)


def test_energy_of_every_representative_day_balances(cells):
    dear_noon = "energy.price_scale_frac=3"
    plan = solve(inputs_of("supply.allow=[cells, panel]", dear_noon, "flexibility.deferral=false"))
    m = plan.model
    over = m.supply.charge_mw.over
    charged, taken = plan.value(m.supply.charge_mw), plan.value(m.supply.discharge_mw)
    day = m.p.days.day[over["slot"]]
    level = plan.value(m.supply.level_mwh)

    assert charged.sum() > 1.0
    for site in np.unique(over["site"]):
        for year in np.unique(over["year"]):
            for number in np.unique(day):
                here = (over["site"] == site) & (over["year"] == year) & (day == number)
                assert taken[here].sum() == pytest.approx(0.86 * charged[here].sum(), abs=1e-6)
                steps = SLOT_H * (ONE_WAY * charged[here] - taken[here] / ONE_WAY)
                ends = [*level[here][-1:], *level[here]]
                assert [b - a for a, b in pairwise(ends)] == pytest.approx(steps, abs=1e-5)
