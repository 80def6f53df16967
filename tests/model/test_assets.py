"""Whatever is bought up front is repaid, enters the budget, and pays for its capital by kind."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from planner.family.block import Asset
from planner.family.payments import discount
from planner.inputs import build_inputs
from planner.lp import Expression
from planner.model import ALL_COSTS, Model
from planner.model.money import ASSETS, capex_musd, financing_premium
from planner.scenario import load_scenario

CHECK = Path(__file__).parent.parent / "check"
WORLDS = ("rich.yaml", "own_power.yaml", "non_firm.yaml")
# Bridge power that leaves brings money in: it is no capex of the year.
OUT_OF_BUDGET = {"bridge_worth"}


@cache
def model_of(world: str) -> Model:
    """Make the program of a world in which capital of every kind has a rate of its own."""
    rates = ("rack=0.19", "facility=0.17", "grid=0.13", "supply=0.11")
    settings = [f"finance.asset_wacc_nominal_frac.{rate}" for rate in rates]
    return Model(build_inputs(load_scenario(CHECK / world, settings)))


def with_(asset: Asset) -> Model:
    """Return the program of the first world in which there is something of an asset to buy."""
    for world in WORLDS:
        m = model_of(world)
        if asset.bought(m).decision.over.size:
            return m
    raise AssertionError(asset.name)


def per_column(m: Model, line: Expression) -> np.ndarray:
    """Add up what a unit of every column adds to a sum."""
    total = np.zeros(m.problem.column_count)
    np.add.at(total, line.column, line.value_of_term)
    return total


@pytest.mark.parametrize("asset", ASSETS, ids=lambda asset: asset.name)
def test_an_asset_is_a_line_of_costs_that_is_paid_up_front(asset: Asset) -> None:
    assert asset in ALL_COSTS
    assert asset.upfront
    m = with_(asset)
    line = asset.build(m)
    npv = np.zeros(m.problem.column_count)
    np.add.at(npv, line.column, line.value_of_term * discount(m)[line.over["calendar"]][line.row])

    bought = asset.bought(m)
    columns = np.unique(bought.decision.column)
    assert columns.size
    assert (np.abs(npv[columns]) > 0.0).any()


@pytest.mark.parametrize("asset", ASSETS, ids=lambda asset: asset.name)
def test_an_asset_enters_the_budget_at_its_overnight_cost(asset: Asset) -> None:
    m = with_(asset)
    bought = asset.bought(m)
    overnight = per_column(m, bought.overnight_musd * bought.decision)
    columns = np.flatnonzero(overnight)
    assert columns.size

    in_budget = per_column(m, capex_musd(m))[columns]

    if asset.name in OUT_OF_BUDGET:
        assert not in_budget.any()
    else:
        np.testing.assert_allclose(in_budget, overnight[columns], rtol=1e-12)


@pytest.mark.parametrize("asset", ASSETS, ids=lambda asset: asset.name)
def test_costlier_capital_of_an_asset_is_a_premium(asset: Asset) -> None:
    m = with_(asset)
    rate, own = m.p.finance.rate_frac, m.p.finance.asset_rate_frac[asset.kind]
    assert own != rate
    bought = asset.bought(m)
    columns = np.flatnonzero(per_column(m, bought.overnight_musd * bought.decision))

    premium = per_column(m, financing_premium.build(m))[columns]

    assert (premium != 0.0).any()
