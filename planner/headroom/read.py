"""A user's hourly demand, read strictly: every problem with its line and column."""

from __future__ import annotations

import datetime
import math
import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import Problem, raise_all, refuse
from planner.clock.days import is_time_zone
from planner.tables.places import has_odd_size
from planner.tables.sheet import Sheet, read_sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from planner.base.arrays import Floats

FAR_ABOVE_MEDIAN: Final = 4.0
"""Times the median, above which an hour is taken for an error.

An estimate: the highest hour of New England in 2016 to 2024 is 1.95 times the median of those
years, and loads of zones are taken to peak below 2.5 times theirs. Half of all hours must be wrong
before the median is.
"""
_LISTED: Final = 5
_HOUR: Final = datetime.timedelta(hours=1)
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
