"""What the command for a sweep says of its futures."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from planner.cli.sweep import _unmet_and_nameplate


def test_a_model_year_counts_as_often_as_the_years_it_stands_for() -> None:
    figures = {
        "demand_kh100e": {2026: 100.0, 2027: 200.0, 2030: 300.0},  # for 1, 3 and 1 years
        "unmet_kh100e": {2026: 50.0, 2027: 10.0, 2030: 0.0},
        "nameplate_mw": {2026: 1.0, 2027: 2.0, 2030: 4.0},
    }
    rows = [
        (future, year, figure, value * factor)
        for future, factor in (("low", 1.0), ("high", 2.0))
        for figure, by_year in figures.items()
        for year, value in by_year.items()
        if future == "low" or year < 2030
    ]
    results = pd.DataFrame(rows, columns=["future", "year", "figure", "value"])

    found = _unmet_and_nameplate(SimpleNamespace(results=results))

    # 50 + 3 * 10 of 100 + 3 * 200 + 300; where 2027 is the last year it stands for itself.
    assert found["unmet_frac"].to_dict() == pytest.approx({"low": 0.08, "high": 120.0 / 600.0})
    assert found["nameplate_mw"].to_dict() == {"low": 4.0, "high": 4.0}
