"""Heat sold to a network, and water permits by the stress of the basin."""

from __future__ import annotations

from small_world import inputs_of, solve

from planner.model import Model


def test_nothing_is_sold_or_permitted_unless_asked():
    plain = Model(inputs_of())

    assert plain.heat.sold_mw.over.size == 0
    assert plain.heat.connect_mw.over.size == 0
    assert plain.p.carbon.water_permit.size == 0


def test_a_choice_to_sell_heat_never_costs_more():
    kept = solve(inputs_of()).cost_musd
    sold = solve(inputs_of("heat.sell=true", "heat.connection_usd_per_kw=35")).cost_musd

    assert sold < kept
