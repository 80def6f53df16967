"""Table of emissions by site: who is listed, and what they pay."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from planner.lp import Index
from planner.lp.index import Axis
from planner.results import carbon

OVER = Index.full("site_year", Axis("site", ("ash", "bay")), Axis("year", ("2026", "2029")))
LOCATION_KT = np.array([2.5, 7.5, 0.0, 0.0])
FUEL_KT = np.array([0.5, 1.5, 0.0, 0.0])
COUNTED_KT = np.array([0.0, 3.5, 4.5, 0.0])


def table(monkeypatch):
    """Four sites and years: with power alone, with both, with what was made alone, with nothing."""
    parts = dict.fromkeys(("claimed_mwh", "market_kt", "embodied_kt"), np.array([6.0, 7.0, 8.0, 9]))
    parts |= {"location_kt": LOCATION_KT, "fuel_kt": FUEL_KT, "counted_kt": COUNTED_KT}
    monkeypatch.setattr(carbon, "_parts", lambda _: parts)
    prices = {"price_usd_per_t": np.array([30.0, 50.0]), "fuel_price_usd_per_t": np.full(4, 70.0)}
    solved = SimpleNamespace(
        p=SimpleNamespace(sites=SimpleNamespace(site_year=OVER), carbon=SimpleNamespace(**prices)),
        grid_mw=np.array([[4.0, 2.0], [3.0, 5.0], [0.0, 0.0], [0.0, 0.0]]),
        weight_h=np.array([100.0, 300.0]),
    )
    return carbon.carbon_site(solved)


def test_a_site_is_listed_where_it_emits_or_something_counts(monkeypatch):
    found = table(monkeypatch)

    assert list(zip(found["site"], found["year"], strict=True)) == [("ash", 2026), ("ash", 2029), ("bay", 2026)]
    assert found["counted_kt"].tolist() == [0.0, 3.5, 4.5]


def test_charges_are_price_times_what_counts_and_schemes_times_fuel(monkeypatch):
    found = table(monkeypatch)

    # kt times USD/t is thousands of USD: 50 x 3.5 + 70 x 1.5 = 280 thousand.
    assert found["charge_musd"].to_numpy() == pytest.approx([0.035, 0.28, 0.135])


def test_the_grids_intensity_leaves_fuel_aside(monkeypatch):
    found = table(monkeypatch)

    # 2 kt over 4 x 100 + 2 x 300 = 1,000 MWh; 6 kt over 1,800 MWh; bay draws nothing.
    assert found["grid_t_per_mwh"].to_numpy() == pytest.approx([2.0, 10 / 3, np.nan], nan_ok=True)
