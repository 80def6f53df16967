"""Tables of power made or stored at the sites, each figure worked out from the ones before it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import planner
from planner.runs.plan import Plan

MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"
GRID = (
    "energy.price_scale_frac=1.7",
    "sites.oak.grid_firm_mw={2025: 50}",
    "grid.headroom_scale_frac=0.0001",
    "supply.export={allow: true}",
)
# Engines, panels and cells that are built, used up to what they can do, and sold from.
SETTINGS = (
    *GRID,
    "supply.allow=[engine, panel, cells]",
    "supply.override={engine: {capex_usd_per_kw: 500, lead_months: 4},"
    " cells: {capex_usd_per_kw: 30, energy_capex_usd_per_kwh: 20, lead_months: 4}}",
    "supply.fuel_price_usd_per_mmbtu={natural_gas: 9}",
)
YEAR_H = 8760.0


@pytest.fixture(scope="module")
def plan() -> Plan:
    plan = planner.solve(MINI, SETTINGS)
    assert plan.verdict.ok, plan.verdict.broken
    return plan


def of_year(plan: Plan, source: str) -> pd.DataFrame:
    table = plan.tables["source_year"]
    return table[table["source"] == source].set_index(["site", "year"]).sort_index()


def by_hours(plan: Plan, source: str, column: str) -> pd.Series:
    """Sum a column of the slots over the hours of a year."""
    days = plan.inputs.days
    hours = dict(zip(days.names, days.weight_h, strict=True))
    slots = plan.tables["source_slot"]
    slots = slots[slots["source"] == source]
    mwh = slots[column] * slots["slot"].map(hours)
    return mwh.groupby([slots["site"], slots["year"]]).sum().sort_index()


@pytest.mark.parametrize("source", ["engine", "panel", "cells"])
def test_energy_of_a_year_is_that_of_its_slots(plan: Plan, source: str) -> None:
    year = of_year(plan, source)

    assert len(year) >= 3
    assert year["output_mwh"].to_numpy() == pytest.approx(by_hours(plan, source, "output_mw"))
    assert year["charged_mwh"].to_numpy() == pytest.approx(by_hours(plan, source, "charge_mw"))
    full = year["output_mwh"] / (year["capacity_mw"] * YEAR_H)
    assert year["capacity_factor_frac"].to_numpy() == pytest.approx(full)
    cost = (year["capital_musd"] + year["running_musd"]) * 1e6 / year["output_mwh"]
    assert year["usd_per_mwh"].to_numpy() == pytest.approx(cost)
    assert (year["output_mwh"] > 0.0).all()


def test_what_an_engine_burns_and_costs(plan: Plan) -> None:
    year = of_year(plan, "engine")
    output, escalation = year["output_mwh"], plan.inputs.finance.opex_escalation
    grown = np.array([escalation[[2025, 2027].index(y)] for _, y in year.index])

    assert year["fuel_mmbtu"].to_numpy() == pytest.approx(8.6 * output)
    assert year["emissions_kt"].to_numpy() == pytest.approx(0.47 * output / 1000)
    upkeep_musd = (16.0 * 1000 * year["capacity_mw"] + 7.5 * output) * grown / 1e6
    fuel_musd = 9.0 * 8.6 * output / 1e6
    assert year["running_musd"].to_numpy() == pytest.approx(upkeep_musd + fuel_musd)
    assert (year["worn_mwh"] == 0.0).all()
    assert (year["charged_mwh"] == 0.0).all()


def test_capital_is_repaid_in_equal_parts_from_the_start_of_service(plan: Plan) -> None:
    rate = plan.inputs.finance.rate_frac
    part = rate / (1.0 - (1.0 + rate) ** -18) / np.sqrt(1.0 + rate)  # paid in mid-year
    builds = plan.tables["source_builds"].query("source == 'engine' and year == 2025")
    paid = of_year(plan, "engine")["capital_musd"]

    assert len(builds)
    for _, build in builds.iterrows():
        assert build["overnight_musd"] == pytest.approx(0.5 * build["built_mw"])
        assert (build["life_years"], build["min_size_mw"]) == (18.0, 4.0)
        assert build["service_start"] == pytest.approx(2025.5)
        later = plan.tables["source_builds"].query(f"source == 'engine' and year == 2027 and site == '{build['site']}'")
        in_2027 = build["overnight_musd"] + later["overnight_musd"].sum()
        assert paid[(build["site"], 2027)] == pytest.approx(part * in_2027)
        # 2025 stands for 2025, of which half a year is served, and 2026.
        assert paid[(build["site"], 2025)] == pytest.approx(part * build["overnight_musd"] * 0.75)


def test_a_battery_is_paid_by_its_power_and_by_its_cells(plan: Plan) -> None:
    builds = plan.tables["source_builds"].query("source == 'cells'")
    year = of_year(plan, "cells")

    assert (builds["role"] == "storage").all()
    musd = (30.0 * builds["built_mw"] + 20.0 * builds["built_mwh"]) / 1000
    assert builds["overnight_musd"].to_numpy() == pytest.approx(musd)
    built = builds.groupby("site")["built_mwh"].sum()
    last = year["energy_mwh"].xs(2027, level="year")
    assert last.to_numpy() == pytest.approx(built[last.index])
    assert year["output_mwh"].to_numpy() == pytest.approx(0.86 * year["charged_mwh"])
    assert year["worn_mwh"].max() > 0.0
    assert (year["running_musd"] > 4.5 * 1000 * year["energy_mwh"] / 1e6 - 1e-9).all()


def test_emissions_of_a_site_are_those_of_its_grid_and_its_engines(plan: Plan) -> None:
    site = plan.tables["carbon_site"].set_index(["site", "year"]).sort_index()
    burnt = plan.tables["source_year"].groupby(["site", "year"])["emissions_kt"].sum()
    intensity = plan.inputs.carbon.location_t_per_mwh

    assert site["fuel_kt"].to_numpy() == pytest.approx(burnt.to_numpy())
    assert (site["grid_t_per_mwh"] >= intensity.min() - 1e-9).all()
    assert (site["grid_t_per_mwh"] <= intensity.max() + 1e-9).all()


def test_sold_power_has_its_price_and_what_is_thrown_away_none(plan: Plan) -> None:
    surplus = plan.tables["site_surplus"]
    sold = surplus[surplus["export_mw"] > 0.0]

    assert len(sold)
    assert (sold["export_usd_per_mwh"] > 0.0).all()
    assert (surplus["surplus_mw"] >= 0.0).all()
    assert ((surplus["export_mw"] > 0.0) | (surplus["surplus_mw"] > 0.0)).all()


def test_there_is_a_row_for_each_source_that_is_there_and_no_other(plan: Plan) -> None:
    year, slot = plan.tables["source_year"], plan.tables["source_slot"]
    key = ["site", "source", "year"]

    assert ((year["capacity_mw"] > 0.0) | (year["energy_mwh"] > 0.0)).all()
    assert len(slot) == len(year) * len(plan.inputs.days.names)
    assert not slot[key].drop_duplicates().merge(year, on=key, how="left")["role"].isna().any()
    assert (plan.tables["source_builds"][["built_mw", "built_mwh"]].max(axis=1) > 0.0).all()
