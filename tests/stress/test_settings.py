"""Figures of a stress study: each out of its range is named, at the option or in the table."""

from __future__ import annotations

from math import inf, nan

import pytest

from planner.base.errors import InputError
from planner.stress import settings_from
from planner.stress.study import _within_year
from planner.tables import read_tables


def problems(**given: float) -> list[str]:
    with pytest.raises(InputError) as caught:
        settings_from(read_tables(["stress_settings"])["stress_settings"], given)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("name", "value", "must_be"),
    [
        ("heat_wave_days", 900, "whole days, 0 to 365"),
        ("heat_wave_days", 4.5, "whole days, 0 to 365"),
        ("heat_wave_days", -1, "whole days, 0 to 365"),
        ("curtailment_h", 0.4, "whole hours, 1 to 8760"),
        ("curtailment_h", 9000, "whole hours, 1 to 8760"),
        ("curtailment_frac", 1.2, "0 to 1"),
        ("outages_per_year", 8761, "0 to 8760"),
        ("fuel_h", inf, "at least 0"),
        ("heat_wave_k", nan, "at least 0"),
        ("draws", 0, "above 0"),
    ],
)
def test_an_option_out_of_its_range_is_named(name: str, value: float, must_be: str) -> None:
    (found,) = problems(**{name: value})

    option = f"--{name.replace('_', '-')}"
    assert found.startswith(f"{option}: {value:g} is given; must be {must_be}; leave it out for ")


def test_what_the_ranges_end_with_is_taken() -> None:
    table = read_tables(["stress_settings"])["stress_settings"]
    ends = {"heat_wave_days": 365, "curtailment_h": 8760, "curtailment_frac": 1, "seed": 0}

    made = settings_from(table, ends)

    assert {name: getattr(made, name) for name in ends} == ends


@pytest.mark.parametrize(("first", "count", "moved"), [(14, 365, 0), (-3, 9, 0), (362, 9, 356), (196, 9, 196)])
def test_an_event_lies_within_its_year(first: int, count: int, moved: int) -> None:
    assert _within_year(first, count, 365) == moved
