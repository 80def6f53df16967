"""Weather, cooling curves, and the losses of the power chain."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from planner.base.errors import InputError
from planner.base.paths import DATA_DIR
from planner.clock.days import RepresentativeDays
from planner.place.climate import (
    design_day_temperatures,
    electrical_loss,
    hourly_temperatures,
    mechanical_overhead_frac,
    slot_values,
)

CASES = os.environ.get("DCPLAN_CASES")
needs_facts = pytest.mark.skipif(CASES is None, reason="DCPLAN_CASES does not point to the facts")

# One power chain, and its ratio of installed UPS to hall by topology.
UPS = {"k0": 0.006, "k1": 0.008, "k2": 0.018, "distribution": 0.02}


def quadratic_loss_mw(hall_mw, load_mw, installed_ratio):
    """Loss of the UPS curve itself and of distribution."""
    rating_mw = installed_ratio * hall_mw
    x = load_mw / rating_mw
    return rating_mw * (0.006 + 0.008 * x + 0.018 * x**2) + 0.02 * load_mw


def test_the_overhead_is_level_then_ramps_then_rises_steadily():
    overhead = mechanical_overhead_frac([-9, 12, 14, 18, 20, 26], 0.05, 0.12, 12, 20, 0.007)
    # 14 and 18 C are a quarter and three quarters of the way; 26 C is 6 K beyond.
    np.testing.assert_allclose(overhead, [0.05, 0.05, 0.08, 0.14, 0.17, 0.17 + 6 * 0.007])


def test_a_ramp_that_ends_before_it_starts_is_refused():
    with pytest.raises(InputError, match="above its start"):
        mechanical_overhead_frac(25.0, 0.05, 0.12, 20.0, 12.0, 0.007)


def test_the_mean_day_is_warmest_at_three_and_keeps_mean_and_range():
    mean, daily_range = np.array([[3.5, 22.0], [9.0, 14.5]]), np.array([[6.0, 11.0], [8.0, 10.0]])
    day = hourly_temperatures(mean, daily_range)
    assert day.shape == (2, 2, 24)
    np.testing.assert_allclose(day.mean(axis=-1), mean)
    np.testing.assert_allclose(np.ptp(day, axis=-1), daily_range)
    assert np.all(day.argmax(axis=-1) == 15)
    assert np.all(day.argmin(axis=-1) == 3)


def test_the_design_day_reaches_the_design_temperature_and_no_more():
    day = design_day_temperatures([35.1, 26.2], [11.2, 6.9])
    np.testing.assert_allclose(day.max(axis=-1), [35.1, 26.2])
    np.testing.assert_allclose(day.min(axis=-1), [35.1 - 11.2, 26.2 - 6.9])


@pytest.mark.parametrize("ratio", [1.0, 1.2, 2.0])
@pytest.mark.parametrize("design", [0.6, 0.75])
def test_the_linear_loss_meets_the_curve_at_the_design_load_and_at_no_load(ratio, design):
    loss = electrical_loss(**UPS, installed_ratio=ratio, design_utilisation=design)
    hall_mw = 40.0
    for load_mw in (design * hall_mw, 0.0):
        linear = loss.fixed_frac * hall_mw + loss.variable_frac * load_mw
        assert float(linear) == pytest.approx(quadratic_loss_mw(hall_mw, load_mw, ratio))


def read_facts(name):
    path = Path(str(CASES)).parent / "facts" / name
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


@needs_facts
def test_annual_pue_of_the_slots_is_that_of_an_hourly_year_in_a_like_climate():
    published = read_facts("tech/cooling_validation.csv")
    plants = read_facts("tech/cooling.csv").set_index("cooling_id")
    zone = read_facts("geo/climate.csv").set_index("site_id").ashrae_climate_zone.str.split().str[0]
    days = RepresentativeDays()
    compared = []
    for site, months in read_facts("geo/climate_monthly.csv").groupby("site_id"):
        sorted_months = months.sort_values("month")
        temperatures = {
            "Tdb": hourly_temperatures(sorted_months.smooth_dry_bulb_c, sorted_months.daily_range_dry_bulb_k),
            "Twb": hourly_temperatures(sorted_months.smooth_wet_bulb_c, sorted_months.daily_range_wet_bulb_k),
        }
        dry, wet = temperatures["Tdb"].mean(), temperatures["Twb"].mean()
        same_zone = published[published.ashrae_zone == zone[site]]
        is_like = (abs(same_zone.mean_tdb_c - dry) < 1.5) & (abs(same_zone.mean_twb_c - wet) < 1.5)
        for row in same_zone[is_like].itertuples():
            plant = plants.loc[row.cooling_id]
            overhead = mechanical_overhead_frac(
                temperatures[plant.driver_temp],
                plant.m0_floor,
                plant.m1_ramp,
                plant.t0_c,
                plant.t1_c,
                plant.m2_slope_per_c,
            )
            slots = slot_values(overhead, overhead[6], -5.0, days)
            pue = 1 + plant.ref_elec_loss + np.average(slots, weights=days.weight_h)
            compared.append((site, row.ashrae_zone, row.cooling_id, pue - row.pue_annual_8760h))
    table = pd.DataFrame(compared, columns=["site", "zone", "cooling", "error"])
    assert table.zone.nunique() >= 6
    assert table.cooling.nunique() == len(plants)
    assert table.error.abs().max() < 0.03, table.loc[table.error.abs().idxmax()]
    assert table.error.abs().mean() < 0.006


# Annual PUE of Lei and Masanet 2022, case 7 (midsize, air-cooled chillers, no economiser), by
# ASHRAE climate zone: 5th and 95th percentile. An electrical loss of 0.10 is in it.
LEGACY_AIR_PUE = {
    "1A": (1.732, 2.453),
    "2A": (1.653, 2.251),
    "2B": (1.745, 2.444),
    "3A": (1.590, 2.096),
    "3B": (1.663, 2.253),
    "3C": (1.515, 1.915),
    "4A": (1.541, 1.988),
    "4B": (1.563, 2.031),
    "4C": (1.489, 1.862),
    "5A": (1.510, 1.920),
    "5B": (1.532, 1.961),
    "6A": (1.485, 1.870),
    "6B": (1.483, 1.854),
    "7": (1.456, 1.794),
}


def test_perimeter_air_lies_within_the_published_range_of_every_climate_zone():
    plant = pd.read_csv(DATA_DIR / "cooling.csv").set_index("cooling").loc["air_crah"]
    climate = pd.read_csv(DATA_DIR / "climate.csv").set_index("site")
    by_zone = {}
    for site, months in pd.read_csv(DATA_DIR / "climate_monthly.csv").groupby("site"):
        ordered = months.sort_values("month")
        overhead = mechanical_overhead_frac(
            hourly_temperatures(ordered["dry_bulb_c"], ordered["dry_daily_range_k"]),
            plant["mech_floor_frac"],
            plant["mech_ramp_frac"],
            plant["ramp_start_c"],
            plant["ramp_end_c"],
            plant["mech_slope_per_k"],
        )
        zone = climate.loc[site, "ashrae_zone"].split(" ")[0]
        by_zone.setdefault(zone, []).append(1.0 + 0.049 + overhead.mean())  # loss of an N+1 hall

    for zone, (low, high) in LEGACY_AIR_PUE.items():
        assert low < min(by_zone[zone]), zone
        assert max(by_zone[zone]) < high, zone
