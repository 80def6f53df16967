"""Sizing and dispatch of one site with sun, wind, gas, a battery and a short grid, against PyPSA.

A converter writes a scenario folder with tables of its own from random figures; `planner.solve`
reads it like any other. The same figures go into a PyPSA network by their own way: prices and
weather are averaged over the slots again here. Only the load is read from the plan, since racks and
cooling are no matter of PyPSA's. Both must find the same least cost.

How the conventions are matched:

- Money. A plan of the one year 2025 pays one instalment of each asset and a year of fuel and
  upkeep, all in the middle of the year. An instalment is overnight x CRF(r, life) / sqrt(1 + r),
  so that payments at mid-year repay the cost; PyPSA's `capital_cost` is that instalment and the
  fixed upkeep. The planner's cost is on 1 January: times sqrt(1 + r) it is PyPSA's objective.
- Time. Every representative day is an investment period of PyPSA, in which storage is cyclic
  (`cyclic_state_of_charge_per_period`). PyPSA pays for capital in every period by its weight, so
  each weighs one over their number, and snapshots that number times their hours of the year.
- Batteries. A battery of fixed hours is a storage unit; where the plan sizes power and energy
  apart it is a store between two links of one converter, with power at the meter both ways.
- Cost by output. Of sun and wind it is paid for what is used, of a battery for what it delivers,
  where a link counts what it takes out of the cells. Some worlds have it of all, some of none.
- Grid. An import up to the firm connection at the delivered price of the hour, no demand charge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import planner
from planner.runs.plan import Plan

pypsa = pytest.importorskip("pypsa", reason="PyPSA is a dependency of developers alone")

RATE = 1.085 / 1.025 - 1  # real cost of capital: 8.5 % nominal over 2.5 % inflation
SEASONS = ("DJF", "MAM", "JJA", "SON")
DAYS = {"DJF": 90, "MAM": 92, "JJA": 92 - 3, "SON": 91, "peak": 3}
SLOT_H = 3
UTC_OFFSET_H = -6  # Dallas, in standard time
MADE_UP = {"source": "drawn at random", "source_year": 2025, "kind": "estimate"}

SCENARIO = """\
version: 1
extends: tiny
title: One site
question: What does the cheapest supply of one site cost?
data:
  fuel_prices: fuel_prices.csv
  onsite_sources: onsite_sources.csv
  price_shapes: price_shapes.csv
  renewable_shapes: renewable_shapes.csv
years: [2025]
decisions_start: 2024-01-01
time: {{season_days: 4, slot_h: {slot_h}, peak_day_days: 3, peak_month: 7}}
scope:
  countries: [US]
  sites: [dale]
  demand_regions: [us-washington, us-new-york-city]
  workloads: [chat_interactive]
new_sites:
  dale:
    name: Dale
    country: US
    lat: 38.9
    lon: -77.5
    like: us-tx-dallas
    retail_usd_per_mwh: {retail}
    wholesale_usd_per_mwh: {wholesale}
    land_limit_mw: 90
    lead_time_months: 12
    grid_firm_mw: {{2025: {firm_mw}}}
workloads:
  chat_interactive: {{shape: conversation}}
demand:
  unmet: forbid
  explicit: [{{workload: chat_interactive, unit: kh100e, by_year: {{2025: {demand}}}}}]
energy: {{demand_charge: false}}
grid: {{headroom_scale_frac: 0, contract_min_nameplate_frac: 0}}
supply:
  allow: [sun, wind, gas, battery]
  max_mw: {{sun: {sun_mw}}}
  override:
    battery: {battery}
"""


@dataclass(frozen=True)
class World:
    """Figures of one site; money in USD, power in MW."""

    sources: dict[str, dict[str, float]]  # by source and column of table onsite_sources
    weather: dict[str, np.ndarray]  # of sun and wind, (season, local hour)
    price_shape: np.ndarray  # (season, local hour)
    gas_usd_per_mmbtu: float
    wholesale: float
    retail: float
    firm_mw: float
    sun_mw: float
    demand: float
    duration_h: float | None
    ways: tuple[float, float]  # efficiency of the battery, in and out


PRICED = (("sun", "wind", "battery"), (), ("battery", "wind"), ("sun",))


def drawn(seed: int) -> World:
    """Draw a world in which all sources are near enough in cost for each to matter."""
    rng = np.random.default_rng(seed)
    usd = np.random.default_rng([seed, 1]).uniform(2, 15, 3).round(3)
    priced = PRICED[seed % len(PRICED)]

    def between(low: float, high: float, digits: int = 3) -> float:
        return round(float(rng.uniform(low, high)), digits)

    hour = np.arange(24)
    day = np.clip(np.sin((hour - 6) / 12 * np.pi), 0, None)
    sun = day * rng.uniform(0.4, 0.9, (4, 1)) * rng.uniform(0.8, 1.0, (4, 24))
    wind = np.clip(rng.uniform(0.15, 0.55, (4, 1)) + rng.normal(0, 0.12, (4, 24)), 0.02, 0.97)
    sources = {
        "sun": {"capex_usd": between(500, 900), "fixed_usd_per_unit_year": between(9, 20)},
        "wind": {"capex_usd": between(1700, 2600), "fixed_usd_per_unit_year": between(20, 35)},
        "gas": {
            "capex_usd": between(700, 1400),
            "fixed_usd_per_unit_year": between(10, 20),
            "variable_usd_per_mwh": between(3, 9),
            "heat_rate_mmbtu_per_mwh": between(7, 10),
            "availability_frac": between(0.85, 0.95),
            "co2_t_per_mwh": between(0.3, 0.5),
        },
        "battery": {
            "power_capex_usd_per_kw": between(60, 120),
            "energy_capex_usd_per_kwh": between(30, 70),
            "fixed_usd_per_unit_year": between(1, 3),
        },
    }
    for name, by_output in zip(priced, usd, strict=False):
        sources[name]["variable_usd_per_mwh"] = float(by_output)
    return World(
        sources=sources,
        weather={"sun": sun.round(4), "wind": wind.round(4)},
        price_shape=rng.uniform(0.35, 1.9, (4, 24)).round(4),
        gas_usd_per_mmbtu=between(4, 9),
        wholesale=between(35, 60),
        retail=between(65, 95),
        firm_mw=between(2, 7),
        sun_mw=between(12, 40),
        demand=between(9, 16),
        duration_h=between(2, 5) if seed % 2 else None,
        ways=(between(0.88, 0.98), between(0.86, 0.97)),
    )


# --- the planner's way ------------------------------------------------------------------

ROLES = {"sun": "solar", "wind": "wind", "gas": "firm", "battery": "storage"}
LIVES = {"sun": 27, "wind": 24, "gas": 18, "battery": 13}


def scenario_folder(world: World, folder: Path) -> Path:
    """Write a scenario with tables of its own."""
    shipped = pd.read_csv(planner.base.paths.DATA_DIR / "onsite_sources.csv", nrows=0).columns
    sources = [
        {
            "onsite": name,
            "name": name.title(),
            "year": 2025,
            "role": ROLES[name],
            "fuel": "natural_gas" if name == "gas" else None,
            "capex_unit": "kWh" if name == "battery" else "kW",
            "variable_usd_per_mwh": 0,
            "availability_frac": None if name == "battery" else 0.3,
            "min_size_mw": 1,
            "life_years": LIVES[name],
            "co2_t_per_mwh": 0,
            "lead_months": 12,
            **MADE_UP,
            **figures,
        }
        for name, figures in world.sources.items()
    ]
    # Far more cycles than a battery makes in its life: wear is no matter of PyPSA's.
    sources[-1] |= {"capex_usd": 200, "efficiency_frac": 0.9, "cycle_life_cycles": 50_000}
    for source in sources:
        source |= {"capex_low_usd": source["capex_usd"], "capex_high_usd": source["capex_usd"]}
    grid = [(season, hour) for season in SEASONS for hour in range(24)]
    tables = {
        "onsite_sources": pd.DataFrame(sources).reindex(columns=shipped),
        "renewable_shapes": pd.DataFrame(
            {
                "zone": "ERCOT",
                "technology": ROLES[name],
                "season": season,
                "hour_local": hour,
                "capacity_factor_frac": world.weather[name][SEASONS.index(season), hour],
                "basis": None,
                **MADE_UP,
            }
            for name in ("sun", "wind")
            for season, hour in grid
        ),
        "price_shapes": pd.DataFrame(
            {
                "price_zone": "ERCOT",
                "season": season,
                "hour_local": hour,
                "shape_mean_frac": world.price_shape[SEASONS.index(season), hour],
                "shape_median_frac": 1.0,
                **MADE_UP,
            }
            for season, hour in grid
        ),
        "fuel_prices": pd.DataFrame(
            [
                {
                    "fuel": "natural_gas",
                    "region": "world",
                    "year": 2025,
                    "usd_per_mmbtu": world.gas_usd_per_mmbtu,
                    "low_usd_per_mmbtu": world.gas_usd_per_mmbtu,
                    "high_usd_per_mmbtu": world.gas_usd_per_mmbtu,
                    "basis": None,
                    **MADE_UP,
                }
            ]
        ),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    into, out = world.ways
    battery = f"charge_efficiency_frac: {into}, discharge_efficiency_frac: {out}"
    if world.duration_h is not None:
        battery += f", duration_h: {world.duration_h}"
    text = SCENARIO.format(
        slot_h=SLOT_H,
        retail=world.retail,
        wholesale=world.wholesale,
        firm_mw=world.firm_mw,
        sun_mw=world.sun_mw,
        demand=world.demand,
        battery="{" + battery + "}",
    )
    path = folder / "one_site.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def energy_cost_usd(plan: Plan) -> float:
    """What the plan pays for power on 1 January, of all it pays."""
    costs = plan.costs
    energy = costs["group"].isin(["own power", "grid", "energy"])
    return float(costs.loc[energy, "npv_musd"].sum() * 1e6)


# --- PyPSA's way ------------------------------------------------------------------------


def by_slot(values: np.ndarray) -> np.ndarray:
    """Average (season, local hour) over the slots of the five days; the last is in summer."""
    slots = np.arange(24).reshape(-1, SLOT_H)
    local = (slots + UTC_OFFSET_H) % 24
    days = [*values, values[2]]
    return np.concatenate([day[local].mean(axis=1) for day in days])


def instalment(usd_per_unit: float, life: float) -> float:
    """Yearly payment at mid-year that repays a cost over its life."""
    return usd_per_unit * RATE / (1 - (1 + RATE) ** -life) / (1 + RATE) ** 0.5


def network(world: World, load_mw: np.ndarray) -> pypsa.Network:
    """Write the same site for PyPSA; power in MW, money in USD a year."""
    n = network_of_years([1.0])
    add_site(n, [world], load_mw)
    return n


def network_of_years(discount: Sequence[float]) -> pypsa.Network:
    """Make an empty network of some years, each of as many periods as there are days."""
    n = pypsa.Network()
    periods = range(len(DAYS) * len(discount))
    per_day = 24 // SLOT_H
    n.set_snapshots(pd.MultiIndex.from_product([periods, range(per_day)]))
    n.investment_periods = list(periods)
    n.investment_period_weightings = pd.DataFrame(
        {"objective": np.repeat(discount, len(DAYS)) / len(DAYS), "years": 1.0}, index=n.investment_periods
    )
    hours = np.tile(slot_hours(), len(discount))
    n.snapshot_weightings["objective"] = hours * len(DAYS)
    n.snapshot_weightings["generators"] = hours
    n.snapshot_weightings["stores"] = float(SLOT_H)
    return n


def slot_hours() -> np.ndarray:
    """Hours of a year that each slot of each day stands for."""
    return np.repeat(list(DAYS.values()), 24 // SLOT_H) * float(SLOT_H)


def add_site(
    n: pypsa.Network, worlds: Sequence[World], load_mw: np.ndarray, *, tag: str = "", likelihood: float = 1.0
) -> None:
    """Add a site to a network, its prices and what can be built in each year.

    Names of what is built after the first year end with the number of the year. Weather is that of
    the first year.
    """
    first, years = worlds[0], len(worlds)
    site, cells = f"site{tag}", f"cells{tag}"
    n.add("Bus", site)
    n.add("Load", f"load{tag}", bus=site, p_set=pd.Series(load_mw, n.snapshots))
    shape, hours = by_slot(first.price_shape), slot_hours()
    mean = shape @ hours / hours.sum()

    def by_year(values: list[np.ndarray]) -> pd.Series:
        return pd.Series(np.concatenate(values) * likelihood, n.snapshots)

    n.add(
        "Generator",
        f"grid{tag}",
        bus=site,
        p_nom=first.firm_mw,
        marginal_cost=by_year([one.retail + one.wholesale * (shape - mean) for one in worlds]),
        build_year=0,
        lifetime=np.inf,
    )

    def by_output(name: str, per_unit: float = 1.0) -> float:
        return first.sources[name].get("variable_usd_per_mwh", 0.0) * per_unit * likelihood

    gas = first.sources["gas"]
    running = by_year(
        [
            np.full(shape.size, gas["heat_rate_mmbtu_per_mwh"] * one.gas_usd_per_mmbtu + gas["variable_usd_per_mwh"])
            for one in worlds
        ]
    )
    if first.duration_h is None:
        n.add("Bus", cells)
    for year, world in enumerate(worlds):
        built = f"{tag} {year}" if year else tag
        always = {"build_year": year * len(DAYS), "lifetime": np.inf, "p_nom_extendable": True}
        for name in ("sun", "wind", "gas"):
            figures = world.sources[name]
            per_mw = instalment(figures["capex_usd"], LIVES[name])
            per_mw += figures["fixed_usd_per_unit_year"]
            is_gas = name == "gas"
            weather = None if is_gas else np.tile(by_slot(first.weather[name]), years)
            n.add(
                "Generator",
                name + built,
                bus=site,
                p_nom_max=world.sun_mw if name == "sun" else np.inf,
                p_max_pu=gas["availability_frac"] if is_gas else pd.Series(weather, n.snapshots),
                capital_cost=per_mw * 1e3 * likelihood,
                marginal_cost=running if is_gas else by_output(name),
                **always,
            )
        figures, life = world.sources["battery"], LIVES["battery"]
        into, out = world.ways
        per_mw = instalment(figures["power_capex_usd_per_kw"], life) * 1e3 * likelihood
        per_mwh = instalment(figures["energy_capex_usd_per_kwh"], life)
        per_mwh = (per_mwh + figures["fixed_usd_per_unit_year"]) * 1e3 * likelihood
        if world.duration_h is not None:
            n.add(
                "StorageUnit",
                f"battery{built}",
                bus=site,
                max_hours=world.duration_h,
                efficiency_store=into,
                efficiency_dispatch=out,
                cyclic_state_of_charge=True,
                cyclic_state_of_charge_per_period=True,
                capital_cost=per_mw + world.duration_h * per_mwh,
                marginal_cost=by_output("battery"),
                **always,
            )
            continue
        n.add(
            "Store",
            f"cells{built}",
            bus=cells,
            e_nom_extendable=True,
            e_cyclic=True,
            e_cyclic_per_period=True,
            capital_cost=per_mwh,
            build_year=year * len(DAYS),
            lifetime=np.inf,
        )
        ends = {
            "charge": (site, cells, into, per_mw, 0.0),
            "discharge": (cells, site, out, 0.0, by_output("battery", out)),
        }
        for name, (bus0, bus1, efficiency, cost, usd_per_mwh) in ends.items():
            n.add(
                "Link",
                name + built,
                bus0=bus0,
                bus1=bus1,
                efficiency=efficiency,
                capital_cost=cost,
                marginal_cost=usd_per_mwh,
                **always,
            )


def one_converter(world: World):
    """Tie both links of each battery to one converter, whose power is at the meter."""

    def tie(n: pypsa.Network, _: object) -> None:
        if world.duration_h is None:
            power = n.model["Link-p_nom"]
            for name in n.links.index.get_level_values("name").unique():
                if name.startswith("charge"):
                    charge, discharge = power.loc[name], power.loc[f"dis{name}"]
                    n.model.add_constraints(charge - world.ways[1] * discharge == 0, name=f"converter of {name}")

    return tie


DRAWS = range(4)


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> list[Plan]:
    folders = [tmp_path_factory.mktemp(f"draw_{seed}") for seed in DRAWS]
    return [planner.solve(scenario_folder(drawn(seed), folders[seed])) for seed in DRAWS]


@pytest.mark.parametrize("seed", DRAWS)
@pytest.mark.filterwarnings("ignore")  # of PyPSA and what it stands on, not of ours
def test_the_cheapest_supply_of_a_site_costs_what_pypsa_says(seed: int, plans: list[Plan]) -> None:
    plan, world = plans[seed], drawn(seed)
    assert plan.verdict.ok, plan.verdict.broken
    n = network(world, plan.tables["power_slot"]["facility_mw"].to_numpy())

    n.optimize(
        multi_investment_periods=True,
        solver_name="highs",
        extra_functionality=one_converter(world),
        log_to_console=False,
    )

    objective = n.objective + n.objective_constant
    assert energy_cost_usd(plan) * (1 + RATE) ** 0.5 == pytest.approx(objective, rel=1e-8)


def test_the_draws_have_something_to_compare(plans: list[Plan]) -> None:
    built = [set(plan.tables["source_builds"]["source"]) for plan in plans]

    assert set.union(*built) == set(ROLES)
    assert all(len(sources) > 1 for sources in built)
    for plan, world in zip(plans, map(drawn, DRAWS), strict=True):  # a grid that is short, a load that is not flat
        curve = plan.tables["power_slot"]
        assert world.firm_mw < curve["facility_mw"].max()
        assert curve["facility_mw"].max() > 1.2 * curve["facility_mw"].min()
