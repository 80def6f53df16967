"""The loss of every site in turn: real work is sent to real reserves, within its bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, has, listed, tally
from planner.check.losses import asks, may_not_cover, reach, reserves
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.check.case import Case

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["RULES"]

_LOAD = ("site", "workload", "year")
_CLASS = ("workload", "year")
_ROUTE = ("region", "workload", "site")
_PAIR = ("site", "standby")
_SITE = ("site", "year")
_DUST_KH100E = 1e-9


@rule(unit="kH100e")
def survives_loss_of_any_site(case: Case) -> Excess:
    """With any one site lost, all it serves of classes with failover finds reserve in reach."""
    found = case.losses
    return Excess(
        found[list(_LOAD)],
        found["unserved_kh100e"].to_numpy(dtype=np.float64),
        found["load_kh100e"].to_numpy(dtype=np.float64),
    )


@rule(unit="MW")
def standby_only_for_failover(case: Case) -> Excess:
    """Racks stand by only for classes and in years that must survive the loss of a site."""
    plan = case.plan("plan")
    idle = np.where(asks(case, plan), 0.0, plan["standby_mw"].to_numpy())
    place = plan[["site", "rack", "hall", "workload", "year"]]
    return Excess.above(place, idle, 0.0)


@rule(unit="kH100e")
def reserve_of_standby(case: Case) -> Excess:
    """A reserve is no more than its stand-by racks could carry, and is told as the plan has it."""
    table, uses = case.plan("reserve"), case.uses
    place = table[list(_LOAD)]
    own = reserves(case).set_index(list(_LOAD))["reserve_kh100e"]
    served = tally(case.plan("assignment"), _LOAD, case.plan("assignment")["served_kh100e"])
    told = [
        Excess.differs(place, table[name].to_numpy(), at(values, table, _LOAD))
        for name, values in (
            ("load_kh100e", served),
            ("standby_mw", tally(uses, _LOAD, uses["standby_mw"])),
            ("idle_mw", tally(uses, _LOAD, uses["standby_mw"] * uses["idle_mw_per_mw"])),
        )
    ]
    return Excess.above(place, table["reserve_kh100e"].to_numpy(), at(own, table, _LOAD)).and_also(
        *told
    )


@rule(unit="kH100e")
def failures_told(case: Case) -> Excess:
    """The tables of failures tell every loss, who takes it over, and what is left unserved."""
    found, table = case.losses, case.plan("failures")
    told = table.set_index(list(_LOAD))
    taken = case.plan("takeovers")
    parts = [
        Excess.differs(found[list(_LOAD)], at(told[name], found, _LOAD, np.nan), own)
        for name, own in (
            ("load_kh100e", found["load_kh100e"].to_numpy()),
            ("unserved_kh100e", found["unserved_kh100e"].to_numpy()),
            ("taken_kh100e", at(tally(taken, _LOAD, taken["taken_kh100e"]), found, _LOAD)),
        )
    ]
    whole = table["taken_kh100e"] + table["unserved_kh100e"]
    adds_up = Excess.differs(table[list(_LOAD)], whole.to_numpy(), table["load_kh100e"].to_numpy())
    return adds_up.and_also(Excess.where(table[list(_LOAD)], ~has(table, found, _LOAD)), *parts)


@rule(unit="kH100e")
def takeovers_fit(case: Case) -> Excess:
    """Work is taken over by sites in reach that are not barred, within reserve and need."""
    table, reserve = case.plan("takeovers"), reserves(case)
    pair_key, service = ("site", "standby", *_CLASS), ("site", "region", *_CLASS)
    pairs = table[list(pair_key)].drop_duplicates().reset_index(drop=True)
    room = at(
        reserve.set_index(list(_LOAD))["reserve_kh100e"], pairs, ("standby", "workload", "year")
    )
    taken = at(tally(table, pair_key, table["taken_kh100e"]), pairs, pair_key)
    services = table[list(service)].drop_duplicates().reset_index(drop=True)
    served = tally(case.plan("assignment"), service, case.plan("assignment")["served_kh100e"])
    needed = at(served, services, service)
    given = at(tally(table, service, table["taken_kh100e"]), services, service)
    by = table[["region", "workload", "standby"]].rename(columns={"standby": "site"})
    reached = reach(case, by[["region", "workload"]].drop_duplicates(), by[["workload", "site"]])
    key = ["site", "standby", "region", *_CLASS]
    return Excess.above(pairs, taken, room).and_also(
        Excess.above(services, given, needed),
        Excess.where(table[key], ~has(by, reached, _ROUTE)),
        Excess.where(table[key], may_not_cover(case, table)),
    )


@rule(unit="MW")
def failover_power(case: Case) -> Excess:
    """Connection and firm sources carry a site on the peak day with all stand-by racks at work.

    Non-firm connection counts for what the slot leaves of it.
    """
    power, called = case.power, _called_mw(case)
    peak = power.slot["is_peak"].to_numpy()
    beside_firm = _spare_output_mw(case) + _left_of_non_firm_mw(case)
    worst = (power.grid_mw + called - beside_firm)[:, peak].max(axis=1)
    stands_by = called.max(axis=1) > 0.0
    sites = case.site_years
    drawn = tally(power.site_year[stands_by], _SITE, worst[stands_by])
    place = power.site_year[stands_by].reset_index(drop=True)
    firm = tally(sites, _SITE, sites["firm_mw"])
    return Excess.above(place, at(drawn, place, _SITE), at(firm, place, _SITE))


def _left_of_non_firm_mw(case: Case) -> Floats:
    """Non-firm connection less what is off in a stress slot, by site-year and slot. [MW]"""
    total, frame = np.zeros(case.power.grid_mw.size), case.non_firm_slots
    total[frame["place"]] = frame["non_firm_mw"] - frame["off_mw"]
    return total.reshape(case.power.grid_mw.shape)


def _called_mw(case: Case) -> Floats:
    """Power that stand-by racks would add at work, by site-year and slot. [MW]"""
    inputs, power = case.inputs, case.power
    sets, chain = inputs.sets, inputs.power
    uses = case.uses[case.uses["standby_mw"] > 0.0]
    row_of = pd.MultiIndex.from_frame(power.site_year)
    row = row_of.get_indexer(pd.MultiIndex.from_frame(uses[list(_SITE)]))
    site, cooling, shape = (
        np.asarray(axis.codes(uses[name]))
        for axis, name in ((sets.site, "site"), (sets.cooling, "cooling"), (sets.shape, "shape"))
    )
    follows = (uses["standby_mw"] * uses["dynamic_mw_per_mw"]).to_numpy()[:, None]
    overhead = 1.0 + chain.mechanical_frac[site, cooling]
    overhead = overhead + uses["loss_variable_frac"].to_numpy()[:, None]
    total = np.zeros_like(power.grid_mw)
    np.add.at(total, row, follows * chain.shape_frac[site, shape] * overhead)
    return total


def _spare_output_mw(case: Case) -> Floats:
    """What own sources that may run at any hour do not put out, by site-year and slot. [MW]"""
    supply, power, sets = case.inputs.supply, case.power, case.inputs.sets
    key = ("site", "source", "year")
    output = listed(supply.output)
    output = output[~has(output, listed(supply.run_hours), key)]
    share = supply.availability_frac[
        sets.site.codes(output["site"]),
        supply.output.axis("source").codes(output["source"]),
        sets.slot.codes(output["slot"]),
    ]
    years, slots = case.plan("source_year"), case.plan("source_slot")
    capacity = at(tally(years, key, years["capacity_mw"]), output, key)
    made = at(tally(slots, (*key, "slot"), slots["output_mw"]), output, (*key, "slot"))
    row_of = pd.MultiIndex.from_frame(power.site_year)
    row = row_of.get_indexer(pd.MultiIndex.from_frame(output[list(_SITE)]))
    total = np.zeros_like(power.grid_mw)
    np.add.at(total, (row, sets.slot.codes(output["slot"])), share * capacity - made)
    return total


@rule(unit="kH100e")
def resilience_told(case: Case) -> Excess:
    """Load, reserve and the worst loss of each class are told as the plan has them."""
    table, found, reserve = case.plan("resilience"), case.losses, case.plan("reserve")
    worst = found.groupby(list(_CLASS))["unserved_kh100e"].max()
    largest = found.groupby(list(_CLASS))["load_kh100e"].max()
    pairs = (
        ("load_kh100e", tally(found, _CLASS, found["load_kh100e"])),
        ("largest_load_kh100e", largest),
        ("unserved_kh100e", worst),
        ("reserve_kh100e", tally(reserve, _CLASS, reserve["reserve_kh100e"])),
        ("standby_mw", tally(reserve, _CLASS, reserve["standby_mw"])),
    )
    parts = [
        Excess.differs(table[list(_CLASS)], table[name].to_numpy(), at(own, table, _CLASS))
        for name, own in pairs
    ]
    asked = Excess.where(table[list(_CLASS)], ~asks(case, table))
    return asked.and_also(*parts)


RULES = (
    survives_loss_of_any_site,
    standby_only_for_failover,
    reserve_of_standby,
    failures_told,
    takeovers_fit,
    failover_power,
    resilience_told,
)
