"""Times that are allowed but implausible: an early or late start, leads, a path that falls."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from planner.base.errors import Problem
from planner.base.units import MONTHS_PER_YEAR
from planner.clock.calendar import float_year
from planner.plausible.ranges import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.scenario import Scenario

_YEARS_BEFORE_START: Final = 3
_YEARS_AFTER_START: Final = 5
"""A plan may begin so long after the day of its decisions, as one of 2030 alone does."""
_LONG_MONTHS: Final = {"lead_time_months": 60, "hall_lead_months": 60, "connection_lead_months": 96}
"""Halls, and queues of the grid, rarely take longer: what does is a figure in weeks."""
_NEVER_MONTHS: Final = 600.0
"""A lead of so long says outright that nothing is built."""


def late_start(scenario: Scenario) -> Iterator[Problem]:
    """Find a start of decisions that leaves several model years without any."""
    first, start = scenario.years[0], scenario.decisions_start.year
    before = [year for year in scenario.years if year < start]
    if start - first >= _YEARS_BEFORE_START and len(before) > 1:
        file, line, column = scenario.place_of(("decisions_start",))
        what_is = (
            f"decisions_start is {scenario.decisions_start}, and the years begin in {first}: what"
            f" grows until {start} can be served by nothing new"
        )
        yield Problem(file, line, column, what_is, "", "start earlier, or begin the years later")


def early_start(scenario: Scenario) -> Iterator[Problem]:
    """Find a start of decisions so early that all leads are over when the years begin."""
    first, start = scenario.years[0], scenario.decisions_start
    if first - start.year >= _YEARS_AFTER_START:
        file, line, column = scenario.place_of(("decisions_start",))
        what_is = (
            f"decisions_start is {start}, and the years begin in {first}: halls and connections"
            f" would have been ordered up to {first - start.year} years before"
        )
        fix = "check its year: leads count from the day on which you decide"
        yield Problem(file, line, column, what_is, "", fix)


def implausible_leads(scenario: Scenario) -> Iterator[Problem]:
    """Find halls that would serve at once, halls and connections that would after the plan."""
    start, last = float_year(scenario.decisions_start), scenario.years[-1]
    for block, sites in (("sites", scenario.sites), ("new_sites", scenario.new_sites)):
        for site, given in sites.items():
            for key, long_months in _LONG_MONTHS.items():
                months = getattr(given, key)
                if months is None or not given.new_halls:
                    continue
                serves = start + months / MONTHS_PER_YEAR
                is_late = long_months < months < _NEVER_MONTHS and serves >= last + 1
                what = "connections" if key == "connection_lead_months" else "halls"
                if months == 0.0 and what == "halls":  # a connection may be granted
                    what_is = "its halls would serve on the day on which they are decided"
                    fix = "check it, or leave it out for the lead of the tables"
                elif is_late:
                    what_is = (
                        f"{what} decided on {scenario.decisions_start} would serve in"
                        f" {int(serves)}, and the plan ends with {last}"
                    )
                    fix = "weeks divided by 4.35 are months"
                    if what == "halls":
                        fix += "; new_halls: false says that none is built"
                else:
                    continue
                file, line, column = scenario.place_of((block, site, key))
                what_is = f"{block}.{site}.{key} is {as_text(months)}: {what_is}"
                yield Problem(file, line, column, what_is, "", fix)


def falling_connections(scenario: Scenario) -> Iterator[Problem]:
    """Find firm connections of sites that become smaller."""
    for block, sites in (("sites", scenario.sites), ("new_sites", scenario.new_sites)):
        for site, given in sites.items():
            path = given.grid_firm_mw
            if path is None or isinstance(path, float):
                continue
            points = sorted(path.items())
            for (year, before), (later, mw) in pairwise(points):
                if mw < before:
                    keys = (block, site, "grid_firm_mw", str(later))
                    file, line, column = scenario.place_of(keys)
                    what_is = (
                        f"{block}.{site}.grid_firm_mw falls from {as_text(before)} MW in {year} to"
                        f" {as_text(mw)} MW in {later}"
                    )
                    fix = "a connection that is held does not shrink: exchange the two, or check"
                    yield Problem(file, line, column, what_is, "", f"{fix} the unit")
                    break
