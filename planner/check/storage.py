"""Batteries: power, energy, level in each time slice, what comes out of what went in, wear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.days import follows_on, year_slots
from planner.check.frames import isin, lookup, sum_by, to_frame
from planner.check.once import once
from planner.check.supply_output import sources_in_service
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case


__all__ = ["COLUMNS", "DECISIONS", "HEADING", "RULES"]

_SOURCE = ("site", "source", "year")
_SLOT = ("site", "year", "slot")
_CYCLE = (*_SOURCE, "cycle")


@once
def _batteries(case: Case) -> pd.DataFrame:
    """Every battery, year and time slice: what goes in and out, the level, efficiencies, sizes."""
    onsite, p = sources_in_service(case), case.inputs.supply
    is_battery = onsite.is_role("storage")
    rows = onsite.rows[is_battery]
    slots = year_slots(case)[["slot", "day", "hour", "hours"]]
    frame = rows[[*_SOURCE, "mw", "mwh"]].merge(slots, how="cross")
    code = p.source.codes(frame["source"])
    # What comes round again: each day that repeats itself, or a series as a whole.
    cycle = np.where(follows_on(case), 0, frame["day"])
    return frame.assign(
        cycle=cycle,
        out_mw=onsite.output_mw[is_battery].ravel(),
        in_mw=onsite.charge_mw[is_battery].ravel(),
        level_mwh=onsite.level_mwh[is_battery].ravel(),
        charge_frac=p.charge_efficiency_frac[code],
        discharge_frac=p.discharge_efficiency_frac[code],
    )


@rule(unit="MW")
def battery_power(case: Case) -> Excess:
    """The converter carries charge and discharge together, and neither is negative."""
    frame = _batteries(case)
    place = frame[[*_SOURCE, "slot"]]
    into, out, power = (frame[name].to_numpy() for name in ("in_mw", "out_mw", "mw"))
    return Excess.above(place, into + out, power).and_also(
        Excess.above(place, -into, 0.0), Excess.above(place, -out, 0.0)
    )


@rule(unit="MWh", floor=10.0)
def battery_energy(case: Case) -> Excess:
    """Stored energy stays between 0 and the energy of the cells in service."""
    frame = _batteries(case)
    place, level = frame[[*_SOURCE, "slot"]], frame["level_mwh"].to_numpy()
    return Excess.above(place, level, frame["mwh"].to_numpy()).and_also(Excess.above(place, -level, 0.0))


@rule(unit="MWh", floor=10.0)
def battery_level(case: Case) -> Excess:
    """Stored energy moves by charge and discharge and is cyclic; only batteries have some."""
    frame = _batteries(case).sort_values([*_CYCLE, "day", "hour"], ignore_index=True)
    level = frame["level_mwh"]
    days = level.groupby([frame[key] for key in _CYCLE], sort=False)
    before = days.shift(1).fillna(days.transform("last"))
    step = case.scenario.time.slot_h * (
        frame["charge_frac"] * frame["in_mw"] - frame["out_mw"] / frame["discharge_frac"]
    )
    moves = Excess.differs(frame[[*_SOURCE, "slot"]], level.to_numpy(), (before + step).to_numpy())
    slots = case.plan("source_slot")
    others = slots[~isin(slots, frame, _SOURCE)]
    reported = others["level_mwh"].to_numpy(dtype=np.float64)
    return moves.and_also(Excess.differs(others[[*_SOURCE, "slot"]], reported, np.zeros(len(others))))


@rule(unit="MWh", floor=10.0)
def battery_cycle(case: Case) -> Excess:
    """Discharge over a day, or a whole series, is charge less losses: none is free."""
    frame = _batteries(case)
    hours = float(case.scenario.time.slot_h)
    stored, taken = (
        sum_by(frame, _CYCLE, values * hours)
        for values in (frame["in_mw"] * frame["charge_frac"], frame["out_mw"] / frame["discharge_frac"])
    )
    place = frame[list(_CYCLE)].drop_duplicates().reset_index(drop=True)
    return Excess.differs(place, lookup(stored, place, _CYCLE), lookup(taken, place, _CYCLE))


@rule(unit="MW")
def battery_one_way(case: Case) -> Excess:
    """Where a price is negative no battery charges and discharges at once to waste power."""
    frame = _batteries(case)
    price = to_frame(case.inputs.power.slot, usd=case.inputs.grid.energy_usd_per_mwh)
    price = price[price["usd"] < 0.0]
    paid = frame[isin(frame, price, _SLOT)]
    both = np.minimum(paid["in_mw"].to_numpy(), paid["out_mw"].to_numpy())
    return Excess.above(paid[[*_SOURCE, "slot"]], both, 0.0)


@rule(unit="MWh", floor=10.0)
def battery_wear(case: Case) -> Excess:
    """Discharge beyond the cycles of the calendar life is reported as wear."""
    frame, p, rows = _batteries(case), case.inputs.supply, sources_in_service(case).rows
    taken = sum_by(frame, _SOURCE, frame["out_mw"] / frame["discharge_frac"] * frame["hours"])
    stores = to_frame(p.store, cycles=p.cycles_per_year, musd=p.wear_musd_per_mwh)
    cells = lookup(rows.set_index(list(_SOURCE))["mwh"], stores, _SOURCE, np.nan)
    beyond = lookup(taken, stores, _SOURCE) - stores["cycles"].to_numpy() * cells
    table = case.plan("source_year")
    reported = lookup(sum_by(table, _SOURCE, table["worn_mwh"]), stores, _SOURCE)
    place = stores[list(_SOURCE)]
    other = table[~isin(table, stores, _SOURCE)]
    nothing = Excess.differs(other[list(_SOURCE)], other["worn_mwh"].to_numpy(), np.zeros(len(other)))
    # More than that would be paid for nothing; without a price it may float.
    costly = stores["musd"].to_numpy() > 0.0
    exact = Excess.above(place[costly], reported[costly], np.maximum(beyond, 0.0)[costly])
    return Excess.above(place, beyond, reported).and_also(exact, nothing)


@rule(unit="MWh", floor=10.0)
def battery_duration(case: Case) -> Excess:
    """Where a scenario fixes the hours of a battery, its energy is bought with its power."""
    override = case.scenario.supply.override
    hours = pd.Series(
        {
            source: stated.duration_h
            for source, stated in override.items()
            if stated.written_values().get("duration_h") is not None
        },
        dtype="float64",
    )
    builds = case.plan("source_builds")
    fixed = builds[builds["source"].isin(hours.index) & (builds["role"] == "storage")]
    energy = fixed["built_mw"].to_numpy() * lookup(hours, fixed, ("source",), np.nan)
    return Excess.differs(fixed[list(_SOURCE)], fixed["built_mwh"].to_numpy(), energy)


HEADING: Final = "On-site power"
RULES = (battery_power, battery_energy, battery_level, battery_cycle, battery_one_way, battery_wear, battery_duration)
DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "charge_mw": ("source_slot", "charge_mw"),
    "level_mwh": ("source_slot", "level_mwh"),
}
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "source_year": {"battery_wear": "worn_mwh"},
    "source_slot": {"battery_level": "site year slot charge_mw level_mwh"},
}
