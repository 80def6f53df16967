"""Power of one site built before and after its future is known, against PyPSA.

The figures and the network are those of `test_against_pypsa`, over two years. Sources and batteries
take a year. Those of 2025 are ordered in 2024, before it is known how demand, prices of power and
what a source costs go on; those of 2026 are ordered in 2025: where the future is known by then they
are recourse, else they are shared too.

PyPSA's own scenarios share all that is built. So the futures are two sites of one network, each
with its load and its costs times its likelihood (the deterministic equivalent), and what is shared
is tied by a constraint for each thing. The costs of 2026 are discounted by a year.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_against_pypsa import (
    RATE,
    World,
    add_site,
    drawn,
    energy_cost_usd,
    network_of_years,
    one_converter,
    scenario_folder,
)

from planner.studies.stochastic import Stochastic, stochastic

pypsa = pytest.importorskip("pypsa", reason="PyPSA is a dependency of developers alone")

YEARS = (2025, 2026)
WEIGHTS = {"slow": 0.35, "fast": 0.65}
DEMAND = {"slow": (1.04, 1.17), "fast": (1.13, 2.1)}  # of the drawn world's, by year
PRICES = {"slow": 0.85, "fast": 1.35}  # of power, in both years
CAPEX_2026 = {"slow": {"gas": 0.93, "sun": 0.81}, "fast": {"gas": 1.21, "sun": 0.96}}
GAS_2026 = 1.09  # price of gas, in both futures
CASES = [(0, 2025), (1, 2026)]  # batteries whose power and energy are apart, or of fixed hours


def worlds_of(world: World, future: str) -> list[World]:
    """Return the figures of a future by year."""
    prices = {name: round(getattr(world, name) * PRICES[future], 4) for name in ("retail", "wholesale")}
    first = replace(world, **prices)
    sources = {name: dict(figures) for name, figures in world.sources.items()}
    for name, times in CAPEX_2026[future].items():
        sources[name]["capex_usd"] = round(sources[name]["capex_usd"] * times, 4)
    gas = round(world.gas_usd_per_mmbtu * GAS_2026, 4)
    return [first, replace(first, sources=sources, gas_usd_per_mmbtu=gas)]


def sweep_file(world: World, folder: Path, known_from: int) -> Path:
    scenario_folder(world, folder)
    fuel = pd.read_csv(folder / "fuel_prices.csv")
    later = fuel.assign(year=YEARS[1])
    for column in ("usd_per_mmbtu", "low_usd_per_mmbtu", "high_usd_per_mmbtu"):
        later[column] = worlds_of(world, "slow")[1].gas_usd_per_mmbtu
    pd.concat([fuel, later]).to_csv(folder / "fuel_prices.csv", index=False)
    path = folder / "growth.yaml"
    path.write_text(
        f"version: 1\nbase: ./one_site.yaml\nset: {{years: {list(YEARS)},"
        f" energy: {{escalation_real_frac: 0}}}}\n"
        f"futures:\n{''.join(future_text(world, name) for name in WEIGHTS)}"
        f"uncertainty: {{known_from: {known_from}, weights: {WEIGHTS}}}\n".replace("'", ""),
        encoding="utf-8",
    )
    return path


def future_text(world: World, name: str) -> str:
    first, later = worlds_of(world, name)
    capex = ", ".join(
        f"{source}: {{capex_usd_per_kw: {{2025: {first.sources[source]['capex_usd']},"
        f" 2026: {later.sources[source]['capex_usd']}}}}}"
        for source in CAPEX_2026[name]
    )
    demand = {year: round(world.demand * times, 4) for year, times in zip(YEARS, DEMAND[name], strict=True)}
    return (
        f"  {name}:\n"
        f"    new_sites: {{dale: {{retail_usd_per_mwh: {first.retail},"
        f" wholesale_usd_per_mwh: {first.wholesale}}}}}\n"
        f"    supply: {{override: {{{capex}}}}}\n"
        f"    demand: {{explicit: [{{workload: chat_interactive, unit: kh100e,"
        f" by_year: {demand}}}]}}\n"
    )


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"draw {case[0]}, from {case[1]}")
def solved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, int, Stochastic]:
    seed, known_from = request.param
    world = drawn(seed)
    path = sweep_file(world, tmp_path_factory.mktemp("growth"), known_from)
    return world, known_from, stochastic(path)


def cost_in_pypsa(world: World, known_from: int, found: Stochastic) -> float:
    """Solve the deterministic equivalent; what is ordered before `known_from` is shared."""
    n = network_of_years([1.0, 1 / (1 + RATE)])
    for name, plan in found.runs.items():
        load = plan.tables["power_slot"].sort_values("year", kind="stable")
        add_site(n, worlds_of(world, name), load["facility_mw"].to_numpy(), tag=f" {name}", likelihood=WEIGHTS[name])
    shared_years = range(known_from - YEARS[0] + 1)

    def tie(n: pypsa.Network, snapshots: object) -> None:
        one_converter(world)(n, snapshots)
        for component, size in (
            ("Generator", "p_nom"),
            ("StorageUnit", "p_nom"),
            ("Store", "e_nom"),
            ("Link", "p_nom"),
        ):
            extendable = n.static(component).query(f"{size}_extendable").index
            for own in (name for name in extendable if " slow" in name):
                year = int(own[-1]) if own[-1].isdigit() else 0
                if year in shared_years:
                    amount = n.model[f"{component}-{size}"]
                    other = amount.loc[own.replace(" slow", " fast")]
                    n.model.add_constraints(amount.loc[own] - other == 0, name=f"shared {own}")
        for name in WEIGHTS:  # one limit for the sun of both years
            sun = n.model["Generator-p_nom"]
            both = sun.loc[f"sun {name}"] + sun.loc[f"sun {name} 1"]
            n.model.add_constraints(both <= world.sun_mw, name=f"all sun {name}")

    n.optimize(multi_investment_periods=True, solver_name="highs", extra_functionality=tie, log_to_console=False)
    assert n.model.status == "ok"
    return float(n.objective + n.objective_constant)


@pytest.mark.filterwarnings("ignore")  # of PyPSA and what it stands on, not of ours
def test_building_before_and_after_costs_what_pypsa_says(solved: tuple[World, int, Stochastic]) -> None:
    world, known_from, found = solved

    objective = cost_in_pypsa(world, known_from, found)

    by_future = {name: energy_cost_usd(plan) for name, plan in found.runs.items()}
    expected = sum(WEIGHTS[name] * cost for name, cost in by_future.items()) * (1 + RATE) ** 0.5
    assert expected == pytest.approx(objective, rel=1e-6)
    if known_from == YEARS[0]:  # without recourse in what is built it would cost more
        assert cost_in_pypsa(world, YEARS[1], found) > objective * 1.001


def test_what_is_built_before_is_shared_and_what_after_is_not(solved: tuple[World, int, Stochastic]) -> None:
    _, known_from, found = solved

    slow, fast = (built_mw(found, name) for name in WEIGHTS)

    assert slow[2025].sum() > 1.0
    assert slow[2025] == pytest.approx(fast[2025], abs=1e-5)
    if known_from == 2025:
        assert np.abs(slow[2026] - fast[2026]).max() > 1.0
    else:
        assert slow[2026] == pytest.approx(fast[2026], abs=1e-5)
    worth = found.worth.set_index("measure")["value_musd"]
    assert worth["evpi"] > 0.001


def built_mw(found: Stochastic, name: str) -> dict[int, np.ndarray]:
    builds = found.runs[name].tables["source_builds"]
    wide = builds.pivot_table(index="source", columns="year", values="built_mw", aggfunc="sum")
    wide = wide.reindex(index=["sun", "wind", "gas", "battery"], columns=list(YEARS)).fillna(0.0)
    return {year: wide[year].to_numpy() for year in YEARS}
