"""Headroom of a zone from hours of its load."""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem, raise_all, refuse
from planner.base.units import HOURS_PER_YEAR
from planner.clock.days import hours_in_year, is_time_zone
from planner.tables.places import has_odd_size
from planner.tables.sheet import Sheet, read_sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from planner.base.arrays import Bools, Floats, Integers


# --- The root of a headroom study: a constant load whose curtailed share is the rate, exactly -----


def largest_load_mw(slack_mw: Floats, promised_h: float) -> float:
    r"""Largest constant load whose curtailed energy is at most so many hours of it.

    With the slack :math:`s_h \ge 0` below the threshold the curtailed energy is
    :math:`\sum_h \max(0, L - s_h)`. Less the promised energy :math:`E L` it is convex and
    piecewise linear in `L`, 0 at `L = 0`, with a kink at every slack. So the last kink at which
    it is not above 0 tells which `k` hours are curtailed, and the root is

    .. math:: L = \frac{s_1 + \dots + s_k}{k - E}
    Takes `slack_mw` (hour,) [MW]. Gives [MW].

    At 30 MW, 30 and 20 MWh are cut in the two tightest hours: 50 MWh, 5/3 hours of the load.
    """
    slack = np.sort(slack_mw)
    hours = np.arange(1, len(slack) + 1)
    slack_sum = np.cumsum(slack)
    excess_mwh = (hours - promised_h) * slack - slack_sum  # at the kinks
    k = int(np.flatnonzero(excess_mwh <= 0.0)[-1]) + 1
    return float(slack_sum[k - 1] / (k - promised_h))


# --- Seasons of a headroom study: which months set a threshold, and which are held to it ----------

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
    """
    given = (summer_months, winter_months)
    seasons = tuple(
        season if months is None else replace(season, peak_months=tuple(months))
        for season, months in zip(SUMMER_AND_WINTER, given, strict=True)
    )
    check_seasons(seasons)
    return seasons


def check_seasons(seasons: tuple[Season, ...]) -> None:
    """Check that every month of the year is in exactly one season."""
    problems = []
    held = [month for season in seasons for month in season.months]
    for month in sorted({*_MONTHS, *held}):
        if month not in _MONTHS or held.count(month) != 1:
            what_is = f"month {month} is in {held.count(month)} seasons"
            problems.append(Problem.of("seasons", what_is, "each of 1 to 12 in one"))
    for season in seasons:
        if not season.peak_months or not set(season.peak_months) <= set(season.months):
            what_is = f"months that set the threshold of {season.name} are {_listed(season.peak_months)}"
            must_be = f"among {_listed(season.months)}, the months of {season.name}"
            problems.append(Problem.of("seasons", what_is, must_be))
    if len({season.name for season in seasons}) < len(seasons):
        what_is = f"seasons are called {', '.join(season.name for season in seasons)}"
        problems.append(Problem.of("seasons", what_is, "a name for each"))
    raise_all(problems)


def thresholds_mw(demand_mw: Floats, months: Integers, seasons: tuple[Season, ...]) -> Floats:
    """Find the highest demand of each season's peak months, over all years.

    Takes `demand_mw` (hour,) [MW], `months` (hour,). Gives (season,) [MW].
    """
    problems, fix = [], "give at least one whole year"
    for season in seasons:
        must_be = f"all months that set the threshold of {season.name}"
        for month in season.peak_months:
            if not np.any(months == month):
                problems.append(Problem.of("demand", f"no hour is in month {month}", must_be, fix))
    raise_all(problems)
    return np.array([demand_mw[np.isin(months, season.peak_months)].max() for season in seasons])


def _listed(months: Sequence[int]) -> str:
    return ", ".join(map(str, months)) or "none"


# --- How much constant load a system can take, if a small share of its energy may be curtailed ----

ALL_YEAR: Final = "all year"
_HOUR: Final = pd.Timedelta(hours=1)
_ROUNDING: Final = 1e-9  # [MW/MW] of the load, below which nothing was curtailed


@dataclass(frozen=True)
class Curtailment:
    """What is curtailed in a season, or in all the year."""

    name: str  # name of the season, or `all year`
    months: tuple[int, ...]  # its months, 1 to 12
    peak_months: tuple[int, ...] | None  # months whose highest demand is the threshold; None for the year
    threshold_mw: float | None  # load the system is taken to carry; None for the year, which has several. [MW]
    hours_per_year: float  # hours in which any load is curtailed. [h/yr]
    # hours in which demand alone reaches the threshold, so that a load of any size is off. [h/yr]
    full_hours_per_year: float
    energy_mwh_per_year: float  # energy curtailed. [MWh/yr]
    half_served_frac: float  # share of these hours in which at least half of the load stays on; 1 if there are none
    deepest_mw: float  # most curtailed in one hour. [MW]
    events_per_year: float  # runs of curtailed hours; a run belongs to the season in which it starts. [1/yr]
    mean_event_h: float  # length of the runs, 0 if there are none. [h]
    longest_event_h: int
    largest_event_mwh: float  # most energy curtailed in one run. [MWh]


@dataclass(frozen=True, eq=False)
class HeadroomStudy:
    """The largest constant load at a rate, and when and how deep it is curtailed."""

    rate_frac: float  # curtailed energy over the load times 8,760 h a year
    load_mw: float  # the headroom: constant load, curtailed where the threshold is reached. [MW]
    years: float  # years of demand that were looked at, parts of a year counted as such. [yr]
    total: Curtailment  # curtailment of all the year
    seasons: tuple[Curtailment, ...]  # curtailment of each season
    demand_mw: pd.Series[float]  # by hour of the study: demand without the load, threshold, and curtailed load. [MW]
    limit_mw: pd.Series[float]
    curtailed_mw: pd.Series[float]


def headroom_mw(
    hourly_demand: pd.Series[float], rate_frac: float, *, seasons: tuple[Season, ...] = SUMMER_AND_WINTER
) -> float:
    """Find the largest constant load whose curtailment stays at a rate. Gives [MW]."""
    return headroom_study(hourly_demand, rate_frac, seasons=seasons).load_mw


def headroom_study(
    hourly_demand: pd.Series[float], rate_frac: float, *, seasons: tuple[Season, ...] = SUMMER_AND_WINTER
) -> HeadroomStudy:
    r"""Find the largest constant load whose curtailment stays at a rate, and look at it.

    A system is taken to carry, in each season, the highest demand it had in that season's peak
    months of any year. New load `L` is curtailed where it would exceed that threshold
    :math:`T_h`, by all of it at most:

    .. math:: \sum_h \min(L, \max(0, D_h + L - T_h)) = r \cdot L \cdot 8760 \cdot \text{years}

    The left side is convex and piecewise linear, so the root is found exactly.
    Takes `hourly_demand` [MW].

    Norris, T. H., T. Profeta, D. Patino-Echeverri and A. Cowie-Haskell, Rethinking Load Growth:
    Assessing the Potential for Integration of Large Flexible Loads in US Power Systems, Nicholas
    Institute for Energy, Environment & Sustainability, Duke University, 2025.
    """
    check_seasons(seasons)
    demand = _checked(hourly_demand, rate_frac)
    index = _hourly_index(demand)
    demand_mw = np.asarray(demand.to_numpy(), dtype=np.float64)
    months = np.array(index.month, dtype=np.int64)
    by_season_mw = thresholds_mw(demand_mw, months, seasons)
    in_season = np.array([np.isin(months, season.months) for season in seasons])
    limit_mw = by_season_mw @ in_season
    # Demand of a mild month may exceed the threshold; no more than the load itself is curtailed.
    slack_mw = np.maximum(0.0, limit_mw - demand_mw)
    years = _years(index)
    load_mw = largest_load_mw(slack_mw, rate_frac * HOURS_PER_YEAR * years)
    curtailed_mw = np.maximum(0.0, load_mw - slack_mw)
    curtailed_mw[curtailed_mw <= _ROUNDING * load_mw] = 0.0
    looked_at = [
        (ALL_YEAR, _MONTHS, None, None),
        *((of.name, of.months, of.peak_months, float(mw)) for of, mw in zip(seasons, by_season_mw, strict=True)),
    ]
    total, *of_seasons = _curtailments(looked_at, months, curtailed_mw, slack_mw <= 0.0, load_mw, years)
    return HeadroomStudy(
        rate_frac,
        load_mw,
        years,
        total,
        tuple(of_seasons),
        demand,
        pd.Series(limit_mw, index=index, name="limit_mw"),
        pd.Series(curtailed_mw, index=index, name="curtailed_mw"),
    )


def _curtailments(
    seasons: Sequence[tuple[str, tuple[int, ...], tuple[int, ...] | None, float | None]],
    month: Integers,
    curtailed_mw: Floats,
    is_full: Bools,
    load_mw: float,
    years: float,
) -> Iterator[Curtailment]:
    """Look at the hours of seasons: name, months, months that set the threshold, and the threshold. [MW]"""
    edges = np.diff((curtailed_mw > 0.0).astype(int), prepend=0, append=0)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    summed_mwh = np.concatenate([[0.0], np.cumsum(curtailed_mw)])
    events_mwh = summed_mwh[ends] - summed_mwh[starts]
    for season in seasons:
        hours = np.isin(month, season[1])
        cut_mw = curtailed_mw[hours & (curtailed_mw > 0.0)]
        starts_here = hours[starts]
        lengths_h = (ends - starts)[starts_here]
        yield Curtailment(
            *season,
            hours_per_year=len(cut_mw) / years,
            full_hours_per_year=int((hours & is_full).sum()) / years,
            energy_mwh_per_year=float(cut_mw.sum()) / years,
            half_served_frac=float(np.mean(cut_mw <= load_mw / 2)) if len(cut_mw) else 1.0,
            deepest_mw=float(cut_mw.max(initial=0.0)),
            events_per_year=len(lengths_h) / years,
            mean_event_h=float(lengths_h.mean()) if len(lengths_h) else 0.0,
            longest_event_h=int(lengths_h.max(initial=0)),
            largest_event_mwh=float(events_mwh[starts_here].max(initial=0.0)),
        )


def _hourly_index(demand: pd.Series[float]) -> pd.DatetimeIndex:
    """Return the hours of a demand; anything but hours one after another is an error."""
    index = demand.index
    if not isinstance(index, pd.DatetimeIndex):
        raise InputError.at("demand", f"the index holds {index.dtype}", "the time of each hour")
    wrong = np.flatnonzero(index[1:] - index[:-1] != _HOUR)
    if len(wrong):
        what_is = f"{index[wrong[0] + 1]} follows on {index[wrong[0]]}"
        fix = f"{len(wrong)} steps are so; fill gaps, and use UTC or times with their offset"
        raise InputError.at("demand", what_is, "one hour later", fix)
    return index


def _checked(hourly_demand: pd.Series[float], rate_frac: float) -> pd.Series[float]:
    problems = []
    if not 0.0 < rate_frac < 1.0:
        what_is = f"the rate is {rate_frac}"
        problems.append(Problem.of("rate", what_is, "above 0 and below 1, for example 0.005 for 0.5 %"))
    demand = hourly_demand.astype(float)
    wrong = demand[~(np.isfinite(demand) & (demand >= 0.0))]
    if len(wrong):
        what_is = f"demand is {wrong.iloc[0]} MW at {wrong.index[0]}"
        fix = f"{len(wrong)} hours are so" if len(wrong) > 1 else ""
        problems.append(Problem.of("demand", what_is, "at least 0", fix))
    raise_all(problems)
    return demand


def _years(index: pd.DatetimeIndex) -> float:
    years, hours = np.unique(index.year, return_counts=True)
    parts = (n / hours_in_year(int(year)) for year, n in zip(years, hours, strict=True))
    return float(sum(parts))


# --- A user's hourly demand, read strictly: every problem with its line and column ----------------

FAR_ABOVE_MEDIAN: Final = 4.0
"""Times the median, above which an hour is taken for an error.

An estimate: the highest hour of New England in 2016 to 2024 is 1.95 times the median of those
years, and loads of zones are taken to peak below 2.5 times theirs. Half of all hours must be wrong
before the median is.
"""
_LISTED: Final = 5
_NUMBER: Final = re.compile(r"\s*\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_END_OF_DAY: Final = re.compile(r".*[T ]24:00(:00)?\b.*")
_OTHER_UNIT: Final = re.compile(r".*[\s_(\[]([kgt]wh?|wh?)[)\]]?\s*", re.IGNORECASE)


def read_hourly_demand(
    path: Path,
    *,
    time_column: str | None = None,
    demand_column: str | None = None,
    time_zone: str | None = None,
    on_warning: Callable[[Problem], None] | None = None,
) -> pd.Series[float]:
    """Read the hourly demand of a zone. Gives [MW]."""
    is_wrong = time_zone is not None and not is_time_zone(time_zone)
    refuse("--time-zone", (is_wrong, f"the time zone is {time_zone!r}", "an IANA name such as America/New_York"))
    sheet = read_sheet(path, "demand")
    time_at, demand_at = _columns(sheet, time_column, demand_column)
    times, demand_mw, problems = _read_rows(sheet, time_at, demand_at)
    raise_all(problems)
    if on_warning is not None:
        for warning in _far_above(sheet, demand_at, np.array(demand_mw)):
            on_warning(warning)
    index = pd.DatetimeIndex(times)
    if time_zone is not None:
        index = (index if index.tz else index.tz_localize("UTC")).tz_convert(time_zone)
    return pd.Series(demand_mw, index=index, name="demand_mw")


def _read_rows(
    sheet: Sheet, time_at: int, demand_at: int
) -> tuple[list[datetime.datetime], list[float], list[Problem]]:
    times: list[datetime.datetime] = []
    demand_mw: list[float] = []
    problems: list[Problem] = list(sheet.problems)

    def report(record: int, cell: int, what_is: str, must_be: str, fix: str = "") -> None:
        cell = min(cell, len(sheet.records[record]) - 1)
        problems.append(sheet.problem(record, cell, what_is, must_be, fix))

    before: datetime.datetime | None = None
    for number, record in enumerate(sheet.records):
        if len(record) != len(sheet.header):
            must_be = f"{len(sheet.header)}, as the header has"
            fix = "write decimals with a point" if len(record) > len(sheet.header) else ""
            report(number, len(record) - 1, f"the row has {len(record)} cells", must_be, fix)
            before = None
            continue
        time = _time(record[time_at])
        if time is None:
            must_be = "a time such as 2024-07-01 15:00 or 2024-07-01T15:00-04:00"
            fix = "write the year first, and name hours by their beginning"
            report(number, time_at, f"the time is {record[time_at]!r}", must_be, fix)
        elif before is not None:
            step = _step_problem(before, time)
            if step:
                fix = "give every hour once, in UTC or with its offset where clocks change"
                report(number, time_at, step, "one hour after the row before", fix)
        before = time
        text = record[demand_at]
        mw = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(mw) or has_odd_size(mw):  # 1e400 is read as infinite
            must_be = "a number of MW, at least 0, with a decimal point and without commas"
            report(number, demand_at, f"the demand is {text!r}", must_be)
        elif time is not None:
            times.append(time.astimezone(datetime.UTC) if time.tzinfo else time)
            demand_mw.append(mw)
    if not sheet.records:
        problems.append(Problem(sheet.file, 2, 1, "there is no row", "a row per hour"))
    elif not problems and not any(demand_mw):
        fix = "look for the column of the demand"
        report(0, demand_at, "the demand is 0 in every hour", "above 0 in some hour", fix)
    return times, demand_mw, problems


def _far_above(sheet: Sheet, demand_at: int, demand_mw: Floats) -> Iterator[Problem]:
    """Find hours with a demand that no other hours come near, as in another unit."""
    median_mw = float(np.median(demand_mw))
    hours = np.flatnonzero((demand_mw > FAR_ABOVE_MEDIAN * median_mw) & (median_mw > 0.0))
    for hour in hours[:_LISTED]:
        what_is = (
            f"the demand is {demand_mw[hour]:,.0f} MW, {demand_mw[hour] / median_mw:,.1f} times the"
            f" median of all hours, {median_mw:,.0f} MW"
        )
        if hour == hours[:_LISTED][-1] and len(hours) > _LISTED:
            what_is += f" (and {len(hours) - _LISTED:,} more)"
        yield sheet.problem(int(hour), demand_at, what_is, "", "look for another unit, or for a sum in its place")


def _time(text: str) -> datetime.datetime | None:
    # From Python 3.13 on 24:00 is read as the next day, which hides hours named by their end.
    if _END_OF_DAY.fullmatch(text):
        return None
    try:
        return datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _step_problem(before: datetime.datetime, time: datetime.datetime) -> str:
    """Say what is wrong between two rows; nothing if one hour lies between them."""
    if (before.tzinfo is None) != (time.tzinfo is None):
        return f"one of the times {before} and {time} has an offset and one has not"
    step = time - before
    if step == _HOUR:
        return ""
    if not step:
        return f"{time} appears twice"
    if step < datetime.timedelta(0):
        return f"{time} comes after {before}"
    return f"{time} comes {step / _HOUR:g} h after {before}"


def _columns(sheet: Sheet, time_column: str | None, demand_column: str | None) -> tuple[int, int]:
    """Find the two columns; the demand must not say that it is in another unit than MW."""
    problems = []
    found = []
    for default, kind, name in ((0, "time", time_column), (1, "demand", demand_column)):
        if name is None and len(sheet.header) == 2:
            found.append(default)
        elif name in sheet.header:
            found.append(sheet.header.index(name))
        else:
            what_is = f"the columns are {', '.join(sheet.header)}" if name is None else f"no column is called {name!r}"
            must_be = f"a table of time and demand, or the {kind} column named"
            place = sheet.place(-1, 0)
            problems.append(Problem(sheet.file, *place, what_is, must_be, f"--{kind}-column NAME"))
    if not problems:
        demand = sheet.header[found[1]]
        unit = _OTHER_UNIT.fullmatch(demand)
        if unit:
            what_is = f"the demand is in {unit.group(1)}, by the name of its column {demand!r}"
            place = sheet.place(-1, found[1])
            problems.append(Problem(sheet.file, *place, what_is, "in MW", "convert the column"))
    raise_all(problems)
    return found[0], found[1]
