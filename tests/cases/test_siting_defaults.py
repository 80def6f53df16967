"""Published siting problems by default settings: within 1 % of their published optima.

Each is built once and solved twice: as any scenario is by default, and by a search to the end.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from siting import units_of, write_scenario

from planner.inputs import build_inputs
from planner.inputs.inputs import Inputs
from planner.lp import HighsSession, Outcome
from planner.model import build_model
from planner.scenario import load_scenario
from planner.scenario.schema import Solver
from planner.studies.solve.whole_numbers import find_plan

FOLDER = Path(os.environ.get("DCPLAN_CASES", "/nowhere"))
WAREHOUSES = FOLDER / "facility_location"
P_MEDIAN = FOLDER / "p_median"
STORES = FOLDER / "sf_stores"

# Capacity, fixed cost and optimum (capopt of OR-Library) of problems that share their sites,
# customers and costs with one that is there: Beasley 1988, table 1.
SAME_COSTS = {
    "cap73": ("cap44", 58268.0, 17500.0, 1010641.450),
    "cap74": ("cap44", 58268.0, 25000.0, 1034976.975),
    "cap83": ("cap81", 5000.0, 17500.0, 975889.563),
    "cap84": ("cap81", 5000.0, 25000.0, 1069369.525),
    "cap94": ("cap81", 15000.0, 25000.0, 946051.325),
    "cap104": ("cap81", 58268.0, 25000.0, 928941.750),
}
FIFTY_SITES = {"cap113": 970567.750, "cap134": 928941.750}
MEDIANS = {"pmed1": (5, 5819.0), "pmed5": (33, 1355.0)}

Case = tuple[pd.DataFrame, pd.Series, pd.DataFrame, dict[str, int]]


def warehouses(name: str) -> tuple[Case, float]:
    folder = WAREHOUSES / SAME_COSTS[name][0] if name in SAME_COSTS else WAREHOUSES / name
    if not folder.exists():
        pytest.skip(f"DCPLAN_CASES holds no {name}")
    sites = pd.read_csv(folder / "sites.csv", index_col="site_id")
    demand = pd.read_csv(folder / "customers.csv", index_col="customer_id")["demand"]
    cost = pd.read_csv(folder / "assignment_cost.csv", index_col="site_id").T
    if name in SAME_COSTS:
        _, capacity, fixed, optimum = SAME_COSTS[name]
        is_free = sites["fixed_cost"] == 0.0
        sites = sites.assign(capacity=capacity, fixed_cost=(~is_free) * fixed)
    elif name in FIFTY_SITES:
        optimum = FIFTY_SITES[name]
    else:
        table = pd.read_csv(WAREHOUSES / "optimum.csv", index_col="instance")
        optimum = float(table["published_optimum"][name])
    return (sites, demand, cost.div(demand, axis=0), {}), optimum


def median(name: str) -> tuple[Case, float]:
    file = P_MEDIAN / f"{name}_distance.csv.gz"
    if not file.exists():
        pytest.skip(f"DCPLAN_CASES holds no {name}")
    distance = pd.read_csv(file, index_col=0).rename(index=lambda node: f"user-{node}")
    demand = pd.Series(1.0, index=distance.index)
    sites = pd.DataFrame({"capacity": demand.sum(), "fixed_cost": 0.0}, index=distance.columns)
    count, optimum = MEDIANS[name]
    return (sites, demand, distance, {"exactly_sites": count}), optimum


def stores() -> tuple[Case, float]:
    if not STORES.exists():
        pytest.skip("DCPLAN_CASES holds no sf_stores")
    text = {"DestinationName": str}
    people = pd.read_csv(STORES / "demand.csv", dtype=text).set_index("DestinationName")
    demand = people["population"][people["population"] > 0]
    metres = pd.read_csv(STORES / "distance_matrix_m.csv", dtype=text)
    metres = metres.set_index("DestinationName").loc[demand.index]
    sites = pd.DataFrame({"capacity": demand.sum(), "fixed_cost": 0.0}, index=metres.columns)
    return (sites, demand, metres, {"exactly_sites": 4}), 2982.1268579890657 * demand.sum()


def case(name: str) -> tuple[Case, float]:
    if name == "sf_stores":
        return stores()
    return median(name) if name in MEDIANS else warehouses(name)


def found(inputs: Inputs, solver: Solver) -> Outcome:
    model = build_model(inputs)
    return find_plan(model, HighsSession(model.problem), solver)


@pytest.mark.parametrize(
    "name",
    [
        *("cap41", "cap42", "cap43", "cap44", "cap61", "cap62", "cap63", "cap64", "cap81"),
        *SAME_COSTS,
        *FIFTY_SITES,
        *MEDIANS,
        "sf_stores",
    ],
)
def test_a_published_problem_is_solved_within_1_percent_by_default_and_exactly_by_search(
    name: str, tmp_path: Path
) -> None:
    problem, optimum = case(name)
    scenario = load_scenario(write_scenario(tmp_path, *problem))
    inputs = build_inputs(scenario)

    default = found(inputs, Solver())
    searched = found(inputs, scenario.solver)

    assert default.status in {"optimal", "within_gap"}
    assert default.gap <= 0.01
    assert units_of(default.dual_bound) <= optimum * (1 + 1e-6)
    assert units_of(default.objective) == pytest.approx(optimum, rel=0.01)
    assert searched.status == "optimal"
    assert units_of(searched.objective) == pytest.approx(optimum, rel=1e-6)
