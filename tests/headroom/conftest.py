"""A made-up zone: one year of hours with a few tight ones, whose headroom is worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest


@pytest.fixture
def zone() -> pd.Series[float]:
    """Demand of 700 MW, but in eight hours.

    Thresholds are 1,000 MW in summer and 850 MW in winter; the slack is 0, 40 and 90 MW in
    July, 0, 20 and 60 MW in January, 300 MW in other hours of summer and 150 MW in winter.
    """
    hours = pd.date_range("2027-01-01", "2028-01-01", freq="h", inclusive="left")
    demand_mw = pd.Series(700.0, index=hours)
    demand_mw["2027-07-15 16:00":"2027-07-15 18:00"] = [960.0, 1000.0, 910.0]
    demand_mw["2027-01-20 07:00":"2027-01-20 08:00"] = [850.0, 830.0]
    demand_mw["2027-01-25 07:00"] = 790.0
    return demand_mw


@pytest.fixture
def zone_file(zone: pd.Series[float], tmp_path):
    path = tmp_path / "zone & co.csv"
    zone.rename("demand_mw").rename_axis("hour").to_csv(path)
    return path
