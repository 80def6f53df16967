"""Demand is met, and every way of meeting it is what it claims to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, crossed, has, listed, tally
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case


__all__ = ["RULES"]

_DEMAND = ("region", "workload", "year")
_LOAD = ("site", "workload", "year")
_CLASS = ("workload", "year")


def _demand(case: Case) -> pd.DataFrame:
    """List what is asked for, with how it is met as the decisions say."""
    wanted = case.inputs.demand
    frame = listed(wanted.demand, demand_kh100e=wanted.demand_kh100e)
    assigned, told = case.plan("assignment"), case.plan("demand").set_index(list(_DEMAND))
    lever = case.plan("levers").merge(_levers(case), on=["workload", "lever", "year"], how="left")
    saved_frac = tally(lever, _CLASS, lever["adopted_frac"] * lever["saving_frac"])
    return frame.assign(
        served_kh100e=at(tally(assigned, _DEMAND, assigned["served_kh100e"]), frame, _DEMAND),
        rented_kh100e=at(told["rented_kh100e"], frame, _DEMAND),
        unmet_kh100e=at(told["unmet_kh100e"], frame, _DEMAND),
        saved_kh100e=at(saved_frac, frame, _CLASS) * wanted.demand_kh100e,
    )


def _levers(case: Case) -> pd.DataFrame:
    levers = case.inputs.levers
    return listed(
        levers.adopted,
        saving_frac=levers.saving_frac,
        max_adoption_frac=levers.max_adoption_frac,
    )


@rule(unit="kH100e")
def demand_balance(case: Case) -> Excess:
    """Compute served, rented, saved by levers and unmet adds up to the demand."""
    frame = _demand(case)
    ways = ["served_kh100e", "rented_kh100e", "saved_kh100e", "unmet_kh100e"]
    met = frame[ways].sum(axis=1).to_numpy()
    return Excess.differs(frame[list(_DEMAND)], met, frame["demand_kh100e"].to_numpy())


@rule(unit="kH100e")
def demand_table(case: Case) -> Excess:
    """The demand table holds every demand once, and what the assignments and levers add up to."""
    frame = _demand(case)
    table = case.plan("demand").set_index(list(_DEMAND))
    parts = [
        Excess.differs(
            frame[list(_DEMAND)], at(table[name], frame, _DEMAND, np.nan), frame[name].to_numpy()
        )
        for name in ("demand_kh100e", "served_kh100e", "saved_kh100e")
    ]
    unknown = ~has(case.plan("demand"), frame, _DEMAND)
    return Excess.where(case.plan("demand")[list(_DEMAND)], unknown).and_also(*parts)


@rule(unit="kH100e")
def unmet_only_where_allowed(case: Case) -> Excess:
    """Demand stays unmet only where the scenario allows it, and is never negative."""
    table = case.plan("demand")
    unmet = table["unmet_kh100e"].to_numpy()
    most = np.inf if case.scenario.demand.unmet == "allow" else 0.0
    place = table[list(_DEMAND)]
    return Excess.above(place, unmet, most).and_also(Excess.above(place, -unmet, 0.0))


@rule(unit="kH100e")
def compute_capacity(case: Case) -> Excess:
    """What a site serves of a class is what its racks in use for the class carry."""
    assigned = case.plan("assignment")
    served = tally(assigned, _LOAD, assigned["served_kh100e"])
    uses = case.uses
    carried = tally(uses, _LOAD, uses["used_mw"] * uses["throughput_kh100e_per_mw"])
    place = (
        pd.concat([assigned[list(_LOAD)], uses[list(_LOAD)]])
        .drop_duplicates()
        .reset_index(drop=True)
    )
    return Excess.differs(place, at(served, place, _LOAD), at(carried, place, _LOAD))


@rule(unit="kH100e")
def load_of_racks(case: Case) -> Excess:
    """The compute beside each use of racks is their nameplate times the class's throughput."""
    plan = case.plan("plan")
    key = ("site", "rack", "hall", *_CLASS)
    uses = case.uses
    carried = tally(uses, key, uses["used_mw"] * uses["throughput_kh100e_per_mw"])
    return Excess.differs(plan[list(key)], plan["load_kh100e"].to_numpy(), at(carried, plan, key))


@rule(unit="kH100e")
def rent_supply(case: Case) -> Excess:
    """Rented compute is covered by contracts that run, and is rented only where it may be."""
    told = case.plan("demand")
    rented = tally(told, _CLASS, told["rented_kh100e"])
    place = told[list(_CLASS)].drop_duplicates().reset_index(drop=True)
    supply = at(_contracts(case), place, _CLASS)
    covered = Excess.above(place, at(rented, place, _CLASS), supply)
    is_rented = told["rented_kh100e"].to_numpy() > 0.0
    elsewhere = is_rented & ~has(told, listed(case.inputs.rent.rented), _DEMAND)
    return covered.and_also(Excess.where(told[list(_DEMAND)], elsewhere))


@rule(unit="kH100e")
def rent_depth(case: Case) -> Excess:
    """Contracts that run in a year stay within what clouds rent to this operator."""
    contracts = _contracts(case)
    frame = pd.DataFrame({"year": case.years})
    running = contracts.groupby(level=1, sort=False).sum()
    return Excess.above(frame, at(running, frame, ("year",)), case.inputs.rent.depth_kh100e)


@rule(unit="share")
def lever_adoption(case: Case) -> Excess:
    """Levers are adopted no faster than they may be, and only those on offer."""
    table = case.plan("levers").merge(_levers(case), on=["workload", "lever", "year"], how="left")
    place = table[["workload", "lever", "year"]]
    adopted = table["adopted_frac"].to_numpy()
    return Excess.above(place, adopted, table["max_adoption_frac"].to_numpy()).and_also(
        Excess.above(place, -adopted, 0.0)
    )


@rule(unit="kH100e")
def percent_served(case: Case) -> Excess:
    """Shares rented, saved and unmet by class, and the summary's totals, follow from demand."""
    table, latency = case.plan("demand"), case.plan("latency")
    asked = at(tally(table, _CLASS, table["demand_kh100e"]), latency, _CLASS)
    parts = [
        Excess.differs(
            latency[list(_CLASS)],
            at(tally(table, _CLASS, table[f"{way}_kh100e"]), latency, _CLASS),
            latency[f"{way}_frac"].to_numpy() * asked,
        )
        for way in ("rented", "saved", "unmet")
    ]
    summary = case.plan("summary")
    totals = [
        Excess.differs(
            summary[["year"]].assign(total=way),
            at(tally(table, ("year",), table[f"{way}_kh100e"]), summary, ("year",)),
            summary[f"{way}_kh100e"].to_numpy(),
        )
        for way in ("demand", "served", "rented", "saved", "unmet")
    ]
    return parts[0].and_also(*parts[1:], *totals)


def _contracts(case: Case) -> pd.Series[float]:
    """Capacity of the contracts that run, by class and model year. [kH100e]"""
    bought, rent = case.plan("rent"), case.inputs.rent
    term = listed(rent.bought, term=rent.term_years)
    known = bought.merge(term, on=["workload", "tier", "year"], how="left")
    runs = crossed(known, pd.DataFrame({"now": case.years}))
    covers = case.last_calendar_year(runs["now"]) < runs["year"] + runs["term"]
    runs = runs[(runs["now"] == runs["year"]) | ((runs["now"] > runs["year"]) & covers)]
    return tally(runs, ("workload", "now"), runs["bought_kh100e"])


RULES = (
    demand_balance,
    demand_table,
    unmet_only_where_allowed,
    compute_capacity,
    load_of_racks,
    rent_supply,
    rent_depth,
    lever_adoption,
    percent_served,
)
