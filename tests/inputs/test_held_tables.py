"""A horizon beyond the tables: the last figures hold, and a note names the tables."""

from __future__ import annotations

import numpy as np
import pytest


def test_intensity_beyond_the_last_year_of_its_table_is_held_and_noted(build, tables):
    table = tables["carbon_intensity"]
    short = build(carbon_intensity=table[table["year"] == 2025])
    full = build()

    at = full.power.slot["year"]
    first, second = (short.carbon.location_t_per_mwh[at == year] for year in (0, 1))

    assert second == pytest.approx(first)
    assert not np.allclose(full.carbon.location_t_per_mwh[at == 1], second)
    assert (
        "Up to 2027, figures that end before are those of their last year. Of each table, those"
        " that end first: carbon_intensity (2025: oak, elm)." in short.notes
    )
    assert not any("figures that end before" in note for note in full.notes)


def held(inputs) -> str:
    (note,) = (note for note in inputs.notes if "figures that end before" in note)
    return note.partition("end first: ")[2]


def test_the_series_that_end_first_are_named_whatever_year_others_of_the_table_reach(build):
    # Prices of agreements: solar to 2028, wind from the far north to 2026, wind here to 2025.
    inputs = build(
        "contracts.ppa.sun={technology: solar}",
        "contracts.ppa.air={technology: wind}",
        "supply.allow=[panel, engine, well]",
    )

    assert held(inputs) == ("onsite_sources (2025: engine, well); ppa_prices (2025: south-shore wind).")


def test_series_that_the_scenario_does_not_read_are_not_named(build, tables):
    prices = tables["carbon_prices"]
    ended = prices[prices["year"] <= 2026]

    asked = ("supply.allow=[panel, engine]", "carbon.fuel_schemes=true")

    assert held(build(asked[0], carbon_prices=ended)) == "onsite_sources (2025: engine)."
    assert "carbon_prices (2025: us" in held(build(*asked, carbon_prices=ended))
    assert not any(
        "figures that end before" in note for note in build("supply.allow=[panel]", carbon_prices=ended).notes
    )


def test_a_year_before_the_first_of_intensity_is_refused(problems, tables):
    table = tables["carbon_intensity"]

    found = problems(carbon_intensity=table[table["year"] == 2027])

    assert any("there is no figure for 2025; must be 2027 or later" in text for text in found)
