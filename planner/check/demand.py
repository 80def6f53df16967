"""Demand, and the ways of meeting it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.declared import DualPrice
from planner.check.frames import isin, lookup, sum_by, to_frame
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.check.case import Case

_H100E_HOURS = 1000.0 * 8760.0  # in a kH100e-year
_DEMAND = ("region", "workload", "year")
_CLASS = ("workload", "year")


def _demand(case: Case) -> pd.DataFrame:
    """List what is asked for, with how it is met as the decisions say."""
    wanted = case.inputs.demand
    frame = to_frame(wanted.demand, demand_kh100e=wanted.demand_kh100e)
    assigned, reported = case.plan("assignment"), case.plan("demand").set_index(list(_DEMAND))
    lever = case.plan("levers").merge(_levers(case), on=["workload", "lever", "year"], how="left")
    saved_frac = sum_by(lever, _CLASS, lever["adopted_frac"] * lever["saving_frac"])
    return frame.assign(
        served_kh100e=lookup(sum_by(assigned, _DEMAND, assigned["served_kh100e"]), frame, _DEMAND),
        rented_kh100e=lookup(reported["rented_kh100e"], frame, _DEMAND),
        unmet_kh100e=lookup(reported["unmet_kh100e"], frame, _DEMAND),
        saved_kh100e=lookup(saved_frac, frame, _CLASS) * wanted.demand_kh100e,
    )


def _levers(case: Case) -> pd.DataFrame:
    levers = case.inputs.levers
    return to_frame(levers.adopted, saving_frac=levers.saving_frac, max_adoption_frac=levers.max_adoption_frac)


@rule(unit="kH100e")
def demand_table(case: Case) -> Excess:
    """The demand table has every demand once, with the sums of its assignments and levers."""
    frame = _demand(case)
    table = case.plan("demand").set_index(list(_DEMAND))
    parts = [
        Excess.differs(frame[list(_DEMAND)], lookup(table[name], frame, _DEMAND, np.nan), frame[name].to_numpy())
        for name in ("demand_kh100e", "served_kh100e", "saved_kh100e")
    ]
    unknown = ~isin(case.plan("demand"), frame, _DEMAND)
    return Excess.count_broken(case.plan("demand")[list(_DEMAND)], unknown).and_also(*parts)


@rule(unit="kH100e")
def load_of_racks(case: Case) -> Excess:
    """Compute of racks in use is their nameplate times the throughput of the workload."""
    plan = case.plan("plan")
    key = ("site", "rack", "hall", *_CLASS)
    uses = case.uses
    carried = sum_by(uses, key, uses["used_mw"] * uses["throughput_kh100e_per_mw"])
    return Excess.differs(plan[list(key)], plan["load_kh100e"].to_numpy(), lookup(carried, plan, key))


@rule(unit="kH100e")
def percent_served(case: Case) -> Excess:
    """Shares rented, saved and unmet by workload, and the summary's totals, follow from demand."""
    table, latency = case.plan("demand"), case.plan("latency")
    asked = lookup(sum_by(table, _CLASS, table["demand_kh100e"]), latency, _CLASS)
    parts = [
        Excess.differs(
            latency[list(_CLASS)],
            lookup(sum_by(table, _CLASS, table[f"{how}_kh100e"]), latency, _CLASS),
            latency[f"{how}_frac"].to_numpy() * asked,
        )
        for how in ("rented", "saved", "unmet")
    ]
    summary = case.plan("summary")
    totals = [
        Excess.differs(
            summary[["year"]].assign(total=how),
            lookup(sum_by(table, ("year",), table[f"{how}_kh100e"]), summary, ("year",)),
            summary[f"{how}_kh100e"].to_numpy(),
        )
        for how in ("demand", "served", "rented", "saved", "unmet")
    ]
    return parts[0].and_also(*parts[1:], *totals)


HEADING: Final = "Demand and rent"


DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "rented": ("demand", "rented_kh100e"),
    "unmet": ("demand", "unmet_kh100e"),
}

PRICES: Final[Mapping[str, DualPrice]] = {"demand_balance": DualPrice("USD/H100e-hour", _H100E_HOURS, must_be_met=True)}
