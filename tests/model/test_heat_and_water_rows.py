"""Heat sold to a network, and water permits by the stress of the basin."""

from __future__ import annotations

import pytest
from small_world import Wish, assert_bites, at, inputs_of, inputs_with, only, part, solve, tables

from planner.inputs import Inputs
from planner.model import Model

OAK = ("oak", "2027")
MARGIN = 0.001
YEAR_H = 8760.0
RECOVERED = 0.55  # of IT power, by every cooling technology of the made-up world
BUYER = 0.23


@pytest.fixture(scope="module")
def selling() -> Inputs:
    return inputs_of("heat.sell=true")


def mean_it(m: Model):
    """IT power of Oak in 2027, mean over the year."""
    weight = m.p.days.weight_h[m.it_mw.over["slot"]] / YEAR_H
    return part(weight * m.it_mw, site="oak", year="2027")


def test_nothing_is_sold_or_permitted_unless_asked():
    plain = Model(inputs_of())

    assert plain.heat.sold_mw.over.size == 0
    assert plain.heat.connect_mw.over.size == 0
    assert plain.p.carbon.water_permit.size == 0


def test_heat_recovery_bites_at_the_buyers_share_of_what_cooling_gives_off(selling):
    def sold(mw: float) -> Wish:
        def wish(m: Model):
            yield mean_it(m) == 40.0
            yield only(m.heat.connect_mw, {OAK: 90.0})
            yield at(m.heat.sold_mw, *OAK) == mw

        return wish

    most = BUYER * RECOVERED * 40.0
    assert_bites("heat_recovery", selling, sold(most - 1e-6), sold(most + MARGIN))


def test_heat_connection_bites_at_what_was_built_so_far(selling):
    def sold(mw: float) -> Wish:
        def wish(m: Model):
            yield mean_it(m) == 40.0
            yield only(m.heat.connect_mw, {("oak", "2025"): 1.5, OAK: 0.7})
            yield at(m.heat.sold_mw, *OAK) == mw

        return wish

    assert_bites("heat_connection", selling, sold(2.2), sold(2.2 + MARGIN))


def test_heat_earns_its_price_in_the_buyers_hours_and_pays_for_its_connection(selling):
    def sell(m: Model):
        yield mean_it(m) >= 40.0
        yield at(m.heat.connect_mw, *OAK) == 2.6
        yield at(m.heat.connect_mw, "oak", "2025") == 0.0
        yield at(m.heat.sold_mw, *OAK) == 2.6

    plan = solve(selling, sell)
    assert plan.payments("heat_sales")[OAK] == pytest.approx(-2.6 * 3700 * 23 / 1e6)
    life, rate = plan.model.p.finance.life_years["facility"], plan.model.p.finance.rate_frac
    yearly = rate / (1 - (1 + rate) ** -life) / (1 + rate) ** 0.5
    assert plan.payments("heat_network")[OAK] == pytest.approx(2.6 * 1000 * 290 / 1e6 * yearly)


def test_a_choice_to_sell_heat_never_costs_more():
    kept = solve(inputs_of()).cost_musd
    sold = solve(inputs_of("heat.sell=true", "heat.connection_usd_per_kw=35")).cost_musd

    assert sold < kept


def test_water_permit_bites_at_what_the_class_of_the_basin_grants():
    # Elm lies in a basin of class high: 37 m3 a year for each MW of critical IT.
    classes = tables()["water_classes"].assign(limit_m3_per_mw_per_year=[900.0, 900.0, 37.0])
    inputs = inputs_with("water.stress_limits=true", water_classes=classes)

    def use(beyond_m3: float) -> Wish:
        def wish(m: Model):
            halls = part(m.halls.usable_mw, site="elm", year="2027")
            water = at(m.water_m3, "elm", "2027")
            yield halls >= 50.0
            yield water * 1e-3 - 37.0e-3 * halls == beyond_m3 * 1e-3

        return wish

    assert_bites("water_permit", inputs, use(0.0), use(10.0))


def test_water_is_costlier_where_it_is_scarce():
    plain, scarce = inputs_of(), inputs_of("water.stress_prices=true")

    assert plain.carbon.water_price_usd_per_m3 == pytest.approx([3.3, 4.7])
    assert scarce.carbon.water_price_usd_per_m3 == pytest.approx([3.3 * 1.3, 4.7 * 1.7])
