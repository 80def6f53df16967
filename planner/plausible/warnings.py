"""Everything in a scenario and a user's own tables that is allowed but implausible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.plausible.cells import implausible_cells
from planner.plausible.places import NEEDED, misplaced, misplaced_rows, related_far_away, zones_elsewhere
from planner.plausible.rules import RANGES, ranges_of
from planner.plausible.settings import (
    early_start,
    falling_connections,
    implausible_leads,
    implausible_settings,
    jumps,
    late_start,
    stray_years,
    unlike_their_technology,
)
from planner.tables.places import TablePlaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from planner.base.errors import Problem
    from planner.scenario import Scenario


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
        *(places.head(name, "there is no row under the header: the plan has none", _NONE) for name in _empty(own)),
        *implausible_cells(own, ranges, places),
        *misplaced_rows(own, places),
        *(zones_elsewhere(own["sites"], places) if "sites" in own else ()),
    )
    return one_at_each_place(found)


def _empty(own: Mapping[str, pd.DataFrame]) -> list[str]:
    return [name for name, table in own.items() if table.empty]


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
