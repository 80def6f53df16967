"""Settings that are allowed but implausible: outside their range, paths that jump or fall, times too early or late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeGuard

from planner.base.errors import Problem
from planner.base.units import MONTHS_PER_YEAR
from planner.clock.calendar import float_year
from planner.plausible.rules import as_text
from planner.scenario.keys import EACH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from planner.plausible.rules import Range
    from planner.scenario import Scenario
    from planner.scenario.tree import Node, Place


_LEAP: Final = 10.0
"""Demand of one company may leap so far at once, beside its growth by the year."""
_FALL: Final = 3.0
"""It may fall so far at once, beside its fastest decline by the year."""
_FEW_YEARS: Final = 2  # of which one may well be left to the line between others
_FAR_YEARS: Final = 5
"""A path may begin with figures so much older than the plan, or end so much later."""
_PATHS: Final = (("demand", "facility_gw"), ("demand", "explicit", EACH, "by_year"))
GROWTH: Final = "demand_growth"


def implausible_settings(tree: Node, ranges: Iterable[Range]) -> Iterator[Problem]:
    """Find settings outside their range."""
    for given in ranges:
        for keys in given.settings:
            for name, value, place in numbers_at(tree, keys):
                if given.excludes(value):
                    yield place.problem(given.what_is(name, value), "", given.fix)


def jumps(tree: Node, ranges: Iterable[Range]) -> Iterator[Problem]:
    """Find paths of demand one of whose points is in another unit than the one before. Takes `ranges` [1/year]."""
    growth = [one for one in ranges if one.quantity == GROWTH]
    rise = 1.0 + max((one.high for one in growth), default=float("inf"))
    decline = 1.0 + min((one.low for one in growth), default=-1.0)
    for keys in _PATHS:
        for name, path in _nodes(tree, keys, ""):
            points = sorted((int(year), node) for year, node in path.children.items())
            for (year, before), (later, node) in pairwise(points):
                first, second = before.value, node.value
                if not (_is_number(first) and _is_number(second)) or not first or not second:
                    continue
                span = later - year
                if not decline**span / _FALL <= second / first <= _LEAP * rise**span:
                    what_is = f"{name} jumps from {as_text(first)} in {year} to {as_text(second)} in {later}"
                    yield node.place.problem(what_is, "", "check that both are in one unit")
                    break  # the way back is no slip of its own


def stray_years(tree: Node, years: Sequence[int]) -> Iterator[Problem]:
    """Find a year of a path far outside the model years where the path lacks one of them."""
    for keys in _PATHS:
        for name, path in _nodes(tree, keys, ""):
            given = {int(year): node for year, node in path.children.items()}
            missing = sorted(set(years) - given.keys())
            outside = sorted(given.keys() - set(years))
            if len(years) <= _FEW_YEARS or len(missing) != 1 or len(outside) != 1:
                continue
            (year,), (lacks,) = outside, missing
            if max(years[0] - year, year - years[-1]) > _FAR_YEARS:
                what_is = f"{name} has a point in {year} and none in the model year {lacks}"
                yield given[year].place.problem(what_is, "", f"is {lacks} meant?")


def numbers_at(tree: Node, keys: tuple[str, ...]) -> Iterator[tuple[str, float, Place]]:
    """Return the numbers that are written at a key path or below it."""
    for name, node in _nodes(tree, keys, ""):
        yield from _numbers(node, name)


def _nodes(node: Node, keys: tuple[str, ...], name: str) -> Iterator[tuple[str, Node]]:
    if not keys:
        yield name, node
        return
    for step, label, below in _entries(node, name):
        if keys[0] in (EACH, step):
            yield from _nodes(below, keys[1:], label)


def _numbers(node: Node, name: str) -> Iterator[tuple[str, float, Place]]:
    if _is_number(node.value):
        yield name, float(node.value), node.place
    for _, label, below in _entries(node, name):
        yield from _numbers(below, label)


def _entries(node: Node, name: str) -> Iterator[tuple[str, str, Node]]:
    """Key, dotted name and node of each entry of a mapping or list."""
    if isinstance(node.value, tuple):
        for position, below in enumerate(node.value):
            yield str(position), f"{name}[{position}]", below
    elif isinstance(node.value, Mapping):
        for key, below in node.value.items():
            yield key, f"{name}.{key}" if name else key, below


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, float | int) and not isinstance(value, bool)


FACTOR_OF = "ppa_factor_"
"""Ranges of the capacity factor are named so, by technology."""


def unlike_their_technology(scenario: Scenario, ranges: Iterable[Range]) -> Iterator[Problem]:
    """Find capacity factors that no plant of the technology has."""
    of_technology = {one.quantity: one for one in ranges if one.quantity.startswith(FACTOR_OF)}
    contracts = scenario.contracts
    for block, listed in (("ppa", contracts.ppa), ("existing", contracts.existing)):
        for name, signed in listed.items():
            given = of_technology.get(f"{FACTOR_OF}{signed.technology}")
            factor = signed.capacity_factor_frac
            is_own_profile = signed.profile not in (None, signed.technology)
            if given is None or factor is None or is_own_profile or not given.excludes(factor):
                continue
            file, line, column = scenario.place_of(("contracts", block, name, "capacity_factor_frac"))
            said = f"contracts.{block}.{name}.capacity_factor_frac of {signed.technology}"
            yield Problem(file, line, column, given.what_is(said, factor), "", given.fix)


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
