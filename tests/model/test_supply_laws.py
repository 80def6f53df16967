"""Laws of power made and stored at the sites, for any figures."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_world import Solved, changed, inputs_of, model_of, part, solve

from planner.inputs import Inputs
from planner.model import Model, storage, supply

few = settings(max_examples=6, derandomize=True)
many = settings(few, max_examples=20)
SLACK = 1e-7  # relative; what two runs of the solver may differ by

SOURCES = ("panel", "mill", "cells", "engine", "well", "genset")
# Power is dear and the grid is short, so that sources are worth their money.
WORLD = (
    "energy.price_scale_frac=1.7",
    "grid.headroom_scale_frac=0.3",
    "carbon.price_usd_per_t=23",
    "supply.override.cells={capex_usd_per_kw: 60, energy_capex_usd_per_kwh: 70, cycle_life_cycles: 2100}",
)
EVERYTHING = (
    f"supply.allow=[{', '.join(SOURCES)}]",
    "supply.export={allow: true, wholesale_price_frac: 0.9}",
    "supply.bridge={sources: [engine]}",
    "supply.standby={allow: true, source: backup}",
    "sites.oak.existing_source_mw={well: 7, cells: 9}",
)
LIMITS = ("limit_mw", "run_hours_h", "existing_mw", "existing_mwh", "availability_frac")
PRICES = (
    "build_capex_musd_per_mw",
    "build_store_capex_musd_per_mwh",
    "fixed_musd_per_mw_year",
    "fixed_musd_per_mwh_year",
    "fuel_usd_per_mwh",
    "variable_usd_per_mwh",
    "wear_musd_per_mwh",
    "redeploy_cost_musd_per_mw",
    "co2_t_per_mwh",
)
EARNINGS = ("export_usd_per_mwh", "redeploy_worth_musd_per_mw")


def scaled(inputs: Inputs, name: str, factor: float) -> Inputs:
    return changed(inputs, "supply", **{name: getattr(inputs.supply, name) * factor})


@cache
def cost_with(allowed: frozenset[str], sites: str = "all") -> float:
    names = ", ".join(sorted(allowed))
    return solve(inputs_of(*WORLD, f"supply.allow=[{names}]", f"supply.sites={sites}")).cost_musd


@cache
def powered() -> Inputs:
    return inputs_of(*WORLD, *EVERYTHING)


@cache
def plan() -> Solved:
    return solve(powered())


# --- choice -----------------------------------------------------------------------------


@many
@given(wide=st.sets(st.sampled_from(SOURCES), min_size=1), data=st.data())
def test_a_wider_choice_of_sources_never_costs_more(wide, data):
    narrow = data.draw(st.sets(st.sampled_from(sorted(wide)), max_size=len(wide) - 1))

    assert cost_with(frozenset(wide)) <= cost_with(frozenset(narrow)) * (1 + SLACK)


@pytest.mark.parametrize("source", SOURCES)
def test_sources_at_more_sites_never_cost_more(source):
    only = frozenset({source})

    everywhere, at_one = cost_with(only), cost_with(only, "[oak]")

    assert everywhere <= at_one * (1 + SLACK)
    assert at_one <= cost_with(frozenset()) * (1 + SLACK)


def test_the_choice_matters():
    worth = {one: cost_with(frozenset()) - cost_with(frozenset({one})) for one in SOURCES}

    assert {one for one, musd in worth.items() if musd > 0.01} >= {"panel", "mill", "cells", "engine"}


@pytest.mark.parametrize(
    "without", ["supply.export.allow=false", "supply.bridge.sources=[]", "supply.standby.allow=false"]
)
def test_what_sources_may_do_beyond_serving_never_costs_more(without):
    less = inputs_of(*WORLD, *EVERYTHING, without)

    assert plan().cost_musd <= solve(less).cost_musd * (1 + SLACK)


@many
@given(name=st.sampled_from((*LIMITS, *EARNINGS)), factor=st.floats(1.0, 2.5))
def test_more_room_hours_or_worth_never_costs_more(name, factor):
    more = solve(scaled(powered(), name, factor)).cost_musd

    assert more <= plan().cost_musd * (1 + SLACK)


@many
@given(name=st.sampled_from(PRICES), factor=st.floats(1.0, 3.0))
def test_costlier_sources_never_cost_less(name, factor):
    costlier = solve(scaled(powered(), name, factor)).cost_musd

    assert costlier >= plan().cost_musd * (1 - SLACK)


@pytest.mark.parametrize("name", [*LIMITS, *PRICES, *EARNINGS])
def test_every_figure_of_these_laws_counts(name):
    figures = getattr(powered().supply, name)

    assert figures.size
    assert np.any(figures > 0.0)


# --- energy -----------------------------------------------------------------------------


@few
@given(
    round_trip=st.floats(0.5, 0.99),
    season_days=st.sampled_from([4, 12]),
    slot_h=st.sampled_from([3, 6, 8]),
    costlier=st.floats(1.0, 3.0),
)
def test_batteries_give_back_what_they_took_less_their_losses(round_trip, season_days, slot_h, costlier):
    solved = solve(
        inputs_of(
            "supply.allow=[cells, panel]",
            "supply.override.cells={capex_usd_per_kw: 20, energy_capex_usd_per_kwh: 15, "
            f"efficiency_frac: {round_trip:.4f}}}",
            f"time.season_days={season_days}",
            f"time.slot_h={slot_h}",
            f"energy.price_scale_frac={costlier:.3f}",
        ),
        lambda m: [part(m.supply.taken_mwh, site="oak", year="2027") >= 4200.0],  # use them
    )
    m, days = solved.model.supply, solved.model.p.days
    per_day = (-1, days.slots_per_day)
    into, out, level = (solved.value(of).reshape(per_day) for of in (m.charge_mw, m.discharge_mw, m.level_mwh))
    room = solved.value(m.energy_mwh.on(m.level_mwh.over)).reshape(per_day)

    assert into.sum() > 1.0
    assert out.sum(axis=1) == pytest.approx(round(round_trip, 4) * into.sum(axis=1), abs=1e-5)
    one_way = round(round_trip, 4) ** 0.5
    steps = slot_h * (one_way * into - out / one_way)
    assert np.diff(level, axis=1, prepend=level[:, -1:]) == pytest.approx(steps, abs=1e-4)
    assert np.all(level >= -1e-6)
    assert np.all(level <= room + 1e-6)
    # Round a day, losses are the only energy that is gone.
    weight = days.weight_h[m.charge_mw.over["slot"]].reshape(per_day)
    lost_mwh = ((into - out) * weight).sum()
    assert lost_mwh == pytest.approx((1 - round(round_trip, 4)) * (into * weight).sum())


def test_power_of_a_site_balances_in_every_slot():
    m = plan().model
    comes_in, goes_out = plan().value(m.supply_mw), plan().value(m.use_mw)
    yields = plan().value(m.supply.renewable_mw)

    assert yields.max() > 1.0
    # Only what sun and wind yield is ever thrown away: fuel and grid power cost money.
    assert np.all(comes_in - goes_out >= -1e-6)
    assert np.all(comes_in - goes_out <= yields + 1e-6)


# --- absence ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings_without",
    [
        (),
        ("supply.export.allow=true",),
        ("supply.override.panel.capex_usd_per_kw=3", "supply.max_mw={panel: 5}"),
        ("supply.sites=[oak]", "supply.allow=[]"),
        ("sites.oak.existing_source_mw={panel: 0}",),
    ],
)
def test_a_scenario_that_allows_no_source_builds_no_row_and_no_column_of_it(settings_without):
    bare, plain = model_of(inputs_of(*settings_without)), model_of(inputs_of())
    blocks = {block.name for family in (supply, storage) for block in family.CONSTRAINTS}

    def built(model: Model) -> set[str]:
        return blocks.intersection(model.problem.row_block_names)

    assert not built(bare)
    assert built(plan().model) > {"source_capacity", "state_of_charge"}
    sizes = [(len(m.problem.columns().cost), m.problem.matrix().rows) for m in (bare, plain)]
    assert sizes[0] == sizes[1]
