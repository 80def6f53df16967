"""Seasons of a headroom study: which months set a threshold, and which are held to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.arrays import Floats, Integers


__all__ = ["SUMMER_AND_WINTER", "Season", "check_seasons", "seasons_with", "thresholds_mw"]

_MONTHS: Final = tuple(range(1, 13))


@dataclass(frozen=True)
class Season:
    """Months in which a system is taken to carry what it once carried at its peak."""

    name: str  # name of the season
    months: tuple[int, ...]  # months, 1 to 12, in which load is held to the threshold
    peak_months: tuple[int, ...]  # months whose highest demand of all years is the threshold


SUMMER_AND_WINTER: Final = (
    Season("summer", months=(4, 5, 6, 7, 8, 9, 10), peak_months=(6, 7, 8)),
    Season("winter", months=(11, 12, 1, 2, 3), peak_months=(12, 1, 2)),
)
"""Seasons of Norris et al. 2025: highest demand of June to August and of December to February."""


def seasons_with(
    summer_months: Sequence[int] | None = None, winter_months: Sequence[int] | None = None
) -> tuple[Season, ...]:
    """Return summer and winter with other months for their thresholds.

    Where demand peaks outside June to August or December to February, as in September in
    California, the usual months give a threshold that demand alone exceeds.

    >>> summer, winter = seasons_with(summer_months=(6, 7, 8, 9))
    >>> summer.peak_months, winter.peak_months
    ((6, 7, 8, 9), (12, 1, 2))
    """
    given = (summer_months, winter_months)
    seasons = tuple(
        season if months is None else replace(season, peak_months=tuple(months))
        for season, months in zip(SUMMER_AND_WINTER, given, strict=True)
    )
    problems = [
        Problem(
            "seasons",
            None,
            None,
            f"months {_listed(wrong)} set the threshold of {season.name}",
            f"among {_listed(season.months)}, the months of {season.name}",
        )
        for season in seasons
        if (wrong := [month for month in season.peak_months if month not in season.months])
    ]
    if problems:
        raise InputError(problems)
    check_seasons(seasons)
    return seasons


def check_seasons(seasons: tuple[Season, ...]) -> None:
    """Check that every month of the year is in exactly one season."""
    problems = []
    held = [month for season in seasons for month in season.months]
    for month in sorted({*_MONTHS, *held}):
        if month not in _MONTHS or held.count(month) != 1:
            what_is = f"month {month} is in {held.count(month)} seasons"
            problems.append(Problem("seasons", None, None, what_is, "each of 1 to 12 in one"))
    for season in seasons:
        if not season.peak_months or not set(season.peak_months) <= set(_MONTHS):
            what_is = f"peak_months of {season.name!r} are {season.peak_months}"
            problems.append(Problem("seasons", None, None, what_is, "at least one of 1 to 12"))
    if len({season.name for season in seasons}) < len(seasons):
        what_is = f"seasons are called {', '.join(season.name for season in seasons)}"
        problems.append(Problem("seasons", None, None, what_is, "a name for each"))
    if problems:
        raise InputError(problems)


def thresholds_mw(demand_mw: Floats, months: Integers, seasons: tuple[Season, ...]) -> Floats:
    """Find the highest demand of each season's peak months, over all years.

    Takes `demand_mw` (hour,) [MW], `months` (hour,). Gives (season,) [MW].
    """
    problems = [
        Problem(
            "demand",
            None,
            None,
            f"no hour is in month {month}",
            f"all months that set the threshold of {season.name}",
            "give at least one whole year",
        )
        for season in seasons
        for month in season.peak_months
        if not np.any(months == month)
    ]
    if problems:
        raise InputError(problems)
    return np.array([demand_mw[np.isin(months, season.peak_months)].max() for season in seasons])


def _listed(months: Sequence[int]) -> str:
    *first, last = map(str, months)
    return f"{', '.join(first)} and {last}" if first else last
