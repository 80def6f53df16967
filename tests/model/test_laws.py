"""Laws that hold for any figures: more never costs more, twice as much costs twice."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from small_world import changed, inputs_of, inputs_with, solve, tables

from planner.cli import main
from planner.inputs import TABLES, Inputs, halls, inputs_without_notes
from planner.lp import HighsSession
from planner.model import build_model
from planner.scenario import load_scenario
from planner.tables import read_tables

few = settings(max_examples=6, derandomize=True)
many = settings(few, max_examples=25)
SLACK = 1e-7  # relative; what two runs of the solver may differ by

# What is scarce: arrays that limit the plan, by the room of the inputs they are in.
LIMITS = (
    ("grid", "headroom_mw"),
    ("grid", "firm_mw"),
    ("rent", "depth_kh100e"),
    ("racks", "stock_mw"),
    ("racks", "delivery_limit_mw"),
    ("halls", "committed_mw"),
    ("halls", "lease_depth_mw"),
    ("halls", "fill_frac"),
    ("sites", "land_limit_mw"),
    ("sites", "build_rate_mw"),
    ("sites", "market_rate_mw"),
    ("sites", "capex_budget_musd"),
    ("carbon", "cap_kt"),
    ("carbon", "water_limit_m3"),
    ("levers", "max_adoption_frac"),
)
# What is paid per unit: arrays that cost.
PRICES = (
    ("grid", "energy_usd_per_mwh"),
    ("grid", "demand_charge_usd_per_kw_month"),
    ("grid", "expand_capex_musd_per_mw"),
    ("racks", "install_capex_musd_per_mw"),
    ("racks", "it_maintenance_musd_per_mw_year"),
    ("halls", "build_capex_musd_per_mw"),
    ("halls", "retrofit_capex_musd_per_mw"),
    ("halls", "opex_musd_per_mw_year"),
    ("halls", "lease_musd_per_mw_year"),
    ("rent", "price_musd_per_kh100e_year"),
    ("sites", "fixed_musd_per_year"),
    ("sites", "opening_musd"),
    ("levers", "cost_musd_per_kh100e_year"),
    ("carbon", "price_usd_per_t"),
    ("carbon", "water_price_usd_per_m3"),
)


@cache
def scarce() -> Inputs:
    """A world in which much is scarce, so that a looser limit matters."""
    return inputs_of(
        "new_sites.fir={name: Fir, country: US, lat: 35.2, lon: -90.1, like: elm, zone: west}",
        "demand.scale_frac=1.6",
        "grid.headroom_scale_frac=0.12",
        "deliveries.scale_frac=0.2",
        "rent.depth_scale_frac=0.4",
        "lease.allow=true",
        "lease.depth_mw_per_site=9",
        "levers.allow=[caching]",
        "carbon.cap_kt={2025: 420, 2027: 720}",
        "carbon.price_usd_per_t=23",
        "build.capex_budget_musd={2025: 300, 2027: 2600}",
        "build.market_rate_mw_per_year={elm-market: 60}",
        "sites.oak.land_limit_mw=190",
        "demand.unmet_usd_per_h100e_hour=20",
    )


@cache
def cost_of_scarce() -> float:
    return solve(scarce()).cost_musd


def scaled(inputs: Inputs, room: str, name: str, factor: float) -> Inputs:
    return changed(inputs, room, **{name: getattr(getattr(inputs, room), name) * factor})


# --- more of what is scarce -------------------------------------------------------------


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit[1])
@few
@given(factor=st.floats(1.0, 4.0))
def test_more_of_anything_scarce_never_costs_more(limit, factor):
    more = solve(scaled(scarce(), *limit, factor)).cost_musd

    assert more <= cost_of_scarce() * (1 + SLACK)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit[1])
@few
@given(factor=st.floats(0.8, 1.0))
def test_less_of_anything_scarce_never_costs_less(limit, factor):
    outcome = solve(scaled(scarce(), *limit, factor)).outcome

    # Less may leave no plan at all: what stands draws power and emits.
    assert outcome.status in {"optimal", "infeasible"}
    if outcome.status == "optimal":
        assert outcome.objective >= cost_of_scarce() * (1 - SLACK)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit[1])
def test_what_is_called_scarce_is_in_the_program(limit):
    array = getattr(getattr(scarce(), limit[0]), limit[1])

    assert array.size > 0
    assert np.any(array > 0.0)


def test_some_limits_are_worth_money():
    worth = {name: cost_of_scarce() - solve(scaled(scarce(), room, name, 1.3)).cost_musd for room, name in LIMITS}

    assert {name for name, musd in worth.items() if musd > 0.01} >= {
        "capex_budget_musd",
        "cap_kt",
        "depth_kh100e",
        "stock_mw",
    }


def test_topologies_that_another_one_replaces_would_gain_nothing(monkeypatch):
    few_built = inputs_with("halls.redundancy=all")
    monkeypatch.setattr(halls, "_is_replaced", lambda case, _: np.zeros(len(case.redundancy), dtype=np.bool_))
    all_built = inputs_with("halls.redundancy=all")

    assert all_built.halls.build.size > few_built.halls.build.size
    assert solve(all_built).cost_musd == pytest.approx(solve(few_built).cost_musd, rel=SLACK)


@pytest.mark.parametrize("price", PRICES, ids=lambda price: price[1])
@few
@given(factor=st.floats(1.0, 3.0))
def test_a_higher_price_never_costs_less_nor_more_than_in_proportion(price, factor):
    costlier = solve(scaled(scarce(), *price, factor)).cost_musd

    assert cost_of_scarce() * (1 - SLACK) <= costlier <= cost_of_scarce() * factor * (1 + SLACK)


# --- scale ------------------------------------------------------------------------------


@few
@given(times=st.floats(0.3, 4.5))
def test_twice_the_operator_costs_twice(mini, times):
    # Demand, stock, pipeline, headroom, rent, deliveries and site limits follow the share; the
    # fixed cost of a site does not, and is scaled here.
    larger = inputs_with(f"operator.demand_share_frac={0.2 * times}")
    scaled_up = scaled(larger, "sites", "fixed_musd_per_year", times)

    assert solve(scaled_up).cost_musd == pytest.approx(mini.cost_musd * times, rel=1e-6)


@many
@given(times=st.floats(0.2, 5.0))
def test_money_in_another_currency_changes_nothing_else(inputs, mini, times):
    costlier = inputs
    for room, name in (
        *PRICES,
        ("racks", "move_cost_musd_per_mw"),
        ("racks", "companion_musd_per_mw_year"),
        ("demand", "unmet_usd_per_h100e_hour"),
    ):
        costlier = scaled(costlier, room, name, times)

    assert solve(costlier).cost_musd == pytest.approx(mini.cost_musd * times, rel=1e-6)


# --- new rules --------------------------------------------------------------------------

RULES = {
    "carbon cap": ("carbon.cap_kt={{2027: {:.0f}}}", 400.0, 900.0),
    "budget": ("build.capex_budget_musd={{2027: {:.0f}}}", 300.0, 4000.0),
    "latency bound": ("workloads.chat.rtt_bound_ms={:.2f}", 21.5, 48.0),
    "market pace": ("build.market_rate_mw_per_year={{elm-market: {:.1f}}}", 20.0, 200.0),
    "land": ("sites.elm.land_limit_mw={:.1f}", 60.0, 400.0),
    "contract": ("grid.contract_min_nameplate_frac={:.3f}", 0.0, 1.0),
    "headroom": ("grid.headroom_scale_frac={:.3f}", 0.0, 1.0),
    "racks": ("deliveries.scale_frac={:.3f}", 0.0, 1.0),
    "water stress": ("water.max_stress_score={:.2f}", 0.5, 5.0),
}
"""A setting, and from where to where its figure is drawn."""


@pytest.mark.parametrize("rule", RULES)
@few
@given(share=st.floats(0.0, 1.0))
def test_a_new_rule_never_lowers_the_cost(mini, share, rule):
    setting, low, high = RULES[rule]
    ruled = solve(inputs_with(setting.format(low + share * (high - low))))

    assert ruled.outcome.status in {"optimal", "infeasible"}
    if ruled.outcome.status == "optimal":
        assert ruled.cost_musd >= mini.cost_musd * (1 - SLACK)


@pytest.mark.parametrize("rule", ["racks.exclude=[liquid27]", "racks.exclude=[chip26]"])
@pytest.mark.parametrize("other", ["cascade.allow=true", "cascade.allow=false"])
def test_fewer_racks_to_choose_from_never_cost_less(mini, rule, other):
    assert solve(inputs_with(rule, other)).cost_musd >= mini.cost_musd * (1 - SLACK)


def test_more_headroom_growth_never_costs_more(mini):
    growth = tables()["zone_headroom_growth"]
    faster = growth.assign(added_headroom_mw=growth["added_headroom_mw"] * 2.5)

    more = solve(inputs_with(zone_headroom_growth=faster)).cost_musd

    assert more <= mini.cost_musd * (1 + SLACK)


# --- racks that leave the market -------------------------------------------------------------


def test_racks_sold_for_longer_never_cost_more():
    settings = ("racks.allow=[liquid25]", "demand.unmet_usd_per_h100e_hour=20")

    always = solve(inputs_with(*settings)).cost_musd
    ended = solve(inputs_with(*settings, "racks.override.liquid25.last_year=2026")).cost_musd

    assert ended > always


# --- more to choose from ------------------------------------------------------------------------

PAIRS = int(os.environ.get("DCPLAN_PAIRS", "200"))
"""Pairs of worlds drawn; 200 of them take three minutes of processor time, and two with integers a third of one."""
US = {
    "scope.sites": ["us-va-ashburn", "us-tx-dallas", "us-az-phoenix"],
    "scope.demand_regions": ["us-washington", "us-dallas", "us-phoenix"],
    "scope.workloads": ["train_frontier", "batch_inference", "chat_interactive", "reco_ads"],
    "years": [2025, 2027, 2028, 2030],
}
CHOICES = {
    key: ids.split()
    for key, ids in {
        "racks.allow": "gb200_nvl72 gb300_nvl72 vr_nvl72_maxq rubin_ultra_kyber tpu_v7_ironwood"
        " amd_helios amd_after_helios hgx_b200_air hgx_b300_air hgx_after_b300_air",
        "halls.cooling": "dlc_hybrid_dry air_containment_dry dlc_hybrid_tower dlc_full_warm rdhx_active",
        "halls.redundancy": "N 2(N+1) N+1 block_6to5 4N3 3N2 2N",
        "supply.allow": "pv_utility wind_onshore bess_4h gas_sc_turbine",
        "racks.vendors": "nvidia google amd",
        "levers.allow": "quantization caching batching",
    }.items()
}
"""Lists that a scenario chooses from; the first of each is always there."""
LOOSER = {
    "cascade.allow": (False, True),
    "retrofit.allow": (False, True),
    "lease.allow": (False, True),
    "rent.allow": (False, True),
    "racks.end_of_sale": (True, False),
    "workloads.chat_interactive.least_memory_gb": (5284, 640),
}
AMOUNTS = {
    "grid.headroom_scale_frac": (0.2, 1.8),
    "deliveries.scale_frac": (0.2, 1.8),
    "rent.depth_scale_frac": (0.2, 1.8),
    "lease.depth_mw_per_site": (3.0, 40.0),
    "halls.free_frac": (0.3, 0.0),
    "retrofit.duration_months": (36, 3),
}
"""From the worse end of a range to the better one."""
WHOLE_YEARS = {
    "lead_times.interconnection_months": 24,
    "lead_times.transformer_months": 24,
    "lead_times.permit_months": 6,
    "lead_times.construction_months": 12,
    "lead_times.switchgear_months": 12,
}
LEADS = {"lead_times.delay_months": (0, 12, 36), "lead_times.interconnection_delay_months": (0, 12, 36)}
OWN_LEADS = {
    f"new_sites.{site}.{what}_lead_months": (12, 24, 36, 48)
    for site in ("ohio", "texas")
    for what in ("hall", "connection")
}
"""Leads that end on the first day of a model year: with a shorter one halls may serve from the same days on, and
from one before. Of those that end within a year the shorter one may cost more: halls of July have had their ramp
by the next year, and where they may serve from March on they may not from July, but are paid from March on."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make the project of `init --own`, all of whose sites state what exists there."""
    folder = tmp_path_factory.mktemp("own") / "project"
    made = CliRunner().invoke(main, ["init", "--own", str(folder)])
    assert made.exit_code == 0, made.output
    return str(folder / "company.yaml")


def drawn_pair(number: int, company: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Draw a world, and the same with one more thing to choose from or a looser limit."""
    lot = random.Random(number)
    base = lot.choice(["us-base", "us-base", company])
    world: dict[str, Any] = dict(US) if base == "us-base" else {}
    for key, ids in CHOICES.items():
        always = 0 if key in {"supply.allow", "levers.allow"} else 1
        some = lot.sample(ids[always:], lot.randrange(len(ids) - always))
        world[key] = [*ids[:always], *some]
    world["operator.demand_share_frac"] = round(lot.uniform(0.003, 0.012), 5)
    leads, kind = (LEADS, "under construction") if base == "us-base" else (OWN_LEADS, "racks")
    key = lot.choice([*CHOICES, *LOOSER, *AMOUNTS, "site", "site of the tables", *leads, "grid.non_firm.allow", kind])
    less: dict[str, Any] = {}
    more: dict[str, Any] = {}
    if key in CHOICES:
        more[key] = [*world[key], lot.choice([i for i in CHOICES[key] if i not in world[key]])]
    elif key in LOOSER:
        less[key], more[key] = LOOSER[key]
    elif key in AMOUNTS:
        worst, best = AMOUNTS[key]
        less[key], more[key] = sorted((round(lot.uniform(worst, best), 3) for _ in range(2)), reverse=worst > best)
        world["lease.allow"] = key.startswith("lease")
    elif key == "site":
        world["contracts.ppa.wind"] = {"technology": "wind", "max_mw": 60, "lead_months": 12}
        like = lot.choice(["us-tx-dallas", "us-il-chicago", "us-va-ashburn"])
        more["new_sites.fir"] = {"name": "Fir", "country": "US", "lat": 41.5, "lon": -93.5, "like": like}
        if "scope.sites" in world:
            more["scope.sites"] = [*world["scope.sites"], "fir"]
    elif key == "site of the tables":
        # With what the operator has by its share of the market, other sites are another question.
        world |= {f"operator.{what}_share_frac": 0 for what in ("stock", "pipeline")}
        world["latency.own_rtt_fill_missing"] = True
        more["scope.sites"] = [*world.get("scope.sites", ["ohio", "texas", "arizona"]), "us-il-chicago"]
    elif key == "under construction":
        share = "operator.pipeline_share_frac"
        less[share], more[share] = sorted(round(lot.uniform(0.0, 0.02), 4) for _ in range(2))
    elif key == "racks":
        rack, cooling = lot.choice([("gb200_nvl72", "dlc_hybrid_dry"), ("dgx_h100_air", "air_containment_dry")])
        place = {"site": lot.choice(["ohio", "texas", "arizona"]), "hall": "X", "first_year": lot.choice([2025, 2027])}
        redundancy = lot.choice(["N", "N+1", "4N3", "2N"])
        world["existing_halls"] = {**place, "cooling": cooling, "redundancy": redundancy, "it_mw": 9.0}
        world["halls.free_frac"] = lot.choice([0.0, 0.1, 0.3])
        world["retrofit.cost_usd_per_kw"] = lot.choice([1, 900])
        duty = lot.choice(["training", "inference"])
        more["existing_racks"] = {**place, "rack": rack, "duty": duty, "mw": round(lot.uniform(0.5, 7.5), 1)}
    else:
        of = key if key in leads else lot.choice([*leads])
        months = lot.choice(leads[of])
        world |= {**WHOLE_YEARS, of: months}
        more[key] = months - lot.choice([0.4, 1, 3, 8, 12]) if key in leads else True
    world["time.slot_h"] = lot.choice([24, 24, 24, 6])  # work waits within a day alone
    return base, {**world, **less}, {**world, **more}


@cache
def held_tables(base: str) -> Mapping[str, pd.DataFrame]:
    return read_tables(TABLES, load_scenario(base).data_files)


WITHOUT_INTEGERS = {"racks.whole": False, "siting.whole_openings": False, "siting.table_blocks": False}


def session_of(base: str, world: Mapping[str, Any]) -> HighsSession:
    tables = dict(held_tables(base))
    rows = {name: world[name] for name in tables.keys() & world.keys()}
    tables |= {name: pd.concat([tables[name], pd.DataFrame([row])], ignore_index=True) for name, row in rows.items()}
    settings = [f"{key}={json.dumps(value)}" for key, value in world.items() if key not in rows]
    inputs = inputs_without_notes(load_scenario(base, settings), tables)
    return HighsSession(build_model(inputs).problem, {"primal_feasibility_tolerance": 1e-9})


def least_musd(base: str, world: Mapping[str, Any]) -> float:
    outcome = session_of(base, {**WITHOUT_INTEGERS, **world}).solve("simplex")
    assert outcome.status == "optimal", outcome.message
    return outcome.objective


@pytest.mark.parametrize("number", range(PAIRS))
def test_more_to_choose_from_never_costs_more(number, company):
    base, less, more = drawn_pair(number, company)
    assert least_musd(base, more) <= least_musd(base, less) * (1.0 + SLACK)


@pytest.mark.parametrize("number", range(PAIRS // 80))
def test_more_to_choose_from_has_no_bound_above_a_plan_of_fewer(number, company):
    base, *pair = drawn_pair(number, company)
    less, more = (session_of(base, world).solve(gap_frac=0.05) for world in pair)

    assert more.dual_bound <= less.objective * (1.0 + SLACK)
    assert more.objective <= less.objective * (1.0 + SLACK) / (1.0 - more.gap)
