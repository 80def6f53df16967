"""The headroom study: the constant load that a grid can take, if some of it may be curtailed.

>>> import pandas as pd
>>> hours = pd.date_range("2027-01-01", "2029-01-01", freq="h", inclusive="left", tz="UTC")
>>> first_evening = (hours.day == 1) & (hours.hour == 18)
>>> demand = pd.Series(900.0 + 250.0 * first_evening, index=hours)
>>> round(headroom_mw(demand, rate_frac=0.005), 1)
250.9
"""

from planner.headroom.study import (
    SUMMER_AND_WINTER,
    Curtailment,
    HeadroomStudy,
    Season,
    headroom_mw,
    headroom_study,
    read_hourly_demand,
    seasons_with,
)

__all__ = [
    "SUMMER_AND_WINTER",
    "Curtailment",
    "HeadroomStudy",
    "Season",
    "headroom_mw",
    "headroom_study",
    "read_hourly_demand",
    "seasons_with",
]
