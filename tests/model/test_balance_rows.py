"""Balance of power: what a site draws where something answers to the hour."""

from __future__ import annotations

import numpy as np
import pytest
from small_world import changed, inputs_of, solve

from planner.inputs import Inputs
from planner.inputs.grid import BalanceInputs

SLOT = ("oak", "2027", "d2h18")


def balanced(inputs: Inputs) -> Inputs:
    """Keep a balance at every site and in every year."""
    site_year = inputs.sites.site_year
    everywhere = np.ones(site_year.size, dtype=np.bool_)
    price = inputs.grid.energy_usd_per_mwh
    return inputs.changed(balance=BalanceInputs(inputs.sets, site_year, everywhere, price))


def paid_to_draw(inputs: Inputs) -> Inputs:
    """Pay 35.5 USD for every MWh drawn in one slot of one site."""
    price = inputs.grid.energy_usd_per_mwh.copy()
    price[inputs.power.slot.position(*SLOT)] = -35.5
    return changed(inputs, "grid", energy_usd_per_mwh=price)


@pytest.fixture(scope="module")
def plain() -> Inputs:
    return inputs_of()


def test_no_site_balances_its_power_unless_something_there_answers_to_the_hour(plain):
    assert plain.balance.slot.size == 0


@pytest.mark.parametrize("world", [lambda given: given, paid_to_draw], ids=["dear", "paid to draw"])
def test_a_balance_alone_changes_neither_cost_nor_draw(plain, world):
    inputs = world(plain)
    without, kept = solve(inputs), solve(balanced(inputs))

    assert kept.cost_musd == pytest.approx(without.cost_musd, rel=1e-9)
    assert kept.value(kept.model.grid_mw) == pytest.approx(kept.value(kept.model.facility_mw), abs=1e-6)
