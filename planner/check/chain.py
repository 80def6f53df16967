"""From compute to the meter: the chain of power and the bridge from a path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.days import year_rows, year_slots
from planner.check.demand import classes_stated_in_mw, per_amount, rack_path_mw, reference_kh100e, stated_classes
from planner.check.existing import hall_years
from planner.check.frames import column_by, crossed, keyed, lookup, once, quotient, sum_by, to_frame
from planner.check.grid_figures import other_load_mw
from planner.check.racks import companion_load
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.check.case import Case

    Codes = NDArray[np.integer]
    from collections.abc import Mapping

    from planner.check.declared import Table

# --- The power chain of every site, year and time slice, added up again from the racks in use -----


@dataclass(frozen=True, eq=False)
class Power:
    """Power by site and year (rows) and time slice (columns)."""

    site_year: pd.DataFrame  # site and year of every row
    slot: pd.DataFrame  # time slice, day, hour, hours of the year and is_peak of every column
    it_mw: Floats  # IT power and all power of racks, shape (site_year, slot). [MW]
    facility_mw: Floats
    it_by_cooling_mw: Floats  # IT power before anything is put off, shape (site_year, cooling, slot). [MW]
    other_mw: Floats  # load beside the racks, shape (site_year, slot). [MW]
    # power drawn from the grid: what is used, or what the plan says it imports where a site balances its power, shape
    # (site_year, slot). [MW]
    grid_mw: Floats
    # IT power of work done in a time slice less of work due in it, of workloads that only wait and of those that move
    # between sites, shape (site_year, slot). [MW]
    shifted_mw: Floats
    migrated_mw: Floats
    losses_mw: Floats  # electrical losses, shape (site_year, slot). [MW]
    water_m3: Floats  # water evaporated in a year, shape (site_year,). [m3]

    @property
    def hours(self) -> Floats:
        """Hours of the year that every time slice stands for. [h]"""
        return self.slot["hours"].to_numpy(dtype=np.float64)

    @property
    def site_mw(self) -> Floats:
        """All power that is used, shape (site_year, slot). [MW]"""
        return self.facility_mw + self.other_mw

    @property
    def energy_mwh(self) -> Floats:
        """Energy of racks and all they need, shape (site_year, slot). [MWh]"""
        return self.facility_mw * self.hours

    @property
    def grid_mwh(self) -> Floats:
        """Energy drawn from the grid, shape (site_year, slot). [MWh]"""
        return self.grid_mw * self.hours


def site_power(case: Case) -> Power:
    """Return the power of every site, year and time slice, added up again, once for a case."""
    if site_power not in case.computed:
        case.computed[site_power] = _power(case)
    known: Power = case.computed[site_power]
    return known


def _power(case: Case) -> Power:
    """Add up IT power, cooling, losses and water of a plan."""
    chain, sets = case.inputs.power, case.inputs.sets
    site_year = case.site_year
    row_of = pd.Series(np.arange(len(site_year)), index=keyed(site_year))
    site = np.asarray(sets.site.codes(site_year["site"]))
    slot = year_slots(case)
    rows, cools, shapes = len(site_year), len(sets.cooling), len(sets.shape)

    uses = _placed(case.uses, row_of)
    row = uses["row"].to_numpy()
    cooling, shape = sets.cooling.codes(uses["cooling"]), sets.shape.codes(uses["shape"])
    used = uses["used_mw"].to_numpy(dtype=np.float64)
    idle_mw = uses["in_service_mw"].to_numpy(dtype=np.float64) * uses["idle_mw_per_mw"].to_numpy()
    follows_mw = used * uses["dynamic_mw_per_mw"].to_numpy()

    def add(values: Floats, *places: tuple[Codes, int]) -> Floats:
        """Add values up on a grid of places."""
        size = tuple(count for _, count in places)
        flat = np.ravel_multi_index(tuple(code for code, _ in places), size)
        total = np.bincount(flat, weights=values, minlength=int(np.prod(size)))
        return np.asarray(total, dtype=np.float64).reshape(size)

    work = _placed(case.plan("migration").merge(case.halls, on="hall"), row_of)
    done, due = (work[name].to_numpy(dtype=np.float64) for name in ("done_mw", "due_mw"))
    work_at = (work["row"].to_numpy(), rows), (sets.slot.codes(work["slot"]), len(slot))
    work_cooling = (sets.cooling.codes(work["cooling"]), cools)

    at_row, at_cool, at_shape = (row, rows), (cooling, cools), (shape, shapes)
    profile = chain.shape_frac[site]  # [row, shape, slot]
    stays_mw = follows_mw * (1.0 - share_that_moves(case, uses))
    due_mw = np.einsum("rcf,rfh->rch", add(stays_mw, at_row, at_cool, at_shape), profile)
    it_mw = add(idle_mw, at_row, at_cool)[:, :, None] + due_mw
    it_mw += add(done, work_at[0], work_cooling, work_at[1])
    shifted_mw = _shifted(case, row_of, rows)

    loss_frac = uses["loss_variable_frac"].to_numpy()
    following = add(loss_frac * stays_mw, at_row, at_shape)
    halls = _placed(hall_years(case).merge(case.halls, on="hall"), row_of)
    plant = np.bincount(halls["row"], weights=halls["loss_fixed_frac"] * halls["operated_mw"], minlength=rows)
    losses_mw = (plant + add(loss_frac * idle_mw, at_row))[:, None] + np.einsum("rf,rfh->rh", following, profile)
    losses_mw += add(work["loss_variable_frac"].to_numpy() * done, *work_at)
    cooled_mw = np.einsum("rch,rch->rh", 1.0 + chain.mechanical_frac[site], it_mw)
    cooled_mw += (1.0 + chain.defer_mechanical_frac[site]) * shifted_mw
    hours = slot["hours"].to_numpy(dtype=np.float64)
    facility_mw = cooled_mw + losses_mw
    other_mw = other_load_mw(case)[site]
    return Power(
        site_year=site_year,
        slot=slot,
        it_by_cooling_mw=it_mw,
        it_mw=it_mw.sum(axis=1) + shifted_mw,
        facility_mw=facility_mw,
        other_mw=other_mw,
        grid_mw=_drawn(case, site_year, facility_mw + other_mw),
        shifted_mw=shifted_mw,
        migrated_mw=add(done - due, *work_at),
        losses_mw=losses_mw,
        water_m3=np.einsum("rch,rch,h->r", chain.wue_l_per_kwh[site], it_mw, hours),
    )


@once
def shed_mw(case: Case) -> Floats:
    """Return the power that the plan says is not served, shape (site_year, slot). [MW]"""
    return _by_slot(case, "stress_slot", "shed_mw")


@once
def exported_mw(case: Case) -> Floats:
    """Return the power that the plan says is sold, shape (site_year, slot). [MW]"""
    return _by_slot(case, "site_surplus", "export_mw")


def _by_slot(case: Case, name: str, column: str) -> Floats:
    table, key = case.plan(name), ("site", "year", "slot")
    power = site_power(case)
    frame = crossed(power.site_year, power.slot[["slot"]])
    return lookup(sum_by(table, key, table[column]), frame, key).reshape(power.facility_mw.shape)


def _drawn(case: Case, site_year: pd.DataFrame, site_mw: Floats) -> Floats:
    """Power drawn from the grid, by row and time slice: from the plan where it is decided. [MW]"""
    sets, balanced = case.inputs.sets, to_frame(case.inputs.balance.site_year)
    reported = case.plan("power_slot")
    row_of = keyed(site_year)
    row = row_of.get_indexer(keyed(reported[["site", "year"]]))
    imports = np.zeros_like(site_mw)
    imports[row, sets.slot.codes(reported["slot"])] = reported["grid_mw"]
    is_balanced = row_of.isin(keyed(balanced))
    return np.where(is_balanced[:, None], imports, site_mw)


def share_that_moves(case: Case, frame: pd.DataFrame) -> Floats:
    """Return the share of work that may move between sites, for every row of a table."""
    given = case.scenario.workloads
    moving = [name for name, stated in given.items() if stated.written_values().get("moves_between_sites")]
    share = column_by(case.workloads, "workload", "deferrable_frac")
    return lookup(share[share.index.isin(moving)], frame, ("workload",))


def _placed(frame: pd.DataFrame, row_of: pd.Series[int]) -> pd.DataFrame:
    """Keep the rows whose site and year are in the plan, with their place in `row`."""
    row = row_of.index.get_indexer(keyed(frame[["site", "year"]]))
    known = frame.assign(row=row)
    is_known = (known["row"] >= 0) & known["cooling"].notna()
    if "shape" in known:
        is_known &= known["shape"].notna()
    return known[is_known]


def _shifted(case: Case, row_of: pd.Series[int], rows: int) -> Floats:
    """Work done less work due, by row and time slice. [MW]"""
    work = case.plan("deferral")
    row = row_of.index.get_indexer(keyed(work[["site", "year"]]))
    axis = case.inputs.sets.slot
    flat = row * len(axis) + axis.codes(work["slot"])
    weights = (work["done_mw"] - work["due_mw"]).to_numpy(dtype=np.float64)
    total = np.bincount(flat[row >= 0], weights=weights[row >= 0], minlength=rows * len(axis))
    return np.asarray(total, dtype=np.float64).reshape(rows, len(axis))


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


def _busy_mw(case: Case) -> pd.Series[float]:
    """Power of racks in service if all of them were busy, and of their companions, by year."""
    uses = case.uses
    busy = lookup(column_by(case.racks, "rack", "busy_frac").astype("float64"), uses, ("rack",), np.nan)
    companion = companion_load(case) * uses["companion_mw_per_mw"].to_numpy()
    return sum_by(uses, _YEAR, uses["in_service_mw"].to_numpy() * (busy + companion))


@rule(unit="MW", floor=10.0)
def bridge_terms(case: Case) -> Excess:
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
def bridge_adds_up(case: Case) -> Excess:
    """Each level of the bridge is the one before plus its terms, and equals the summary's."""
    table, summary = case.plan("bridge"), case.plan("summary").set_index("year")
    level = table["path_mw"].to_numpy()
    expected = {}
    for name, terms in _LEVELS.items():
        level = level + table[terms.split()].to_numpy().sum(axis=1)
        expected[name] = level
    known = {name: lookup(summary[name], table, _YEAR, np.nan) for name in expected}
    return columns_reported(table, _YEAR, expected).and_also(columns_reported(table, _YEAR, known))


HEADING: Final = "Power, water and carbon"
IMPLIED: Final[Mapping[str, Table]] = {"bridge": year_rows}
