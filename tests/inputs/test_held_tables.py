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
        "Up to 2027, figures of tables that end before are those of their last year:"
        " carbon_intensity (2025)." in short.notes
    )
    assert not any("tables that end before" in note for note in full.notes)


def test_a_year_before_the_first_of_intensity_is_refused(problems, tables):
    table = tables["carbon_intensity"]

    found = problems(carbon_intensity=table[table["year"] == 2027])

    assert any("there is no figure for 2025; must be 2027 or later" in text for text in found)
