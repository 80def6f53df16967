"""Days and stress hours of a year."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.check.existing import in_pools
from planner.check.frames import label_of, once, table_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case

# --- Days and time slices of a year, and labels that belong together ------------------------------


@dataclass(frozen=True, eq=False)
class YearDays:
    """Days by row."""

    of_month: Floats  # days of each month that a day stands for, shape (day, month)
    is_peak: Bools  # days with the weather of the peak day, shape (day,)

    @property
    def first_month(self) -> NDArray[np.intp]:
        """First month of each day, 0 for January."""
        return np.asarray((self.of_month > 0.0).argmax(axis=1))


@once
def year_days(case: Case) -> YearDays:
    """Count the days that represent a year."""
    time = case.scenario.time
    if time.chronological:
        table = case.by("series_days", "day").sort_index()
        wide = table.reset_index().pivot(index="day", columns="month", values="weight_days")
        of_month = wide.reindex(columns=range(1, 13)).fillna(0.0).to_numpy(dtype=np.float64)
        return YearDays(of_month, table["is_peak_day"].to_numpy(dtype=np.bool_))
    month = pd.date_range("2025-01-01", "2025-12-31").month.to_numpy() - 1
    day_of_month = np.arange(12) if time.season_days == 12 else (np.arange(12) + 1) % 12 // 3
    of_month = np.zeros((time.season_days + 1, 12))
    of_month[day_of_month, np.arange(12)] = np.bincount(month)
    peak = time.peak_month - 1
    of_month[day_of_month[peak], peak] -= time.peak_day_days
    of_month[-1, peak] = time.peak_day_days
    return YearDays(of_month, np.arange(time.season_days + 1) == time.season_days)


def follows_on(case: Case) -> bool:
    """Whether each day of the year goes over into the next, and does not repeat itself."""
    time = case.scenario.time
    return time.chronological and not time.days_repeat


@once
def year_slots(case: Case) -> pd.DataFrame:
    """List the time slices with the hours each stands for."""
    days = year_days(case)
    label = pd.Series(case.inputs.sets.slot.labels, dtype="str")
    parts = label.str.extract(r"^d(\d+)h(\d+)$").astype("int64")
    frame: pd.DataFrame = table_of({"slot": label, "day": parts[0], "hour": parts[1]})
    day = frame["day"].to_numpy()
    hours = days.of_month.sum(axis=1)[day] * case.scenario.time.slot_h
    return frame.assign(hours=hours, is_peak=days.is_peak[day])


def slot_hours(case: Case) -> Floats:
    """Return the hours of the year that every time slice stands for, shape (slot,). [h]"""
    return year_slots(case)["hours"].to_numpy(dtype=np.float64)


def year_rows(case: Case, column: str = "", labels: Iterable[str] = ()) -> pd.DataFrame:
    """List the model years, for each label where there are labels."""
    if not column:
        return table_of({"year": list(case.years)})
    return pd.DataFrame(list(product(labels, case.years)), columns=[column, "year"])


@rule(
    unit="labels",
    rereads=(
        "sets.hall_cooling sets.hall_pool sets.hall_redundancy sets.workload_duty sets.site_zone "
        "sets.site_market sets.rack_vendor"
    ),
)
def labels_belong(case: Case) -> Iterator[Excess]:
    """Designs, workloads, sites and racks belong to what their names or the tables say."""
    sets = case.inputs.sets
    designs = pd.Series(list(sets.hall.labels)).str.rsplit("|", n=1)
    sites, racks = case.by("sites", "site"), case.by("racks", "rack")
    belongs: dict[str, Any] = {
        "hall_cooling": designs.str[0],
        "hall_redundancy": designs.str[1],
        "workload_duty": [case.duty[name] for name in sets.workload.labels],
        "site_zone": sites["zone"][list(sets.site.labels)],
        "site_market": sites["market"][list(sets.site.labels)],
        "rack_vendor": racks["vendor"][list(sets.rack.labels)],
    }
    for name, expected in belongs.items():
        axis, what = name.split("_")
        place = table_of({"of": list(getattr(sets, axis).labels), "what": what})
        labels = label_of(getattr(sets, what).labels, getattr(sets, name))
        yield Excess.count_broken(place, labels != np.asarray(expected, dtype=object))
    for duty, code in zip(sets.duty.labels, sets.hall_pool, strict=True):
        halls = table_of({"hall": list(sets.hall.labels), "duty": duty})
        pools = in_pools(case, halls)["hall"].to_numpy(dtype=object)
        yield Excess.count_broken(halls, label_of(sets.hall.labels, code) != pools)


@rule(
    unit="days or h",
    rereads=(
        "years.years days.season_days days.slot_h days.peak_day_days days.peak_month days.months days.days "
        "days.peaks days.repeat"
    ),
)
def days_from_scenario(case: Case) -> Iterator[Excess]:
    """Years are the scenario's, with days and time slices of the calendar or of the series.

    A representative day repeats itself; days of a series follow each other, round the year, unless
    the scenario says that they repeat.
    """
    days, expected, time = case.inputs.days, year_days(case), case.scenario.time
    n_days, per_day = expected.of_month.shape[0], 24 // time.slot_h
    hours = list(range(0, 24, time.slot_h))
    names = [f"d{day}h{hour:02d}" for day in range(n_days) for hour in hours]
    slot = np.arange(n_days * per_day).reshape(n_days, per_day)
    follows = np.roll(slot, -1, axis=None if follows_on(case) else 1)
    for what, reported, due in (
        ("years", case.inputs.years.years, case.years),
        ("slots", case.inputs.sets.slot.labels, names),
        ("time slices of days", days.names, names),
        ("year labels", case.inputs.sets.year.labels, map(str, case.years)),
    ):
        yield Excess.count_broken({"what": [what]}, [[*reported] != [*due]])
    if days.names != tuple(names):
        return
    place = table_of({"what": [f"day {day}" for day in range(n_days)]})
    yield Excess(place, np.abs(days.days_by_month - expected.of_month).max(axis=1), expected.of_month.max(axis=1))
    weight = np.repeat(expected.of_month.sum(axis=1) * time.slot_h, per_day)
    slots = table_of({"what": names})
    yield Excess.differs(slots, days.weight_h, weight)
    yield Excess.differs(slots, days.hours, np.full(len(names), float(time.slot_h)))
    yield Excess.count_broken(slots, np.asarray(days.next_slot) != follows.ravel())
    yield Excess.count_broken(place, np.asarray(days.is_peak_day) != expected.is_peak)


# --- Stress time slices of the zones, found a second time from the data ---------------------------

_SEASONS = ("DJF", "MAM", "JJA", "SON")
_DIGITS = 12
_HOURS_PER_YEAR = 8760.0
_WINDOW = ("season", "stress_share_frac", "first_hour_local", "last_hour_local")


def stress_share(case: Case, hours: Mapping[str, float]) -> pd.Series[float]:
    """Return the share of each time slice that so many hours a year fill, the most stressed first."""
    ranked = stressed_slots(case)
    ranked = ranked[ranked["zone"].isin(list(hours))]
    before_h = ranked.groupby("zone", sort=False)["hours"].cumsum() - ranked["hours"]
    left_h = ranked["zone"].map(hours).astype("float64") - before_h
    share = (left_h / ranked["hours"]).clip(0.0, 1.0)
    return share.set_axis(pd.MultiIndex.from_frame(ranked[["zone", "slot"]]))


@once
def stressed_slots(case: Case) -> pd.DataFrame:
    """Rank the time slices of every zone of the plan with rows in table `zone_stress`. Gives [h]."""
    slot, slot_h = year_slots(case), case.scenario.time.slot_h
    seasons = [_SEASONS[(int(month) + 1) % 12 // 3] for month in year_days(case).first_month]
    slot = slot.assign(season=np.array(seasons, dtype=object)[slot["day"]])
    season_days = slot.groupby("season")["hours"].sum() / 24.0
    zones = pd.DataFrame(_clocks(case).items(), columns=["zone", "clock_h"])
    windows = case.data("zone_stress")[["zone", *_WINDOW]]
    frame = zones[zones["zone"].isin(windows["zone"])].merge(slot, how="cross")
    frame = frame.merge(windows, on=["zone", "season"])
    length_h = (frame["last_hour_local"] - frame["first_hour_local"]) % 24 + 1  # past midnight
    per_hour = frame["stress_share_frac"] / (length_h * frame["season"].map(season_days))

    begin_h = frame["hour"].to_numpy() // slot_h * slot_h
    quarters_h = begin_h[:, None] + (np.arange(4 * slot_h) + 0.5) / 4.0
    local_h = np.floor((quarters_h + frame["clock_h"].to_numpy()[:, None]) % 24.0)
    since_first_h = (local_h - frame["first_hour_local"].to_numpy()[:, None]) % 24.0
    in_window = (since_first_h < length_h.to_numpy()[:, None]).mean(axis=1)

    frame = frame.assign(stress=np.round(per_hour * in_window, _DIGITS))
    most = pd.Series(in_window, frame.index)[frame["is_peak"]].groupby(frame["zone"]).idxmax()
    frame = frame.assign(first=frame.index.isin(most), order=frame["zone"].factorize()[0])
    ranked = frame.sort_values(
        ["order", "first", "stress", "is_peak"], ascending=[True, False, False, False], kind="stable"
    )
    return ranked[["zone", "slot", "hours"]].reset_index(drop=True)


def tiers_pct(case: Case) -> list[float]:
    """Return the curtailment rates that non-firm connection of the plan may have. [%]"""
    grid = case.scenario.grid
    if grid.non_firm.curtail == "pro_rata":
        return [grid.curtailment_rate_pct]
    rates = case.data("zone_headroom")["curtailment_rate_pct"].unique()
    return sorted(float(rate) for rate in rates if rate <= grid.curtailment_rate_pct)


@once
def hours_off(case: Case) -> dict[float, dict[str, float]]:
    """Return hours of a year in which each tier is off, by rate and zone, tier by tier; for the rate in all. [h]"""
    table = case.data("zone_headroom")
    wide = table.pivot(index="zone", columns="curtailment_rate_pct", values="headroom_mw")
    result: dict[float, dict[str, float]] = {}
    before_mw, before_off = 0.0 * wide.iloc[:, 0], 0.0 * wide.iloc[:, 0]
    for rate in tiers_pct(case):
        off = wide[rate] * rate / 100.0
        width = wide[rate] - before_mw
        share = ((off - before_off) / width).where(width > 0.0, rate / 100.0).clip(0.0, 1.0)
        result[rate] = {str(zone): float(frac) * _HOURS_PER_YEAR for zone, frac in share.items()}
        before_mw, before_off = wide[rate], off
    return result


def _clocks(case: Case) -> dict[str, float]:
    """Hours from UTC that most sites of each zone in the plan keep."""
    sites = case.by("sites", "site").loc[list(case.inputs.sets.site.labels)]
    count = sites.groupby(["zone", "utc_offset_h"]).size().sort_index()
    most = count.groupby(level="zone").idxmax()
    return {str(zone): float(clock) for zone, clock in most}
