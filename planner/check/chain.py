"""From compute to the meter: the chain of power and the bridge from a path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.days import year_rows, year_slots
from planner.check.demand import classes_stated_in_mw, per_amount, rack_path_mw, reference_kh100e, stated_classes
from planner.check.frames import column_by, crossed, lookup, quotient, sum_by
from planner.check.racks import companion_load
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.declared import Table

# --- The power of every site, year and time slice -------------------------------------------------


@dataclass(frozen=True, eq=False)
class Power:
    """Power by site and year (rows) and time slice (columns), as table `power_slot` has it."""

    site_year: pd.DataFrame  # site and year of every row
    slot: pd.DataFrame  # time slice, day, hour, hours of the year and is_peak of every column
    it_mw: Floats  # IT power, shape (site_year, slot) here and below. [MW]
    facility_mw: Floats  # all power of racks. [MW]
    losses_mw: Floats  # electrical losses, part of it. [MW]
    other_mw: Floats  # load beside the racks. [MW]
    grid_mw: Floats  # drawn from the grid. [MW]

    @property
    def hours(self) -> Floats:
        """Hours of the year that every time slice stands for. [h]"""
        return self.slot["hours"].to_numpy(dtype=np.float64)

    @property
    def site_mw(self) -> Floats:
        """All power that is used, shape (site_year, slot). [MW]"""
        return self.facility_mw + self.other_mw

    @property
    def grid_mwh(self) -> Floats:
        """Energy drawn from the grid, shape (site_year, slot). [MWh]"""
        return self.grid_mw * self.hours


def site_power(case: Case) -> Power:
    """Return the power of every site, year and time slice, read once for a case."""
    if site_power not in case.computed:
        names = ("it_mw", "facility_mw", "electrical_loss_mw", "other_load_mw", "grid_mw")
        read = (by_site_slot(case, "power_slot", name) for name in names)
        case.computed[site_power] = Power(case.site_year, year_slots(case), *read)
    known: Power = case.computed[site_power]
    return known


def by_site_slot(case: Case, name: str, column: str) -> Floats:
    """Add up a column of a table by site, year and time slice, shape (site_year, slot)."""
    table, key, slots = case.plan(name), ("site", "year", "slot"), year_slots(case)[["slot"]]
    return lookup(sum_by(table, key, table[column]), crossed(case.site_year, slots), key).reshape(-1, len(slots))


# --- The bridge from the path to the meter, computed a second time from the plan's tables ---------

_YEAR = ("year",)
_CLASS = ("workload", "year")
_HOURS_PER_YEAR = 8760.0
_LEVELS: Final = {
    "nameplate_mw": ("facility_share_mw restated_mw saved_mw rented_mw unmet_mw racks_mw standby_mw companion_mw"),
    "it_mean_mw": "draw_mw load_mw",
    "facility_mean_mw": "cooling_mw loss_mw",
    "facility_peak_mw": "peak_mw",
}
"""Each level after the path, with the terms that lead to it from the one before."""


def _path_classes(case: Case) -> pd.DataFrame:
    """List workloads by year: racks of the path they follow, racks of its fleet per compute."""
    classes = list(case.inputs.sets.workload.labels)
    frame = year_rows(case, "workload", classes)
    rows = frame.itertuples(index=False, name=None)
    rack_mw = np.array([rack_path_mw(case, name, year) for name, year in rows])
    kh100e = np.concatenate([reference_kh100e(case, name) for name in classes])
    uses = case.uses
    load = sum_by(uses, _CLASS, uses["used_mw"] * uses["throughput_kh100e_per_mw"])
    own = quotient(lookup(sum_by(uses, _CLASS, uses["used_mw"]), frame, _CLASS), lookup(load, frame, _CLASS))
    of_path = quotient(rack_mw, kh100e)
    per_kh100e = np.nan_to_num(np.where(np.isnan(of_path), own, of_path))
    typed = frame["workload"].isin(classes_stated_in_mw(case)).to_numpy()
    pairs = frame[typed].itertuples(index=False, name=None)
    per_kh100e[typed] = [1.0 / per_amount(case, name, "mw_rack", year) for name, year in pairs]
    follows = ~frame["workload"].isin(stated_classes(case)).to_numpy()
    return frame.assign(rack_mw=rack_mw * follows, mw_per_kh100e=per_kh100e)


def _busy_mw(case: Case) -> dict[int, float]:
    """Power of racks in service if all of them were busy, and of their companions, by year."""
    uses = case.uses
    busy = lookup(column_by(case.racks, "rack", "busy_frac").astype("float64"), uses, ("rack",), np.nan)
    companion = companion_load(case) * uses["companion_mw_per_mw"].to_numpy()
    return sum_by(uses, _YEAR, uses["in_service_mw"].to_numpy() * (busy + companion))


@rule(unit="MW", floor=10.0)
def bridge_terms(case: Case) -> Iterator[Excess]:
    """Path, racks, load, cooling and losses of the bridge are those of the plan's tables."""
    table, uses, demand = case.plan("bridge"), case.uses, case.plan("demand")
    path = _path_classes(case)
    racks_mw = lookup(sum_by(path, _YEAR, path["rack_mw"]), table, _YEAR)
    density = lookup(path.set_index(list(_CLASS))["mw_per_kh100e"], demand, _CLASS)

    def in_mw(column: str) -> Floats:
        return lookup(sum_by(demand, _YEAR, demand[f"{column}_kh100e"] * density), table, _YEAR)

    def of_uses(mw: object) -> Floats:
        return lookup(sum_by(uses, _YEAR, mw), table, _YEAR)

    power = site_power(case)
    means = {
        name: power.site_year.assign(mw=mw @ power.hours / _HOURS_PER_YEAR)
        for name, mw in (("it", power.it_mw), ("loss", power.losses_mw), ("facility", power.facility_mw))
    }
    it, loss, facility = (lookup(sum_by(of, _YEAR, of["mw"]), table, _YEAR) for of in means.values())
    used = of_uses(uses["used_mw"])
    companion = of_uses(uses["in_service_mw"] * uses["companion_mw_per_mw"])
    busy = lookup(_busy_mw(case), table, _YEAR)
    standby = of_uses(uses["standby_mw"])
    expected = {
        "path_mw": racks_mw * case.scenario.demand.facility_mw_per_rack_mw,
        "facility_share_mw": racks_mw * (1.0 - case.scenario.demand.facility_mw_per_rack_mw),
        "restated_mw": in_mw("demand") - racks_mw,
        "saved_mw": -in_mw("saved"),
        "rented_mw": -in_mw("rented"),
        "unmet_mw": -in_mw("unmet"),
        "racks_mw": used - in_mw("served"),
        "standby_mw": standby,
        "companion_mw": companion,
        "draw_mw": busy - used - standby - companion,
        "load_mw": it - busy,
        "cooling_mw": facility - it - loss,
        "loss_mw": loss,
    }
    return columns_reported(table, _YEAR, expected)


@rule(unit="MW", floor=10.0)
def bridge_adds_up(case: Case) -> Iterator[Excess]:
    """Each level of the bridge is the one before plus its terms, and equals the summary's."""
    table, summary = case.plan("bridge"), case.plan("summary").set_index("year")
    level = table["path_mw"].to_numpy()
    expected = {}
    for name, terms in _LEVELS.items():
        level = level + table[terms.split()].to_numpy().sum(axis=1)
        expected[name] = level
    known = {name: lookup(summary[name], table, _YEAR, np.nan) for name in expected}
    yield from columns_reported(table, _YEAR, expected)
    yield from columns_reported(table, _YEAR, known)


HEADING: Final = "Power, water and carbon"
IMPLIED: Final[Mapping[str, Table]] = {"bridge": year_rows}
