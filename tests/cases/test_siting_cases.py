"""Published siting problems, each as a scenario of its own, against their published optima.

The files of the problems are not ours and stay where they are: `DCPLAN_CASES` points to them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from siting import units_of, write_scenario

import planner

FOLDER = Path(os.environ.get("DCPLAN_CASES", "/nowhere"))
WAREHOUSES = FOLDER / "facility_location"
P_MEDIAN = FOLDER / "p_median"
STORES = FOLDER / "sf_stores"


def needs(folder: Path) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not folder.exists(), reason=f"DCPLAN_CASES holds no {folder.name}")


def solved(scenario: Path) -> planner.Plan:
    plan = planner.solve(scenario)
    assert plan.outcome.status == "optimal"
    assert plan.verdict.ok, plan.verdict.broken
    return plan


@needs(WAREHOUSES)
@pytest.mark.parametrize("name", ["cap41", "cap42", "cap43", "cap44", "cap61", "cap62", "cap63", "cap64", "cap81"])
def test_capacitated_warehouse_location(name: str, tmp_path: Path) -> None:
    # Beasley's OR-Library: demand may be split, and costs are those of serving all of it.
    folder = WAREHOUSES / name
    sites = pd.read_csv(folder / "sites.csv", index_col="site_id")
    demand = pd.read_csv(folder / "customers.csv", index_col="customer_id")["demand"]
    cost = pd.read_csv(folder / "assignment_cost.csv", index_col="site_id").T
    optima = pd.read_csv(WAREHOUSES / "optimum.csv", index_col="instance")["published_optimum"]

    plan = solved(write_scenario(tmp_path, sites, demand, cost.div(demand, axis=0), {}))

    assert units_of(plan.outcome.objective) == pytest.approx(optima[name], rel=1e-6)


@needs(P_MEDIAN)
def test_p_median(tmp_path: Path) -> None:
    distance = pd.read_csv(P_MEDIAN / "pmed1_distance.csv.gz", index_col=0)
    distance = distance.rename(index=lambda node: f"user-{node}")
    demand = pd.Series(1.0, index=distance.index)
    sites = pd.DataFrame({"capacity": demand.sum(), "fixed_cost": 0.0}, index=distance.columns)

    plan = solved(write_scenario(tmp_path, sites, demand, distance, {"exactly_sites": 5}))

    assert units_of(plan.outcome.objective) == pytest.approx(5819.0, rel=1e-6)
    assert len(plan.tables["openings"]) == 5


@needs(STORES)
def test_four_stores_for_san_francisco(tmp_path: Path) -> None:
    people = pd.read_csv(STORES / "demand.csv", dtype={"DestinationName": str})
    demand = people.set_index("DestinationName")["population"]
    metres = pd.read_csv(STORES / "distance_matrix_m.csv", dtype={"DestinationName": str}).set_index("DestinationName")
    demand = demand[demand > 0]
    sites = pd.DataFrame({"capacity": demand.sum(), "fixed_cost": 0.0}, index=metres.columns)

    plan = solved(write_scenario(tmp_path, sites, demand, metres.loc[demand.index], {"exactly_sites": 4}))

    mean_m = units_of(plan.outcome.objective) / demand.sum()
    assert mean_m == pytest.approx(2982.1268579890657, rel=1e-6)
