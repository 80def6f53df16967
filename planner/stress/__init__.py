"""Stress: a plan as it is, run through hours, outages and events it was not planned for.

Nothing is decided again. `fixed_plan` lays out what the sites have and do, `stress_study` runs it
through years of weather, prices and outages, a heat wave and an emergency of the grid.
"""

from planner.results.schema import STRESS_TABLES
from planner.stress.fixed import FixedPlan, fixed_plan
from planner.stress.simulate import site_outage_losses
from planner.stress.study import CASES, StressStudy, reliability_of, stress_study
from planner.stress.weather import (
    YEAR_DAYS,
    OwnHours,
    StressSettings,
    StressYear,
    read_own_hours,
    settings_from,
    year_of_hours,
)

__all__ = [
    "CASES",
    "STRESS_TABLES",
    "YEAR_DAYS",
    "FixedPlan",
    "OwnHours",
    "StressSettings",
    "StressStudy",
    "StressYear",
    "fixed_plan",
    "read_own_hours",
    "reliability_of",
    "settings_from",
    "site_outage_losses",
    "stress_study",
    "year_of_hours",
]
