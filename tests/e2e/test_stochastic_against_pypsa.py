"""Power of one site ordered before its prices are known, against PyPSA with the same futures.

The figures, the scenario and the network are those of `test_against_pypsa`. What is built serves
from 2025 on and takes a year, so that all of it is ordered before 2025; imports, output and the
use of the battery follow the future. In PyPSA the two prices are scenarios of one network.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from test_against_pypsa import RATE, World, drawn, energy_cost_usd, network, one_converter, scenario_folder

from planner.studies.stochastic import Stochastic, stochastic

pytest.importorskip("pypsa", reason="PyPSA is a dependency of developers alone")

WEIGHTS = {"cheap grid": 0.35, "costly grid": 0.65}
TIMES = {"cheap grid": 0.7, "costly grid": 1.45}
"""Times which the prices of power of the drawn world are those of a future."""
SEEDS = (0, 1)  # with a battery whose power and energy are apart


def of_future(world: World, name: str) -> World:
    times = TIMES[name]
    return replace(world, retail=round(world.retail * times, 4), wholesale=round(world.wholesale * times, 4))


def sweep_file(world: World, folder: Path) -> Path:
    scenario_folder(world, folder)
    futures = "".join(
        f"  {name}:\n    new_sites: {{dale: {{retail_usd_per_mwh: {one.retail},"
        f" wholesale_usd_per_mwh: {one.wholesale}}}}}\n"
        for name, one in ((name, of_future(world, name)) for name in WEIGHTS)
    )
    weights = ", ".join(f"{name}: {weight}" for name, weight in WEIGHTS.items())
    path = folder / "prices.yaml"
    path.write_text(
        f"version: 1\nbase: ./one_site.yaml\nfutures:\n{futures}"
        f"uncertainty: {{known_from: 2025, weights: {{{weights}}}}}\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module", params=SEEDS)
def solved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Stochastic]:
    world = drawn(request.param)
    folder = tmp_path_factory.mktemp(f"prices_{request.param}")
    return world, stochastic(sweep_file(world, folder))


@pytest.mark.filterwarnings("ignore")  # of PyPSA and what it stands on, not of ours
def test_the_stochastic_program_costs_what_pypsa_says(solved: tuple[World, Stochastic]) -> None:
    world, found = solved
    load = [plan.tables["power_slot"]["facility_mw"].to_numpy() for plan in found.runs.values()]
    assert load[0] == pytest.approx(load[1], rel=1e-9)  # of all racks, in both futures
    n = network(world, load[0])
    n.set_scenarios(WEIGHTS)
    for name in WEIGHTS:
        of_grid = network(of_future(world, name), load[0]).c.generators.dynamic.marginal_cost
        n.c.generators.dynamic.marginal_cost.loc[:, (name, "grid")] = of_grid["grid"]

    n.optimize(
        multi_investment_periods=True,
        solver_name="highs",
        extra_functionality=one_converter(world),
        log_to_console=False,
    )

    objective = n.objective + n.objective_constant
    by_future = {name: energy_cost_usd(plan) for name, plan in found.runs.items()}
    expected = sum(WEIGHTS[name] * cost for name, cost in by_future.items()) * (1 + RATE) ** 0.5
    assert expected == pytest.approx(objective, rel=1e-6)


def test_the_futures_have_something_to_hedge(solved: tuple[World, Stochastic]) -> None:
    _, found = solved
    sources = found.decided[found.decided["kind"] == "on-site power"]
    worth = found.worth.set_index("measure")["value_musd"]

    assert (sources["most"] - sources["least"]).max() > 0.5  # MW, futures alone differ
    assert worth["evpi"] > 0.003
    assert worth["single_future"] - worth["stochastic"] > -1e-6 * worth["stochastic"]
