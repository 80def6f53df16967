"""Loads by the hour, cooling, prices, connections, headroom, emissions and water."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.inputs import Inputs


def slots(inputs: Inputs, site: str, year: str) -> np.ndarray:
    """Positions of the slots of a site and year, in the order of the slot axis."""
    slot = inputs.power.slot
    return np.flatnonzero((slot.labels("site") == site) & (slot.labels("year") == year))


@pytest.mark.parametrize(("site", "retail"), [("oak", 84), ("elm", 61)])
def test_a_flat_load_pays_the_retail_price(mini, site, retail):
    for year, growth in (("2025", 1.0), ("2027", 1.005**2)):
        at = slots(mini, site, year)
        weight = mini.days.weight_h / mini.days.weight_h.sum()
        energy = mini.grid.energy_usd_per_mwh[at] @ weight
        row = mini.sites.site_year.position(site, year)
        demand = mini.grid.demand_charge_usd_per_kw_month[row] * 12 * 1000 / 8760
        assert energy + demand == pytest.approx(retail * growth)


def shock(**changes: object) -> str:
    given = {"first_year": 2025, "last_year": 2026, "wholesale_scale_frac": 2.5, **changes}
    return f"energy.shocks=[{{{', '.join(f'{key}: {value}' for key, value in given.items())}}}]"


def test_a_shock_between_model_years_is_reported(build):
    notes = build(shock(first_year=2026, last_year=2026)).notes

    assert "The price shock of 2026 to 2026 hits no site in scope in any model year." in notes


def test_zones_with_an_estimated_headroom_are_reported(mini):
    assert any("1 of 2 zones" in note and "west" in note for note in mini.notes)


def test_headroom_that_does_not_grow_is_reported(build, tables):
    growth = tables["zone_headroom_growth"]
    only_east = growth[growth["zone"] == "east"]

    inputs = build(zone_headroom_growth=only_east[only_east["year"] < 2027])

    assert any(note.startswith("The headroom of 1 of 2 zones does not grow") for note in inputs.notes)
    assert "Headroom does not grow after 2026, the table's last year." in inputs.notes


def test_a_year_that_headroom_growth_lacks_is_refused(problems, tables):
    growth = tables["zone_headroom_growth"]
    is_gap = (growth["zone"] == "east") & (growth["year"] == 2026)

    found = problems(zone_headroom_growth=growth[~is_gap])

    assert any("zone east lacks a year" in text for text in found)


def test_zones_that_promised_more_than_they_have_are_reported(build, mini):
    tight = build("grid.headroom_scale_frac=0.065")
    table = tight.grid.headroom_by_zone.set_index(["zone", "year"]).loc[("west", "2027")]

    # 220 MW at the operator's fifth, where the zone takes 41.99.
    assert table["committed_mw"] - table["limit_mw"] == pytest.approx(44.0 - 41.99)
    assert (
        "Capacity under construction exceeds the headroom of west in 2027 (by 2.01 MW). It is kept;"
        " no new connection is possible there up to the last of these years."
    ) in tight.notes
    assert not any("exceeds the headroom" in note for note in mini.notes)


def test_sites_without_hourly_carbon_are_reported(mini):
    reported = "Carbon intensity is the same in every hour at 1 of 2 sites"  # Elm names no shape

    assert any(note.startswith(reported) for note in mini.notes)


def test_prices_of_several_years_are_refused(problems, tables):
    prices = tables["electricity_price"]
    costlier = prices.assign(year=2027, retail_usd_per_mwh=1.07 * prices["retail_usd_per_mwh"])

    found = problems(electricity_price=pd.concat([prices, costlier], ignore_index=True))

    assert any("2 sites, elm first, have prices of several years" in text for text in found)
