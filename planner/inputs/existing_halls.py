"""Halls that a planner states as their own: the years and the power that they serve with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import MOST_PROBLEMS
from planner.inputs.table_columns import codes, floats, ints

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase

__all__ = [
    "DIGITS",
    "HALLS",
    "NAMED",
    "begun_mw_by_year",
    "check_ends",
    "hall_mw_by_year",
    "halls_in_service",
    "last_years",
    "note_late",
]

HALLS: Final = "existing_halls"
NAMED: Final = 8
"""Ids that a finding about existing halls and racks lists."""
DIGITS: Final = 4
"""Significant digits of MW and kW in it."""


def halls_in_service(case: ScopedCase, halls: pd.DataFrame) -> Bools:
    """Find the model years that stated halls serve to their end. Gives (hall, year)."""
    first, last = ints(halls, "first_year"), last_years(halls)
    return np.asarray((first[:, None] <= case.year) & (case.last_year <= last[:, None]))


def last_years(halls: pd.DataFrame) -> Floats:
    """Last calendar year of every hall in service, infinite where none is given."""
    return np.nan_to_num(floats(halls, "last_year"), nan=np.inf)


def hall_mw_by_year(case: ScopedCase, halls: pd.DataFrame, counts: Bools) -> Floats:
    """Critical IT power of halls in the years that count, (site, cooling, redundancy, year)."""
    site = codes(halls["site"], case.ids("sites"))
    place = (codes(halls["cooling"], case.ids("cooling")), codes(halls["redundancy"], case.ids("redundancy")))
    mw = np.where(counts, floats(halls, "it_mw")[:, None], 0.0)
    total = np.zeros((len(case.sites), len(case.cooling), len(case.redundancy), len(case.years)))
    known = np.flatnonzero(site >= 0)
    np.add.at(total, (site[known], place[0][known], place[1][known]), mw[known])
    return total


def begun_mw_by_year(case: ScopedCase, halls: pd.DataFrame) -> Floats:
    """Critical IT power of halls that have entered service so far, shape (site, year). [MW]

    Halls that have ended since count on; those that ended before the first year do not.
    """
    serves = halls_in_service(case, halls)
    begun = np.logical_or.accumulate(serves, axis=1)
    site = codes(halls["site"], case.ids("sites"))
    total = np.zeros((len(case.sites), len(case.years)))
    known = np.flatnonzero(site >= 0)
    np.add.at(total, site[known], (begun * floats(halls, "it_mw")[:, None])[known])
    return total


def check_ends(case: ScopedCase, halls: pd.DataFrame) -> None:
    """Refuse halls that end before they begin."""
    first, last = ints(halls, "first_year"), last_years(halls)
    wrong = np.flatnonzero(last < first)
    for record in wrong[:MOST_PROBLEMS]:
        case.findings.add_at_row(
            HALLS,
            int(record),
            "last_year",
            f"last_year is {last[record]:.0f}, before first_year",
            f"{first[record]} or later",
            "exchange the two, or leave it blank for a hall that serves to the end of the plan",
        )
    case.findings.add_unlisted(HALLS, len(wrong) - MOST_PROBLEMS)


def note_late(case: ScopedCase, halls: pd.DataFrame) -> None:
    """Note halls that enter service after the plan."""
    site, first = codes(halls["site"], case.ids("sites")), ints(halls, "first_year")
    for record in np.flatnonzero((site >= 0) & (first > case.year[-1])):
        case.findings.add_row_without_effect(
            HALLS,
            int(record),
            "first_year",
            f"hall {halls['hall'].iloc[record]} of {halls['site'].iloc[record]} has no effect: it"
            f" enters service in {first[record]}, after the last model year {case.year[-1]}",
            "remove it, or add years",
        )
