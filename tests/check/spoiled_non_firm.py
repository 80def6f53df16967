"""Ways to spoil a plan with non-firm connection, each with the check that must find it out."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
from spoiled import cells, largest, limit, plus, priced, renamed, times, without

from planner.scenario import load_scenario

NON_FIRM = Path(__file__).parent / "non_firm.yaml"


def setting(keys, value, plan):
    """Judge the plan against another scenario than it was made for."""
    scenario = load_scenario(str(NON_FIRM), [f"{keys}={value}"])
    return dataclasses.replace(plan, scenario=scenario)


def drawn_in_stress(plan):
    """Draw in a stress slot what non-firm connection would carry, and shed nothing."""
    stress, slots = plan.tables["stress_slot"], plan.tables["power_slot"]
    worst = stress.iloc[largest(stress, "shed_mw")[0]]
    here = np.ones(len(slots), dtype=bool)
    for name in ("site", "year", "slot"):
        here &= (slots[name] == worst[name]).to_numpy()
    drawn = cells(slots, here, grid_mw=lambda old: old + worst["shed_mw"])
    return plan.reported(power_slot=drawn)


def shed_on_an_ordinary_day(plan):
    """Shed in the slot that is off for a small part as if all of it were."""
    stress = plan.tables["stress_slot"]
    partly = np.flatnonzero((stress["off_mw"] < 0.5 * stress["non_firm_mw"]).to_numpy())[-1:]
    return plan.reported(stress_slot=cells(stress, partly, shed_mw=7.3))


def data(table, column, factor, plan):
    """Judge the plan by other data than it was made from."""
    frame = plan.inputs.tables[table]
    return plan.read(**{table: frame.assign(**{column: frame[column] * factor})})


def hours_later(plan):
    """Move the stress of every season by four hours."""
    frame = plan.inputs.tables["zone_stress"]
    moved = {name: (frame[name] + 4) % 24 for name in ("first_hour_local", "last_hour_local")}
    return plan.read(zone_stress=frame.assign(**moved))


def room_for_a_year(plan):
    """Tell the worth of headroom as if it were paid for in one year."""
    prices = plan.tables["prices"]
    room = (prices["block"] == "all_headroom").to_numpy()
    return plan.reported(prices=cells(prices, room, value=lambda old: old * 2.7))


def no_work_can_wait(plan):
    """Judge what was shed by classes of which little could wait."""
    return setting("workloads.train.deferrable_frac", 0.05, plan)


def half_a_shed(factor, plan):
    """Judge the plan against an energy budget that is a part of its own."""
    return setting("grid.non_firm.shed.max_energy_frac", 0.0004 * factor, plan)


def limits(name, factor, plan):
    frame = plan.inputs.grid.headroom_by_zone
    return plan.assumed("grid", headroom_by_zone=frame.assign(**{name: frame[name] * factor}))


def steeper(plan):
    """Judge the plan by another curve than it was made with."""
    return setting("energy.load_price.scale_frac", 1.35, plan)


BILLS = ("non_firm_connection", "non_firm_discount", "shed_load_worth", "load_price")
"""Lines of cost that only such a plan has."""

SPOILED = (
    ("a stress hour is worth more", "tables_as_stated", partial(times, "stress_slot", "worth_usd_per_mwh", 2.0)),
    ("headroom is worth more", "tables_as_stated", partial(times, "headroom", "value_usd_per_mw_year", 2.0)),
    ("the last MWh is reported cheaper", "tables_as_stated", partial(times, "load_price", "musd", 0.9)),
    ("new load is reported smaller", "tables_as_stated", partial(times, "load_price", "new_mwh", 0.9)),
    ("the peak is reported lower", "tables_as_stated", partial(times, "load_price", "new_peak_mw", 0.9)),
    ("a zone pays no blocks", "tables_as_stated", partial(without, "load_price", "new_mwh")),
    ("the blocks cost more", "tables_as_stated", steeper),
    ("non-firm power in a stress slot", "tables_as_stated", drawn_in_stress),
    ("the stress is at other hours", "stress_from_tables", hours_later),
    ("shed load is served all the same", "tables_as_stated", partial(times, "stress_slot", "shed_mw", 0.4)),
    ("less headroom for both", "tables_as_stated", partial(limits, "limit_mw", 0.6)),
    (
        "room that is spare has a price",
        "prices_as_solved",
        partial(priced, block="all_headroom", zone="west", year=2025, tier="0.5"),
    ),
    ("room is a right for a year alone", "prices_as_solved", room_for_a_year),
    ("less headroom for firm", "tables_as_stated", partial(limits, "firm_limit_mw", 0.6)),
    ("non-firm is reported as spare", "tables_as_stated", partial(times, "headroom", "new_non_firm_mw", 0.5)),
    ("firm room is reported larger", "tables_as_stated", partial(times, "headroom", "firm_limit_mw", 1.1)),
    ("a site has none on offer", "leads_from_tables", partial(setting, "grid.non_firm.sites", "[oak]")),
    ("it serves before its lead", "tables_as_stated", partial(plus, "non_firm_connections", "service_start", -0.2)),
    ("it turns firm too soon", "tables_as_stated", partial(plus, "non_firm_connections", "turns_firm", -0.3)),
    ("it is of another rate", "tables_as_stated", partial(plus, "non_firm_connections", "rate_pct", 0.25)),
    ("load is shed on other days", "tables_as_stated", shed_on_an_ordinary_day),
    ("fewer hours to shed in", "stress_from_tables", partial(setting, "grid.non_firm.shed.max_hours_per_year", 9)),
    ("shedding is not allowed", "stress_from_tables", partial(setting, "grid.non_firm.shed.allow", "false")),
    ("half the energy to shed", "program_as_stated", partial(half_a_shed, 0.5)),
    ("work that can not wait is shed", "tables_as_stated", no_work_can_wait),
    ("a stress slot is forgotten", "tables_as_stated", partial(without, "stress_slot", "use_mw")),
    ("hours off are reported fewer", "tables_as_stated", partial(times, "non_firm_year", "off_hours", 0.9)),
    ("shed energy is reported less", "tables_as_stated", partial(times, "non_firm_year", "shed_mwh", 0.9)),
    ("lost work is left out of the sum", "totals_add_up", partial(times, "summary", "lost_kh100e", 0.5)),
    ("connection in service is reported larger", "tables_as_stated", partial(times, "stress_slot", "non_firm_mw", 1.1)),
    ("a connection turns up elsewhere", "tables_as_stated", partial(renamed, "non_firm_year", "site", "elm2")),
    ("it is cheaper", "tables_as_stated", partial(times, "non_firm_connections", "overnight_musd", 0.97)),
    ("it was not paid for", "tables_as_stated", partial(times, "non_firm_connections", "overnight_musd", 0.97)),
)
"""What is wrong, the check that must say so, and how the plan is spoiled."""

ASSUMED = (
    ("stress_from_tables", "hours", hours_later),
    ("stress_from_tables", "rate", partial(setting, "grid.curtailment_rate_pct", 1)),
    ("stress_from_tables", "share", partial(limit, "non_firm", "off_frac", 0.9)),
    ("non_firm_price_from_tables", "service", partial(setting, "grid.non_firm.service", "nonfirm")),
    ("non_firm_price_from_tables", "capex", partial(limit, "non_firm", "capex_musd_per_mw", 1.01)),
    ("non_firm_lead_from_tables", "lead", partial(setting, "grid.non_firm.lead_months", 15)),
    ("non_firm_lead_from_tables", "share", partial(data, "connection_services", "lead_frac", 1.4)),
    ("non_firm_lead_from_tables", "months", partial(data, "connection_services", "firm_after_months", 1.2)),
    ("leads_from_tables", "halls wait for it", partial(setting, "grid.non_firm.lead_months", 25)),
    ("headroom_from_tables", "firm", partial(setting, "grid.firm_headroom_frac", 0.6)),
    ("headroom_from_tables", "room", partial(limit, "non_firm", "headroom_mw", 1.01)),
)
"""Figures that the plan assumes, what of them is wrong, and the check that computes them again."""
