"""A good plan with power of its own passes; with one thing wrong it is found out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from good_plan import solved
from spoiled import costlier
from spoiled_supply import ASSUMED, OWN_POWER, SPOILED, of_source

from planner.check.money import HEADINGS
from planner.studies.solve import solve

OF_OWN_POWER = [*(item for item, (heading, _) in HEADINGS.items() if heading == "own power"), "carbon_schemes"]
PRICED_WIND = "supply.override.mill.variable_usd_per_mwh=7"
SETTINGS = (
    "finance.end_of_horizon=perpetuity",
    "finance.end_of_horizon=truncated_salvage",
    "time.season_days=12",
    "time.slot_h=3",
    "time.chronological=true",
    "time={chronological: true, days_repeat: true}",
    "sites.oak.other_load_mw=9",
    "years=[2025,2027]",
    "supply.override.mill.availability_frac=0.31",
    PRICED_WIND,
    "supply.override.cells={duration_h: 4.5, charge_efficiency_frac: 0.9}",
    "supply.override.genset={max_hours_per_year: null}",
    "supply.fuel_price_usd_per_mmbtu.natural_gas={2025: 3.5, 2027: 8.5}",
    "supply.bridge={sources: [engine]}",
    "supply.bridge.until_grid=true",
    "supply.standby={allow: true, source: backup, mw_per_hall_mw: 0.7}",
    "finance.asset_wacc_nominal_frac={supply: 0.11}",
)


@pytest.fixture(scope="module")
def good():
    return solved(OWN_POWER)


@pytest.fixture(scope="module")
def judged(good):
    return good.verdict()


def test_a_good_plan_with_own_power_passes_every_check(good, judged):
    assert judged.ok, judged.frame().loc[~judged.frame()["ok"]].to_string()
    builds = good.tables["source_builds"]
    assert set(builds["role"]) == {"solar", "wind", "firm", "storage"}
    assert len(good.tables["source_leaves"]) > 0


@pytest.mark.parametrize("change", SETTINGS)
def test_a_good_plan_with_own_power_passes_whatever_the_settings(change):
    verdict = solved(OWN_POWER, change).verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()


def test_wind_with_a_cost_of_output_makes_what_is_used_and_no_more_than_it_yields():
    good = solved(OWN_POWER, PRICED_WIND)
    output, surplus = good.tables["source_year"], good.tables["site_surplus"]

    assert output.loc[output["source"] == "mill", "output_mwh"].sum() > 1e5
    assert surplus["surplus_mw"].sum() == pytest.approx(0.0, abs=1e-6)
    assert good.check("tables_as_stated").ok
    assert not of_source("mill", "output_mw", 1.1, good).check("tables_as_stated").ok


@pytest.mark.parametrize(("name", "spoil"), [s[1:] for s in SPOILED], ids=[s[0].replace(" ", "_") for s in SPOILED])
def test_a_spoiled_plan_is_found_out_by_the_check_of_that_name(good, judged, name, spoil):
    check = spoil(good).check(name)

    assert judged[name].ok
    assert not check.ok
    assert check.worst > check.tolerance
    assert check.place


@pytest.mark.parametrize(("name", "spoil"), [(a[0], a[2]) for a in ASSUMED], ids=[f"{a[0]}-{a[1]}" for a in ASSUMED])
def test_a_wrong_figure_is_found_out_from_the_tables(good, judged, name, spoil):
    assert judged[name].ok
    assert not spoil(good).check(name).ok


@pytest.mark.parametrize("item", OF_OWN_POWER)
def test_a_wrong_cost_line_is_found_out(good, judged, item):
    check = costlier(item, good).check("costs_paid")

    assert judged["costs_paid"].ok
    assert not check.ok


def test_what_own_capital_costs_more_is_checked_too():
    costlier_capital = solved(OWN_POWER, "finance.asset_wacc_nominal_frac={supply: 0.11}")

    check = costlier("financing_premium", costlier_capital).check("costs_paid")

    assert not check.ok


def test_a_good_plan_with_series_of_its_sites_passes_and_the_series_is_read_anew(tmp_path):
    rows = [
        f"elm,{day},{hour},{0.4 + 0.05 * day + 0.01 * hour:.3f},{0.02 * hour:.2f},,"
        f"{12 + 3 * day + 0.5 * hour},{8 + 2 * day + 0.3 * hour},{0.7 + 0.03 * hour},me,2025,seed"
        for day in range(6)
        for hour in range(0, 24, 3)
    ]
    header = (
        "site,day,hour_utc,other_load_frac,solar_frac,wind_frac,dry_bulb_c,wet_bulb_c,"
        "wholesale_frac,source,source_year,kind"
    )
    table = tmp_path / "site_series.csv"
    table.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    plan = solved(OWN_POWER, f"data.site_series={table}", "time.chronological=true")
    verdict = plan.verdict()

    assert verdict.ok, verdict.frame().loc[~verdict.frame()["ok"]].to_string()
    assert plan.tables["power_slot"]["other_load_mw"].max() > 1.0
    built = plan.tables["source_builds"]
    assert ((built["site"] == "elm") & (built["source"] == "panel")).any()
    series = plan.inputs.tables["site_series"]
    for column, name in (
        ("other_load_frac", "figures_as_given"),
        ("solar_frac", "source_yield_from_tables"),
        ("dry_bulb_c", "cooling_from_weather"),
        ("wet_bulb_c", "cooling_from_weather"),
        ("wholesale_frac", "delivered_prices"),
    ):
        other = series.assign(**{column: 0.9 * series[column]})
        assert not plan.read(site_series=other).check(name).ok
    days = plan.inputs.tables["series_days"]
    longer = days.assign(weight_days=days["weight_days"] + 0.5)
    assert not plan.read(series_days=longer).check("days_from_scenario").ok


def test_energy_that_a_battery_takes_over_midnight_is_found_where_days_repeat():
    def plan(time: str):
        return solved(OWN_POWER, f"time={time}")

    series, repeated = (plan("{chronological: true}"), plan("{chronological: true, days_repeat: true}"))
    taken_over = replace(series, scenario=repeated.scenario)

    assert repeated.check("program_as_stated").ok
    assert series.check("program_as_stated").ok
    assert not taken_over.check("program_as_stated").ok


def test_stand_by_generators_that_no_one_names_are_the_table_s_diesel():
    plan = solve("tiny", ["supply.standby.allow=true"])

    assert set(plan.tables["source_year"]["source"]) == {"diesel_backup"}
    assert plan.verdict.ok, plan.verdict.broken
