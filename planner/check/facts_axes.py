"""Years, days and slots, and what each label belongs to, read a second time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.days import year_days
from planner.check.frames import by, label_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.check.case import Case

__all__ = ["RULES"]


@rule(unit="labels")
def labels_belong(case: Case) -> Excess:
    """Designs, classes, sites and racks belong to what their names or the tables say."""
    sets = case.inputs.sets
    designs = pd.Series(list(sets.hall.labels)).str.rsplit("|", n=1)
    sites = case.sites.set_index("site").loc[list(sets.site.labels)]
    maker = by(case.racks, "rack", "vendor")
    pairs = (
        (sets.hall, "cooling", sets.cooling, sets.hall_cooling, designs.str[0]),
        (sets.hall, "redundancy", sets.redundancy, sets.hall_redundancy, designs.str[1]),
        (
            sets.workload,
            "duty",
            sets.duty,
            sets.workload_duty,
            pd.Series([case.duty[name] for name in sets.workload.labels]),
        ),
        (sets.site, "zone", sets.zone, sets.site_zone, sites["zone"]),
        (sets.site, "market", sets.market, sets.site_market, sites["market"]),
        (sets.rack, "vendor", sets.vendor, sets.rack_vendor, maker[list(sets.rack.labels)]),
    )
    parts = [
        Excess.where(
            pd.DataFrame({"of": list(axis.labels), "what": what}),
            label_of(other, codes) != own.to_numpy(dtype=object),
        )
        for axis, what, other, codes, own in pairs
    ]
    return parts[0].and_also(*parts[1:])


def _alike(what: str, told: Sequence[object], own: Sequence[object]) -> Excess:
    """Compare two lists as a whole, of one length or not."""
    return Excess.where(pd.DataFrame({"what": [what]}), np.array([list(told) != list(own)]))


@rule(unit="days or h")
def days_from_scenario(case: Case) -> Excess:
    """Years are those asked for, told by days and slots of the calendar or of the series.

    A representative day repeats itself; days of a series follow each other, round the year.
    """
    days, own, time = case.inputs.days, year_days(case), case.scenario.time
    n_days, per_day = own.of_month.shape[0], 24 // time.slot_h
    hours = list(range(0, 24, time.slot_h))
    names = [f"d{day}h{hour:02d}" for day in range(n_days) for hour in hours]
    slot = np.arange(n_days * per_day).reshape(n_days, per_day)
    follows = np.roll(slot, -1) if time.chronological else np.roll(slot, -1, axis=1)
    lists = Excess.where(pd.DataFrame({"what": []}), np.zeros(0, dtype=np.bool_)).and_also(
        _alike("years", case.inputs.years.years, case.years),
        _alike("slots", case.inputs.sets.slot.labels, names),
        _alike("slots of days", days.names, names),
        _alike("year labels", case.inputs.sets.year.labels, [str(year) for year in case.years]),
    )
    if days.names != tuple(names):
        return lists
    place = pd.DataFrame({"what": [f"day {day}" for day in range(n_days)]})
    told = np.asarray(days.days_by_month)
    months = Excess(place, np.abs(told - own.of_month).max(axis=1), own.of_month.max(axis=1))
    weight = np.repeat(own.of_month.sum(axis=1) * time.slot_h, per_day)
    slots = pd.DataFrame({"what": names})
    return lists.and_also(
        months,
        Excess.differs(slots, np.asarray(days.weight_h), weight),
        Excess.differs(slots, np.asarray(days.hours), np.full(len(names), float(time.slot_h))),
        Excess.where(slots, np.asarray(days.next_slot) != follows.ravel()),
        Excess.where(place, np.asarray(days.is_peak_day) != own.is_peak),
    )


RULES = (labels_belong, days_from_scenario)
