"""Cross-checks of the energy tables: what one table names, another has."""

from __future__ import annotations

import pandas as pd
import pytest

from planner.tables import load_package, read_tables

TABLES = read_tables(load_package().tables)
BATTERY_HOURS = 4


def test_a_four_hour_battery_costs_its_cells_and_its_converter() -> None:
    sources = TABLES["onsite_sources"]
    batteries = sources[sources["role"] == "storage"]

    energy = batteries["energy_capex_usd_per_kwh"]
    converter = batteries["power_capex_usd_per_kw"]

    assert len(batteries) == 4
    pd.testing.assert_series_equal(
        energy + converter / BATTERY_HOURS, batteries["capex_usd"].astype(float), check_names=False, rtol=1e-3
    )


def test_the_fuel_of_every_source_has_a_price_in_every_year_somewhere_to_fall_back_on() -> None:
    sources = TABLES["onsite_sources"].dropna(subset=["heat_rate_mmbtu_per_mwh"])
    prices = TABLES["fuel_prices"].set_index(["fuel", "region"]).sort_index()

    fuels = set(sources["fuel"])

    assert fuels == {"natural_gas", "diesel", "hvo", "uranium"}
    for fuel in fuels - {"natural_gas"}:
        assert list(prices.loc[(fuel, "world"), "year"]) == list(range(2025, 2031))
    for region in ("US", "DE", "JP"):
        assert list(prices.loc[("natural_gas", region), "year"]) == list(range(2025, 2031))


def test_a_place_of_a_fuel_price_is_a_zone_a_country_or_the_world() -> None:
    zones = TABLES["grid_zones"]

    places = set(TABLES["fuel_prices"]["region"])

    assert places <= {*zones["zone"], *zones["country"], "world"}


@pytest.mark.parametrize(("table", "unit"), [("fuel_prices", "usd_per_mmbtu"), ("embodied_carbon", "tco2e")])
def test_the_central_value_lies_between_low_and_high(table: str, unit: str) -> None:
    frame = TABLES[table]
    centre = frame[unit] if unit in frame else frame[f"embodied_{unit}"]

    assert (frame[f"low_{unit}"] < centre).all()
    assert (centre < frame[f"high_{unit}"]).all()


def test_every_rack_and_every_source_has_its_embodied_carbon() -> None:
    carbon = TABLES["embodied_carbon"]

    racks = set(carbon.loc[carbon["asset"] == "rack", "item"])
    sources = set(carbon.loc[carbon["asset"] == "onsite", "item"])

    assert racks == set(TABLES["racks"]["rack"])
    assert sources == set(TABLES["onsite_sources"]["onsite"])


def test_every_zone_has_a_clean_share_a_year_and_stress_hours_that_add_up() -> None:
    zones = set(TABLES["grid_zones"]["zone"])
    clean = TABLES["clean_share"].pivot_table(index="zone", columns="year", values="clean_frac")
    stress = TABLES["zone_stress"].groupby("zone")["stress_share_frac"].sum()

    assert set(clean.index) == zones == set(stress.index)
    assert clean.notna().all(axis=None)
    assert stress.to_numpy() == pytest.approx(1.0)


def test_reliability_and_bridge_terms_belong_to_sources_that_exist() -> None:
    sources = set(TABLES["onsite_sources"]["onsite"])

    assert set(TABLES["source_reliability"]["onsite"]) <= sources
    assert set(TABLES["bridge_power"]["onsite"]) <= sources
