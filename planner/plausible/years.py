"""Times that are allowed but implausible: an early or late start, no lead, a path that falls."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from planner.base.errors import Problem
from planner.plausible.ranges import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.scenario import Scenario

__all__ = ["early_start", "falling_connections", "late_start", "no_lead"]

_YEARS_BEFORE_START: Final = 3
_YEARS_AFTER_START: Final = 5
"""A plan may begin so long after the day of its decisions, as one of 2030 alone does."""


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


def no_lead(scenario: Scenario) -> Iterator[Problem]:
    """Find sites whose halls would serve on the day on which they are decided."""
    for block, sites in (("sites", scenario.sites), ("new_sites", scenario.new_sites)):
        for site, given in sites.items():
            for key in ("lead_time_months", "hall_lead_months"):
                if getattr(given, key) != 0.0 or not given.new_halls:
                    continue
                file, line, column = scenario.place_of((block, site, key))
                what_is = (
                    f"{block}.{site}.{key} is 0: its halls would serve on the day on"
                    " which they are decided"
                )
                fix = "check it, or leave it out for the lead of the tables"
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
