"""A user's own hours: temperatures and prices by site and hour of the year, read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.units import HOURS_PER_DAY, HOURS_PER_YEAR
from planner.tables import load_package, read_tables
from planner.tables.sheet import shown_path

if TYPE_CHECKING:
    from pathlib import Path

    from planner.base.arrays import Floats
    from planner.tables import Package


_HOURS: Final = int(HOURS_PER_DAY)
_YEAR_H: Final = int(HOURS_PER_YEAR)
_TABLE: Final = "own_hours"


@dataclass(frozen=True)
class OwnHours:
    """Own weather and prices; what is NaN is drawn."""

    dry_c: Floats  # temperatures. [deg C]
    wet_c: Floats
    wholesale_usd_per_mwh: Floats  # wholesale price

    def temperatures(
        self, first_day: int, days: int, dry_c: Floats, wet_c: Floats, hotter_k: Floats | float
    ) -> tuple[Floats, Floats]:
        """Put own temperatures, and a heat wave on them, in the place of drawn ones."""
        at = slice(first_day * _HOURS, (first_day + days) * _HOURS)
        return (_given_or(self.dry_c[:, at] + hotter_k, dry_c), _given_or(self.wet_c[:, at] + hotter_k, wet_c))

    def prices(self, first_day: int, days: int, delivered: Floats, wholesale: Floats, drawn: Floats) -> Floats:
        """Put own wholesale prices under the adder of the plan."""
        at = slice(first_day * _HOURS, (first_day + days) * _HOURS)
        return _given_or(delivered + self.wholesale_usd_per_mwh[:, at] - wholesale, drawn)


def _given_or(given: Floats, drawn: Floats) -> Floats:
    return np.asarray(np.where(np.isnan(given), drawn, given))


def read_own_hours(path: Path, sites: tuple[str, ...], package: Package | None = None) -> OwnHours:
    """Read a user's own hours of a year."""
    package = package or load_package()
    frame = read_tables([_TABLE], {_TABLE: path}, package=package)[_TABLE]
    file = shown_path(path)
    problems = [
        Problem.of(
            file,
            f"unknown site {site!r}",
            "a site that draws power in the plan",
            "check its spelling, or leave its rows out",
        )
        for site in sorted(set(frame["site"]) - set(sites))
    ]
    count = frame.groupby("site")["year_hour_utc"].nunique()
    problems += [
        Problem.of(
            file,
            f"{site} has {hours} hours",
            f"{_YEAR_H}, from 0, in UTC",
            "add rows, or leave the site out to have its hours drawn",
        )
        for site, hours in count.items()
        if hours != _YEAR_H
    ]
    if problems:
        raise InputError(problems)
    arrays = {}
    for name in ("dry_bulb_c", "wet_bulb_c", "wholesale_usd_per_mwh"):
        wide = frame.pivot(index="site", columns="year_hour_utc", values=name)
        arrays[name] = wide.reindex(index=list(sites)).to_numpy(dtype=np.float64)
        if wide.empty:
            arrays[name] = np.full((len(sites), _YEAR_H), np.nan)
    return OwnHours(arrays["dry_bulb_c"], arrays["wet_bulb_c"], arrays["wholesale_usd_per_mwh"])
