"""Batteries: power, energy, the level within each day, wear."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from small_world import Wish, inputs_of, only, part, solve

from planner.inputs import Inputs
from planner.model import Model

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
