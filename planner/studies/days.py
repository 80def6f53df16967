"""Days chosen from a year: extreme ones are kept, the others are represented by one like them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem, raise_all
from planner.base.units import HOURS_PER_DAY
from planner.stress import YEAR_DAYS, StressYear

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planner.base.arrays import Floats, Positions

_HOURS: Final = int(HOURS_PER_DAY)
_COLUMNS: Final = ("dry_bulb_c", "wholesale_frac", "other_load_frac", "solar_frac", "wind_frac")
"""What days are compared by; the wet bulb follows the dry one."""

_DIGITS: Final = 6
"""Of what days are compared by: noise of the last digit must not choose another day elsewhere."""
_ANY_MONTH: Final = 0
"""Part of the days whose month needs no day of its own."""
_NONE: Final = -1


def _there(of_site: Floats) -> Floats | None:
    """Return figures of the sites that have any, by site, day and hour; None without one."""
    there = of_site[~np.isnan(of_site).any(axis=(1, 2))]
    return there if len(there) else None


def _mean_price_by_day(year: StressYear) -> Floats | None:
    price = year.by_day("wholesale_frac")
    return price.mean(axis=2) if np.ptp(price) > 0.0 else None


def _highest_load(year: StressYear) -> Floats | None:
    load = _there(year.by_day("other_load_frac"))
    return None if load is None else load.max(axis=2)


def _least_sun_and_wind(year: StressYear) -> Floats | None:
    yields = _there(np.concatenate([year.by_day(column) for column in ("solar_frac", "wind_frac")]))
    return None if yields is None else -yields.mean(axis=2)


KEPT: Final[dict[str, Callable[[StressYear], Floats | None]]] = {
    "hottest": lambda year: np.asarray(year.by_day("dry_bulb_c").max(axis=2)),
    "most expensive": _mean_price_by_day,
    "highest load": _highest_load,
    "least sun and wind": _least_sun_and_wind,
}
"""Extreme days by name, and by what: shape (site, day), the largest mean is kept; None without."""
_PEAKS: Final = {"hottest": "dry_bulb_c", "highest load": "other_load_frac"}
"""Days that size cooling and connections: every site has its own highest day of the year on them,
as on the design day of representative days."""


@dataclass(frozen=True, eq=False)
class ChosenDays:
    """Days that represent a year."""

    days: pd.DataFrame  # day, month, weight_days, is_peak_day, year_day and kept_as, in the order of the year
    hours: pd.DataFrame  # rows of table `site_series` for these days
    represented_by: Positions  # day that represents each day of the year, shape (365,)


def choose_days(
    year: StressYear,
    count: int,
    keep: Sequence[str] | None = None,
    source: str = "own hours",
    *,
    every_month: bool = False,
) -> ChosenDays:
    """Choose days from a year by their weather, prices, loads, sun and wind.

    Extreme days are kept and stand for themselves. All others are grouped by Ward's method until as many as asked for
    are left, each represented by its real day with the least sum of squares to the others. Hours of all sites count;
    each quantity is scaled to its spread, and prices count by their inverse hyperbolic sine, a logarithm that takes
    negative ones.
    """
    kept = _kept(year, keep if count < YEAR_DAYS else ())
    named: dict[int, list[str]] = {}
    for name, extreme in kept.items():
        named.setdefault(int(extreme.mean(axis=0).argmax()), []).append(name)
    month = np.array(year.days.months)
    open_months = np.setdiff1d(month, month[list(named)]) if every_month else np.array([], np.intp)
    _check_count(count, kept, len(named), len(open_months))
    others = np.setdiff1d(np.arange(YEAR_DAYS), list(named))
    features = _features(year)[others]
    part = np.where(np.isin(month[others], open_months), month[others], _ANY_MONTH)
    middles, group = _groups_by_part(features, part, count - len(named))
    chosen = np.sort(np.array([*named, *others[middles]], dtype=np.intp))
    represented_by = np.empty(YEAR_DAYS, dtype=np.intp)
    represented_by[list(named)] = np.searchsorted(chosen, list(named))
    represented_by[others] = np.searchsorted(chosen, others[middles[group]])
    is_peak = [any(name in _PEAKS for name in named.get(int(day), ())) for day in chosen]
    days = pd.DataFrame(
        {
            "day": np.arange(count),
            "month": [year.days.months[day] for day in chosen],
            "weight_days": np.bincount(represented_by, minlength=count).astype(np.float64),
            "is_peak_day": is_peak,
            "year_day": chosen + 1,
            "kept_as": [", ".join(named.get(int(day), ())) for day in chosen],
        }
    )
    if not any(is_peak):
        days.loc[days["day"] == represented_by[year.days.peaks[0]], "is_peak_day"] = True
    hours = _hours(year, chosen, named)
    return ChosenDays(_with_source(days, source), _with_source(hours, source), represented_by)


def _with_source(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    return frame.assign(source=source, source_year=np.nan, kind="derived")


def _kept(year: StressYear, keep: Sequence[str] | None) -> dict[str, Floats]:
    """Return what is highest on the days to be kept, by name."""
    extremes = {name: of(year) for name, of in KEPT.items() if keep is None or name in keep}
    there = ", ".join(known for known, of in KEPT.items() if of(year) is not None)
    is_kind = {name: name in KEPT for name in keep or () if extremes.get(name) is None}
    none = "is asked for, and the year has no figures for it"
    found = {name: f"{name!r} {none}" if of else f"there is no kind of day {name!r}" for name, of in is_kind.items()}
    fixes = {True: "leave it out, or give table site_series for all days of the year", False: "check its spelling"}
    raise_all([Problem.of("--keep", what, f"of {there}", fixes[is_kind[name]]) for name, what in found.items()])
    return {name: extreme for name, extreme in extremes.items() if extreme is not None}


def _check_count(count: int, kept: Mapping[str, Floats], days: int, months: int) -> None:
    """Refuse a number of days that cannot be chosen, `months` of which need one of their own."""
    least = days + max(months, 1)
    if least <= count <= YEAR_DAYS:
        return
    rest = f"one for each of {months} {'other ' if days else ''}months" if months else "one"
    rest += " for all others" if days and not months else ""
    why = f"{days} kept ({', '.join(kept)}) and {rest}" if days else rest
    why += ": tariffs bill every month" if months else ""
    fix = "ask for more days, or keep fewer by --keep" if days else "ask for more days"
    fix = fix if count < least else "a year has 365 days"
    raise InputError.at("--count", f"{count} days are asked for", f"{least} ({why}) to {YEAR_DAYS}", fix)


def _features(year: StressYear) -> Floats:
    """Return what days are compared by, shape (day, feature)."""
    parts = []
    for column in _COLUMNS:
        of_site = year.by_day(column)
        if column == "wholesale_frac":
            of_site = np.arcsinh(of_site)  # else a few hours of very high prices decide alone
        there = _there(of_site)
        spread = 0.0 if there is None else float(there.std())
        if there is not None and spread > 0.0:
            by_day = there.transpose(1, 0, 2).reshape(YEAR_DAYS, -1)
            parts.append((by_day - by_day.mean(axis=0)) / (spread * np.sqrt(by_day.shape[1])))
    return np.round(np.concatenate(parts, axis=1), _DIGITS)


def _groups_by_part(features: Floats, part: Positions, count: int) -> tuple[Positions, Positions]:
    """Group days, those of each part for themselves, those of `_ANY_MONTH` where there is room. Takes (day, feature).

    Without room they are represented by the day in the middle of another part that is most like them.
    """
    parts = np.unique(part)
    if len(parts) > count:
        parts = parts[parts != _ANY_MONTH]
    days_of = [np.flatnonzero(part == one) for one in parts]
    middles, group = np.empty(0, dtype=np.intp), np.full(len(part), _NONE)
    for days, groups in zip(days_of, _shares(features, days_of, count), strict=True):
        own_middles, own_group = _groups(features[days], groups)
        group[days] = own_group + len(middles)
        middles = np.concatenate([middles, days[own_middles]])
    left = np.flatnonzero(group == _NONE)
    group[left] = np.round(((features[left, None] - features[middles]) ** 2).sum(axis=2), _DIGITS).argmin(axis=1)
    return middles, group


def _shares(features: Floats, days_of: Sequence[Positions], count: int) -> list[int]:
    """Return how many groups each part has: what Ward's method joins last stays apart."""
    from scipy.cluster.hierarchy import linkage

    if len(days_of) == 1:
        return [count]
    rises = [linkage(features[days], method="ward")[:, 2] for days in days_of]
    of = np.repeat(np.arange(len(days_of)), [len(part) for part in rises])
    # The last join of a part comes last among equal ones.
    last = np.argsort(np.round(np.concatenate(rises), _DIGITS), kind="stable")[::-1]
    apart = of[last[: count - len(days_of)]]
    return [1 + int(groups) for groups in np.bincount(apart, minlength=len(days_of))]


def _groups(features: Floats, count: int) -> tuple[Positions, Positions]:
    """Group days; return the day in the middle of each group, and the group of each day."""
    from scipy.cluster.hierarchy import cut_tree, linkage

    group = cut_tree(linkage(features, method="ward"), n_clusters=count)[:, 0].astype(np.intp)
    middles = []
    for of in range(count):
        days = np.flatnonzero(group == of)
        # The sum of squares to the others of a group is least for the day nearest to their mean.
        away = features[days] - features[days].mean(axis=0)
        middles.append(days[np.round((away**2).sum(axis=1), _DIGITS).argmin()])
    return np.array(middles, dtype=np.intp), group


def _hours(year: StressYear, chosen: Positions, named: dict[int, list[str]]) -> pd.DataFrame:
    """Return the rows of table `site_series`, every site with its own peak days."""
    sites = len(year.sites)
    day_of = np.broadcast_to(chosen, (sites, len(chosen))).copy()
    for at, day in enumerate(chosen):
        for name in named.get(int(day), ()):
            if name in _PEAKS:
                highest = year.by_day(_PEAKS[name]).max(axis=2)
                has = ~np.isnan(highest).any(axis=1)
                day_of[has, at] = highest[has].argmax(axis=1)
    shape, place = (sites, len(chosen), _HOURS), np.arange(sites)[:, None]
    digits = dict.fromkeys(("other_load_frac", "solar_frac", "wind_frac"), _DIGITS)
    digits |= dict.fromkeys(("dry_bulb_c", "wet_bulb_c", "wholesale_frac"), 4)
    return pd.DataFrame(
        {
            "site": np.repeat(np.array(year.sites, dtype=object), len(chosen) * _HOURS),
            "day": np.broadcast_to(np.arange(len(chosen))[:, None], shape).ravel(),
            "hour_utc": np.broadcast_to(np.arange(_HOURS), shape).ravel(),
            **{name: np.round(year.by_day(name)[place, day_of].ravel(), of) for name, of in digits.items()},
        }
    )
