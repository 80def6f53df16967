"""Figures that do not go together: what exists at a site against its land and its connection."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from planner.inputs import proportions

MINI = Path(__file__).parent.parent / "fixtures" / "mini" / "mini.yaml"
MADE_UP = {"source": "made up", "source_year": 2025, "kind": "own"}
ROOMY = "sites.oak.land_limit_mw=700"


def halls(*rows):
    columns = ["site", "hall", "cooling", "redundancy", "it_mw", "first_year"]
    frame = pd.DataFrame(rows, columns=columns).assign(last_year=pd.NA, **MADE_UP)
    return frame.astype({"last_year": "Int64"})


# 50 MW in 2025, 150 MW in 2027: the larger hall is under construction.
GROWING = halls(("oak", "A", "air_dry", "N", 50.0, 2019), ("oak", "B", "plate_dry", "N", 100.0, 2027))


def of_sites(inputs):
    return [str(warning) for warning in inputs.warnings if " but " in warning.what_is]


def test_halls_to_come_are_compared_with_the_connection_of_their_year(build):
    # 50 MW in 60 MW, then 150 MW in 180 MW.
    inputs = build(ROOMY, "sites.oak.grid_firm_mw={2025: 60, 2027: 180}", existing_halls=GROWING)

    assert of_sites(inputs) == []


def test_halls_beyond_the_connection_of_their_year_are_warned_of(build):
    # 50 MW in 60 MW, then 150 MW, more than 1.5 x 70 = 105 MW.
    inputs = build(ROOMY, "sites.oak.grid_firm_mw={2025: 60, 2027: 70}", existing_halls=GROWING)

    (warning,) = of_sites(inputs)
    assert "grid_firm_mw of oak is 70 MW, but 150 MW of facilities exist there" in warning


def test_the_hall_that_is_blamed_is_in_service_in_the_year(build):
    # 50 MW, more than 1.5 x 30 = 45 MW, in 2025; then 150 MW in 180 MW.
    sheet = proportions.TablePlaces.problem
    records = []

    def problem(self, table, record, *rest):
        records.append((rest[0], record))
        return sheet(self, table, record, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proportions.TablePlaces, "problem", problem)
        settings = "sites.oak.grid_firm_mw={2025: 30, 2027: 180}"
        (warning,) = of_sites(build(settings, existing_halls=GROWING))

    assert "halls of oak have 50 MW in 2025, but grid_firm_mw is 30 MW" in warning
    assert {record for column, record in records if column == "it_mw"} == {0}


def test_land_holds_the_halls_of_the_last_year(build):
    # 50 MW < 1.5 x 80 = 120 MW < 150 MW.
    inputs = build("sites.oak.land_limit_mw=80", existing_halls=GROWING)

    (warning,) = of_sites(inputs)
    assert "halls of oak have 150 MW in 2027, but land_limit_mw is 80 MW" in warning


def test_a_hall_that_has_ended_takes_no_land_beside_the_one_that_follows_it(build):
    ended = GROWING.assign(last_year=pd.array([2026, pd.NA], dtype="Int64"))

    # 100 MW from 2027 on, as the 50 MW of the first hall are gone: below 1.5 x 80 = 120 MW.
    assert of_sites(build("sites.oak.land_limit_mw=80", existing_halls=ended)) == []
