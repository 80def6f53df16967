"""Published dispatch cases, as scenarios that a planner could have written.

Three generators against a falling load (a screening curve, known in closed form), and a node of
one year in steps of three hours with sun, wind and a battery (PyPSA, model-energy). The cases stay
where `DCPLAN_CASES` points to.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from dispatch_folder import DispatchCase, Source, write_folder

from planner import Plan, solve
from planner.base.units import HOURS_PER_YEAR
from planner.clock.days import DAYS_PER_MONTH

FOLDER = Path(os.environ.get("DCPLAN_CASES", "/nowhere")) / "dispatch"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="DCPLAN_CASES holds no dispatch")


def built_mw(plan: Plan) -> dict[str, float]:
    """What the plan builds, by source."""
    built = plan.tables["source_builds"]
    return dict(zip(built["source"], built["built_mw"], strict=True))


def test_three_generators_follow_the_screening_curve(tmp_path):
    reported = json.loads((FOLDER / "screening_curve.json").read_text(encoding="utf-8"))
    count = reported["snapshots"]
    # The case counts one hour in all; so that its output costs as much a year, a MW does too.
    sources = [
        Source(name, "firm", of["capital"] * HOURS_PER_YEAR, float(of["marginal"]))
        for name, of in reported["generators"].items()
    ]
    case = DispatchCase(
        slot_h=24,
        months=[1 + 12 * k // count for k in range(count)],
        weight_days=[365 / count] * count,
        load_mw=[1000.0 - k for k in range(count)],
        sources=sources,
    )

    plan = solve(write_folder(case, tmp_path))

    expected = reported["expected"]
    assert plan.verdict.ok, plan.verdict.broken
    assert plan.outcome.objective * 1e6 / HOURS_PER_YEAR == pytest.approx(expected["objective"], rel=1e-6)
    assert built_mw(plan) == pytest.approx({name: expected[f"{name}_MW"] for name in reported["generators"]}, rel=1e-3)


def read(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


NO_COST_BY_OUTPUT = {"wind": 0.0, "solar": 0.0, "battery": 0.0}


def node(usd_per_mwh: Mapping[str, float]) -> DispatchCase:
    """Return the node of one year with sun, wind and a battery, of these costs by output."""
    generators = {row["name"]: row for row in read("generators.csv")}
    battery = read("storage_units.csv")[0]
    yields = read("generators-p_max_pu.csv")
    shedding = generators["load shedding"]
    sources = [
        *(Source(name, name, float(generators[name]["capital_cost"]), usd_per_mwh[name]) for name in ("wind", "solar")),
        Source("shedding", "firm", usd_per_mwh=float(shedding["marginal_cost"]), existing_mw=float(shedding["p_nom"])),
        Source(
            "battery",
            "storage",
            float(battery["capital_cost"]),
            usd_per_mwh["battery"],
            settings={
                "charge_efficiency_frac": float(battery["efficiency_store"]),
                "discharge_efficiency_frac": float(battery["efficiency_dispatch"]),
                "duration_h": float(battery["max_hours"]),
            },
        ),
    ]
    return DispatchCase(
        slot_h=3,
        months=[m + 1 for m, days in enumerate(DAYS_PER_MONTH) for _ in range(days)],
        weight_days=[1.0] * 365,
        load_mw=[float(row["demand"]) for row in read("loads-p_set.csv")],
        sources=sources,
        solar_frac=[float(row["solar"]) for row in yields],
        wind_frac=[float(row["wind"]) for row in yields],
    )


def test_a_node_with_sun_wind_and_a_battery_is_that_of_pypsa(tmp_path):
    plan = solve(write_folder(node(NO_COST_BY_OUTPUT), tmp_path))

    assert plan.verdict.ok, plan.verdict.broken
    assert plan.outcome.objective * 1e6 == pytest.approx(9827982776.25, rel=1e-6)
    assert built_mw(plan) == pytest.approx({"wind": 38959.89, "solar": 43798.74, "battery": 28539.93}, rel=1e-3)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_the_node_with_costs_by_output_is_that_of_pypsa(tmp_path):
    by_output = {"wind": 1.35, "solar": 0.02, "battery": 2.7}
    pypsa = pytest.importorskip("pypsa", reason="PyPSA is a dependency of developers alone")
    n = pypsa.Network()
    n.set_snapshots(range(2920))
    n.snapshot_weightings.loc[:, :] = 3.0
    n.add("Bus", "node")
    n.add("Load", "load", bus="node", p_set=[float(row["demand"]) for row in read("loads-p_set.csv")])
    yields = read("generators-p_max_pu.csv")
    for row in read("generators.csv"):
        name, can_grow = row["name"], row["p_nom_extendable"] == "True"
        n.add(
            "Generator",
            name,
            bus="node",
            p_nom=float(row["p_nom"]),
            p_nom_extendable=can_grow,
            capital_cost=float(row["capital_cost"]),
            marginal_cost=by_output.get(name, float(row["marginal_cost"])),
            p_max_pu=[float(one[name]) for one in yields] if can_grow else 1.0,
        )
    battery = read("storage_units.csv")[0]
    figures = ("capital_cost", "max_hours", "efficiency_store", "efficiency_dispatch")
    n.add(
        "StorageUnit",
        "battery",
        bus="node",
        p_nom_extendable=True,
        cyclic_state_of_charge=True,
        marginal_cost=by_output["battery"],
        **{name: float(battery[name]) for name in figures},
    )
    n.optimize(solver_name="highs", log_to_console=False)

    plan = solve(write_folder(node(by_output), tmp_path))

    assert plan.verdict.ok, plan.verdict.broken
    assert plan.outcome.objective * 1e6 == pytest.approx(n.objective, rel=1e-8)
    assert n.objective > 1.003 * 9827982776.25  # they weigh, and some of them not little
