"""Distances, round-trip times, measured pairs and fitted lines."""

import itertools
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from planner.place.geo import (
    PAIR_CLASSES,
    MeasuredPairs,
    apply_measured,
    faster_than_light,
    fibre_floor_ms,
    geodesic_km,
    pair_class,
    rtt_ms,
)

CASES = os.environ.get("DCPLAN_CASES")
needs_facts = pytest.mark.skipif(CASES is None, reason="DCPLAN_CASES does not point to the facts")

EUROPE = {"DE", "FR", "NO", "IT", "IE", "CH", "GB", "PL", "SE", "ES", "NL"}


def test_the_quarter_meridian_of_wgs84_is_the_published_one():
    # NIMA TR8350.2: 10,001,965.7293 m from the equator to the pole.
    assert float(geodesic_km(0, 12, 90, 12)) == pytest.approx(10001.9657293, abs=1e-6)


def test_columns_and_rows_of_coordinates_give_a_matrix_of_distances():
    lat, lon = np.array([39.04, 32.78, 47.24]), np.array([-77.49, -96.80, -119.85])
    km = geodesic_km(lat[:, None], lon[:, None], lat, lon)
    assert km.shape == (3, 3)
    np.testing.assert_allclose(np.diag(km), 0.0, atol=1e-9)
    np.testing.assert_allclose(km, km.T)
    assert float(km[0, 1]) == pytest.approx(float(geodesic_km(lat[0], lon[0], lat[1], lon[1])))


def test_light_in_fibre_needs_about_ten_milliseconds_there_and_back_per_thousand_km():
    # 2 x 1,000 km at 299,792.458 / 1.468 km/s.
    assert float(fibre_floor_ms(1000.0)) == pytest.approx(2000 / (299792.458 / 1.468) * 1000)


def test_a_value_faster_than_light_is_listed_with_its_position():
    km, ms = [500.0, 800.0, 90.0, 0.0], [6.5, 7.5, np.nan, 0.0]
    found = faster_than_light(km, ms, ["a", "b", "c", "d"])
    # 800 km need 7.83 ms, and no round trip takes no time.
    assert [(row, what_is) for row, what_is, *_ in found] == [
        (1, "b: 7.5 ms over 800 km"),
        (2, "c: nan ms over 90 km"),
        (3, "d: 0 ms over 0 km"),
    ]


def test_every_pair_of_continents_has_a_line_and_both_directions_share_it():
    places = [
        ("North America", "US"),
        ("North America", "CA"),
        ("Europe", "NO"),
        ("Asia", "JP"),
        ("Oceania", "AU"),
        ("Asia-Pacific", "SG"),
        ("Latin America", "MX"),
        ("Latin America", "BR"),
        ("Africa", "KE"),
    ]
    for a, b in itertools.product(places, repeat=2):
        assert pair_class(*a, *b) == pair_class(*b, *a)
        assert pair_class(*a, *b) in PAIR_CLASSES
    assert pair_class(*places[0], *places[1]) == "us_ca"
    assert pair_class(*places[2], *places[2]) == "europe"
    assert pair_class(*places[1], *places[2]) == "transatlantic"
    assert pair_class(*places[3], *places[4]) == "asia_oceania"
    assert pair_class(*places[6], *places[7]) == "latin_america"
    assert pair_class(*places[0], *places[6]) == "intercontinental"


DALLAS, ASHBURN, OREGON = (32.78, -96.80), (39.04, -77.49), (45.84, -119.70)
FORT_WORTH = (32.76, -97.33)  # 50 km from Dallas by road, 49.7 on the map


def pairs(*rows):
    columns = zip(*((*origin, *destination, rtt) for origin, destination, rtt in rows), strict=True)
    return MeasuredPairs(*(np.array(column, dtype=float) for column in columns))


def laid_over(measured, users, sites, radius_km=50.0):
    fitted = np.array([[41.0 + 7 * u + 3 * s for s in range(len(sites))] for u in range(len(users))])
    (ulat, ulon), (slat, slon) = np.array(users).T, np.array(sites).T
    return fitted, apply_measured(fitted, ulat, ulon, slat, slon, measured, radius_km)


def test_a_measured_pair_replaces_the_line_near_both_its_ends_only():
    fitted, rtt = laid_over(pairs((DALLAS, ASHBURN, 29.5)), [FORT_WORTH, OREGON], [ASHBURN, OREGON])
    assert rtt[0, 0] == 29.5
    np.testing.assert_array_equal(rtt.ravel()[1:], fitted.ravel()[1:])


def test_beyond_the_radius_the_line_stands():
    km = float(geodesic_km(*FORT_WORTH, *DALLAS))
    for radius_km, expected in ((km - 0.5, 41.0), (km + 0.5, 29.5)):
        _, rtt = laid_over(pairs((DALLAS, ASHBURN, 29.5)), [FORT_WORTH], [ASHBURN], radius_km)
        assert rtt[0, 0] == expected


def test_each_direction_of_an_asymmetric_pair_keeps_its_value():
    measured = pairs((DALLAS, ASHBURN, 29.5), (ASHBURN, DALLAS, 31.0))
    _, rtt = laid_over(measured, [DALLAS, ASHBURN], [DALLAS, ASHBURN])
    assert (rtt[0, 1], rtt[1, 0]) == (29.5, 31.0)


def test_a_pair_measured_one_way_round_serves_the_other_where_nothing_else_does():
    _, rtt = laid_over(pairs((ASHBURN, DALLAS, 31.0)), [DALLAS], [ASHBURN, OREGON])
    np.testing.assert_array_equal(rtt, [[31.0, 44.0]])


def test_no_measured_pairs_leave_the_lines_as_they_are():
    empty = MeasuredPairs(*np.empty((5, 0)))
    fitted, rtt = laid_over(empty, [DALLAS, OREGON], [ASHBURN])
    np.testing.assert_array_equal(rtt, fitted)


def fitted_line(km, rtt):
    """Return intercept and slope of the line with the least absolute deviations."""
    slope = minimize_scalar(lambda a: np.abs(rtt - a * km - np.median(rtt - a * km)).sum()).x
    return np.median(rtt - slope * km), slope


@pytest.fixture(scope="module")
def cloud_pairs():
    path = Path(str(CASES)).parent / "facts" / "geo" / "latency_measured.csv"
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    table["km"] = geodesic_km(table.origin_lat, table.origin_lon, table.dest_lat, table.dest_lon)
    return table


@needs_facts
def test_no_measured_pair_is_faster_than_light(cloud_pairs):
    labels = list(cloud_pairs.origin + " to " + cloud_pairs.dest)
    assert faster_than_light(cloud_pairs.km, cloud_pairs.rtt_ms, labels) == []


@needs_facts
@pytest.mark.parametrize(
    ("fitted_on", "tried_on", "limit_ms"), [({"US", "CA"}, {"US"}, 5.0), (EUROPE, EUROPE, 4.0)], ids=["US", "Europe"]
)
def test_lines_fitted_on_half_the_pairs_foretell_the_other_half(cloud_pairs, fitted_on, tried_on, limit_ms):
    # Few pairs lie inside the US, so one cut in half says little (from 2.9 to 6.3 ms): the
    # errors of many cuts are pooled. Every pair is listed in one direction only, so neither
    # half knows the answers of the other.
    def within(countries):
        return cloud_pairs.origin_country.isin(countries) & cloud_pairs.dest_country.isin(countries)

    pool = cloud_pairs[within(fitted_on)]
    is_tried = within(tried_on)[pool.index].to_numpy()
    km, rtt = pool.km.to_numpy(), pool.rtt_ms.to_numpy()
    assert not set(zip(pool.origin, pool.dest, strict=True)) & set(zip(pool.dest, pool.origin, strict=True))
    random = np.random.default_rng(2025)
    errors_ms = []
    for _ in range(40):
        is_fitted = random.permutation(len(pool)) < len(pool) // 2
        line = fitted_line(km[is_fitted], rtt[is_fitted])
        held_out = is_tried & ~is_fitted
        foretold = rtt_ms(km[held_out], *line)
        errors_ms.append(np.abs(foretold - rtt[held_out]))
    assert np.median(np.concatenate(errors_ms)) < limit_ms
