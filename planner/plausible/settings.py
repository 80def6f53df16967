"""Settings and cells that are allowed but implausible: outside their range, jumping, too early or late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import pairwise, product
from typing import TYPE_CHECKING, Final, TypeGuard

import numpy as np

from planner.base.units import MONTHS_PER_YEAR
from planner.clock.days import float_year
from planner.family.table_columns import floats
from planner.plausible.rules import (
    NEEDED,
    RANGES,
    as_text,
    misplaced,
    misplaced_rows,
    ranges_of,
    related_far_away,
    zones_elsewhere,
)
from planner.scenario.messages import dotted
from planner.scenario.tree import EACH, matching, walk
from planner.tables import load_package
from planner.tables.places import TablePlaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.base.errors import Problem
    from planner.plausible.rules import Range
    from planner.scenario import Scenario
    from planner.scenario.tree import Node
    from planner.tables import TableSchema

# --- Cells of a user's own tables outside their plausible range, or their own row's low and high ---

_LISTED: Final = 5
"""Cells of a column that are listed; a column in a wrong unit is understood after a few."""
_UNIT_OF_ROW: Final = "see unit"
_ROUNDING: Final = 0.005


def implausible_cells(
    tables: Mapping[str, pd.DataFrame], ranges: Iterable[Range], places: TablePlaces
) -> Iterator[Problem]:
    """Find figures of tables that are allowed but implausible."""
    by_table = defaultdict(list)
    for given in ranges:
        by_table[given.table].append(given)
    for table, frame in tables.items():
        by_column: dict[str, dict[int, tuple[str, str]]] = defaultdict(dict)
        for record, column, what_is, fix in outside(table, frame, by_table[table]):
            by_column[column][record] = what_is, fix
        for column, found in by_column.items():
            listed = sorted(found)[:_LISTED]
            for record in listed:
                what_is, fix = found[record]
                rest = len(found) - len(listed)
                if rest and record == listed[-1]:
                    what_is += f" (and {rest:,} more of this column)"
                yield places.problem(table, record, column, what_is, "", fix)


def outside(table: str, frame: pd.DataFrame, ranges: Iterable[Range]) -> Iterator[tuple[int, str, str, str]]:
    """Find cells of one table outside a range or the row's own low and high, each cell once."""
    schema = load_package()[table]
    wrong: dict[str, Bools] = defaultdict(lambda: np.zeros(len(frame), dtype=np.bool_))
    figures, name_of = partial(floats, frame), partial(_name_of, schema, frame)
    # A ratio is judged where its two figures are plausible each: they are blamed first.
    for given in sorted(ranges, key=lambda given: bool(given.over)):
        rows = _rows(frame, given, schema)
        bounds = schema.field(given.column).between or ()
        for column in (given.column, *(() if given.over else bounds)):
            values = figures(column)
            name = column
            if given.over:
                below = figures(given.over)
                values = values / np.where(below == 0.0, np.nan, below)
                name = f"{column} over {given.over}"
                rows = rows & ~wrong[given.over]
            for record in np.flatnonzero(rows & given.excludes(values) & ~wrong[column]):
                wrong[column][record] = True
                what_is = given.what_is(f"{name_of(int(record))}{name}", float(values[record]))
                yield int(record), column, what_is, given.fix
    yield from _beyond_own_row(schema, figures, wrong, name_of)


def _beyond_own_row(
    schema: TableSchema, figures: Callable[[str], Floats], wrong: Mapping[str, Bools], name_of: Callable[[int], str]
) -> Iterator[tuple[int, str, str, str]]:
    for field in schema.fields:
        if field.between is None:
            continue
        value, low, high = (figures(name) for name in (field.name, *field.between))
        judged = ~(wrong[field.name] | wrong[field.between[0]] | wrong[field.between[1]])
        # Figures that were moved to another year's money end in other decimals than their bounds.
        slack = _ROUNDING * np.abs(value)
        for record in np.flatnonzero(judged & ((value < low - slack) | (value > high + slack))):
            ends = " and ".join(
                f"{name} {as_text(end[record])}"
                for name, end in zip(field.between, (low, high), strict=True)
                if end[record] == end[record]
            )
            what_is = f"{name_of(int(record))}{field.name} is {as_text(value[record])}{field.bracket}"
            fix = "check its unit, or move low and high with it"
            yield int(record), field.name, f"{what_is}, outside its own row's {ends}", fix


def _rows(frame: pd.DataFrame, given: Range, schema: TableSchema) -> Bools:
    """Which rows a range is about; a figure in another unit than the range is not judged."""
    rows = np.ones(len(frame), dtype=np.bool_)
    of_unit = [("unit", (given.unit,))] if schema.field(given.column).unit == _UNIT_OF_ROW else []
    for column, values in (*given.rows, *of_unit):
        rows &= frame[column].isin(values).to_numpy(dtype=np.bool_)
    return rows


def _name_of(schema: TableSchema, frame: pd.DataFrame, record: int) -> str:
    """Say what a row is about, by its key, with a colon after it."""
    parts = [str(frame[name].iloc[record]) for name in schema.primary_key if name in frame]
    return f"{' '.join(parts)}: " if parts else ""


# --- Settings outside their plausible range, paths that jump or fall, times too early or late ------

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
            for start, top in matching(tree, keys):
                for path, node in walk(top, start):
                    if _is_number(node.value) and given.excludes(node.value):
                        yield node.place.problem(given.what_is(dotted(path), float(node.value)), "", given.fix)


def jumps(tree: Node, ranges: Iterable[Range]) -> Iterator[Problem]:
    """Find paths of demand one of whose points is in another unit than the one before. Takes `ranges` [1/year]."""
    growth = [one for one in ranges if one.quantity == GROWTH]
    rise = 1.0 + max((one.high for one in growth), default=float("inf"))
    decline = 1.0 + min((one.low for one in growth), default=-1.0)
    for keys in _PATHS:
        for name, path in matching(tree, keys):
            points = sorted((int(year), node) for year, node in path.children.items())
            for (year, before), (later, node) in pairwise(points):
                first, second = before.value, node.value
                if not (_is_number(first) and _is_number(second)) or not first or not second:
                    continue
                span = later - year
                if not decline**span / _FALL <= second / first <= _LEAP * rise**span:
                    what_is = f"{dotted(name)} jumps from {as_text(first)} in {year} to {as_text(second)} in {later}"
                    yield node.place.problem(what_is, "", "check that both are in one unit")
                    break  # the way back is no slip of its own


def stray_years(tree: Node, years: Sequence[int]) -> Iterator[Problem]:
    """Find a year of a path far outside the model years where the path lacks one of them."""
    for keys in _PATHS:
        for name, path in matching(tree, keys):
            given = {int(year): node for year, node in path.children.items()}
            missing = sorted(set(years) - given.keys())
            outside = sorted(given.keys() - set(years))
            if len(years) <= _FEW_YEARS or len(missing) != 1 or len(outside) != 1:
                continue
            (year,), (lacks,) = outside, missing
            if max(years[0] - year, year - years[-1]) > _FAR_YEARS:
                what_is = f"{dotted(name)} has a point in {year} and none in the model year {lacks}"
                yield given[year].place.problem(what_is, "", f"is {lacks} meant?")


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
            keys = ("contracts", block, name, "capacity_factor_frac")
            yield scenario.problem(
                keys, given.what_is(f"{'.'.join(keys)} of {signed.technology}", factor), fix=given.fix
            )


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
        what_is = f"decisions_start is {scenario.decisions_start}, and the years begin in {first}: what grows until"
        what_is += f" {start} can be served by nothing new"
        yield scenario.problem("decisions_start", what_is, fix="start earlier, or begin the years later")


def early_start(scenario: Scenario) -> Iterator[Problem]:
    """Find a start of decisions so early that all leads are over when the years begin."""
    first, start = scenario.years[0], scenario.decisions_start
    if first - start.year >= _YEARS_AFTER_START:
        what_is = f"decisions_start is {start}, and the years begin in {first}: halls and connections would have been"
        what_is += f" ordered up to {first - start.year} years before"
        fix = "check its year: leads count from the day on which you decide"
        yield scenario.problem("decisions_start", what_is, fix=fix)


def implausible_leads(scenario: Scenario) -> Iterator[Problem]:
    """Find halls that would serve at once, halls and connections that would after the plan."""
    start, last = float_year(scenario.decisions_start), scenario.years[-1]
    for (block, site, given), (key, long_months) in product(scenario.own_sites(), _LONG_MONTHS.items()):
        months, what = getattr(given, key), "connections" if key == "connection_lead_months" else "halls"
        if months is None or not given.new_halls:
            continue
        serves = start + months / MONTHS_PER_YEAR
        if months == 0.0 and what == "halls":  # a connection may be granted
            what_is = "its halls would serve on the day on which they are decided"
            fix = "check it, or leave it out for the lead of the tables"
        elif long_months < months < _NEVER_MONTHS and serves >= last + 1:
            what_is = f"{what} decided on {scenario.decisions_start} would serve in {int(serves)}, and the plan ends"
            what_is += f" with {last}"
            fix = "weeks divided by 4.35 are months"
            fix += "; new_halls: false says that none is built" * (what == "halls")
        else:
            continue
        what_is = f"{block}.{site}.{key} is {as_text(months)}: {what_is}"
        yield scenario.problem((block, site, key), what_is, fix=fix)


def falling_connections(scenario: Scenario) -> Iterator[Problem]:
    """Find firm connections of sites that become smaller."""
    for block, site, given in scenario.own_sites():
        path = given.grid_firm_mw if isinstance(given.grid_firm_mw, Mapping) else {}
        for (year, before), (later, mw) in pairwise(sorted(path.items())):
            if mw < before:
                what_is = f"{block}.{site}.grid_firm_mw falls from {as_text(before)} MW in {year} to {as_text(mw)} MW"
                fix = "a connection that is held does not shrink: exchange the two, or check the unit"
                keys = (block, site, "grid_firm_mw", str(later))
                yield scenario.problem(keys, f"{what_is} in {later}", fix=fix)
                break


_NO_ROW: Final = "there is no row under the header: the plan has none"
_NONE: Final = "add one, or drop the table under data:"


def implausible(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> tuple[Problem, ...]:
    """Find figures that are within all bounds and out of all proportion."""
    if RANGES not in tables:
        return ()
    places = TablePlaces(scenario.data_files)
    ranges = ranges_of(tables[RANGES], places)
    own = {name: tables[name] for name in scenario.data_files if name in tables}
    wrong = misplaced(scenario)
    found = (
        *implausible_settings(scenario.tree, ranges),
        *stray_years(scenario.tree, scenario.years),
        *jumps(scenario.tree, ranges),
        *unlike_their_technology(scenario, ranges),
        *early_start(scenario),
        *late_start(scenario),
        *implausible_leads(scenario),
        *falling_connections(scenario),
        *wrong.values(),
        *(related_far_away(scenario, tables, wrong) if tables.keys() >= NEEDED else ()),
        *(places.head(name, _NO_ROW, _NONE) for name, table in own.items() if table.empty),
        *implausible_cells(own, ranges, places),
        *misplaced_rows(own, places),
        *(zones_elsewhere(own["sites"], places) if "sites" in own else ()),
    )
    return one_at_each_place(found)


def one_at_each_place(warnings: Iterable[Problem]) -> tuple[Problem, ...]:
    """Leave out what is said of a cell that is warned of already: it follows from that.

    >>> from planner.base.errors import Problem
    >>> found = [Problem("my.yaml", 3, 8, "price is 8"), Problem("my.yaml", 3, 8, "ratio is 2")]
    >>> [warning.what_is for warning in one_at_each_place(found)]
    ['price is 8']
    """
    first: dict[tuple[str, int | None, int | None], Problem] = {}
    for warning in warnings:
        first.setdefault((warning.file, warning.line, warning.column), warning)
    return tuple(first.values())
