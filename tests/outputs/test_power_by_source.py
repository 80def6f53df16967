"""Sheet Power by source tells where the power of every site and year comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.results.power import sources_of_power
from planner.runs import run_of
from planner.runs.plan import Plan

MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"
SETTINGS = (
    "supply.allow=[panel, mill, cells, engine]",
    "supply.override.cells={capex_usd_per_kw: 25, energy_capex_usd_per_kwh: 31}",
    "supply.export.allow=true",
    "energy.price_scale_frac=1.6",
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(MINI, SETTINGS)


def test_sources_add_up_to_what_each_site_uses(plan: Plan) -> None:
    lines = sources_of_power(run_of(plan).tables)

    assert {"(grid)", "panel", "mill", "engine", "cells", "(charging)", "(sold)"} <= set(lines["source"])
    by_site = lines.groupby(["site", "year"])["energy_mwh"].sum()
    used = plan.tables["site_year"].set_index(["site", "year"])["energy_mwh"]
    assert by_site.to_dict() == pytest.approx(used.to_dict(), abs=1e-2)
    assert (lines["mean_mw"] * 8760).tolist() == pytest.approx(lines["energy_mwh"].tolist())
    grid = lines[lines["source"] == "(grid)"].set_index(["site", "year"])
    firm = plan.tables["site_year"].set_index(["site", "year"])["firm_mw"]
    assert grid["capacity_mw"].to_dict() == pytest.approx(firm.loc[grid.index].to_dict())
