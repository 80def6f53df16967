"""Power made or stored at the sites: what can be built, what it yields, what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.inputs.arrays import Bools, Floats
    from planner.lp.axis import Axis
    from planner.lp.index import Index

__all__ = ["SupplyInputs"]


@dataclass(frozen=True)
class SupplyInputs:
    """Own sources and batteries; every list is empty where the scenario allows none.

    A source is one of three: renewable (its output is availability times capacity), dispatched
    (its output is a decision), or a store. Figures of operation are those of the plan's first
    year, since a source keeps what it was built with; costs are those of the start of service.
    """

    source: Axis  # sources in play
    role: tuple[str, ...]  # [source]: solar, wind, firm, standby, storage
    burns_fuel: Bools  # [source]: fossil or biogenic fuel; uranium and heat of the earth do not
    # what stands
    capacity: Index  # (site, source, year) that has something or may get it
    existing_mw: Floats  # [capacity], stands through the whole plan
    limited: Index  # (site, source, year), of the capacity, with a limit
    limit_mw: Floats  # [limited]
    build: Index  # (site, source, year) entering service
    build_start: Floats  # [build] service start, e.g. 2027.75
    build_life_years: Floats  # [build]
    build_capex_musd_per_mw: Floats  # [build], overnight; of a battery, its power
    build_smallest_mw: Floats  # [build], smallest plant that is sold
    plant: Index  # (site, source, year), builds that are a whole plant or nothing
    plant_least_mw: Floats  # [plant]
    plant_room_mw: Floats  # [plant], beside what stands; 0 where the smallest plant has none
    bridge: Index  # (site, source, vintage): builds that may leave
    redeploy: Index  # (site, source, vintage, year): leaving on 1 January of the year
    redeploy_start: Floats  # [redeploy] when it leaves
    redeploy_life_left_years: Floats  # [redeploy]
    redeploy_worth_musd_per_mw: Floats  # [redeploy] worth when it leaves
    redeploy_cost_musd_per_mw: Floats  # [redeploy] taking down and hauling
    standby: Index  # (site, source, year) of generators that halls have
    standby_mw_per_mw: Floats  # [hall design], per MW of own hall
    fixed_musd_per_mw_year: Floats  # [capacity]; 0 for batteries and stand-by generators
    # what it yields
    renewable: Index  # (site, source, year) of sun and wind, of the capacity
    availability_frac: Floats  # [site, source, slot], output or its limit over capacity
    dispatch: Index  # (site, source, year) with an output to decide, of the capacity
    output: Index  # (site, source, year, slot) = dispatch x slot
    run_hours: Index  # (site, source, year), of dispatch, with limited hours
    run_hours_h: Floats  # [run_hours] at full output
    variable_usd_per_mwh: Floats  # [dispatch] upkeep that follows output
    fuel_usd_per_mwh: Floats  # [dispatch] heat rate times price
    fuel_mmbtu_per_mwh: Floats  # [dispatch]
    co2_t_per_mwh: Floats  # [dispatch]
    # batteries
    store: Index  # (site, source, year), of the capacity
    existing_mwh: Floats  # [store]
    build_store: Index  # (site, source, year), the builds of batteries
    build_store_start: Floats  # [build_store]
    build_store_life_years: Floats  # [build_store]
    build_store_capex_musd_per_mwh: Floats  # [build_store]
    fixed_duration: Index  # (site, source, year), of build_store, sized by a fixed duration
    duration_h: Floats  # [fixed_duration]
    store_slot: Index  # (site, source, year, slot) = store x slot
    charge_efficiency_frac: Floats  # [source], 0 where no battery
    discharge_efficiency_frac: Floats  # [source], 0 where no battery
    cycles_per_year: Floats  # [store] that the calendar life leaves room for
    wear_musd_per_mwh: Floats  # [store] replacement per MWh taken out beyond it
    fixed_musd_per_mwh_year: Floats  # [store]
    # surplus
    curtail: Index  # (site, year, slot) in which a price is below 0
    export: Index  # (site, year, slot) in which power may be sold
    export_usd_per_mwh: Floats  # [export]
