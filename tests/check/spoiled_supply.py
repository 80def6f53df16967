"""Ways to spoil a plan with power of its own, each with the check that must find it out."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
from spoiled import cells, largest, limit, plus, renamed, times, without

from planner.check.all_checks import REREAD
from planner.scenario import load_scenario

OWN_POWER = Path(__file__).parent / "own_power.yaml"


def setting(keys, value, plan):
    """Judge the plan against another scenario than it was made for."""
    scenario = load_scenario(str(OWN_POWER), [f"{keys}={value}"])
    return dataclasses.replace(plan, scenario=scenario)


def of_source(source, column, factor, plan):
    """Multiply the largest cell of a column that one source has in its slots."""
    slots = plan.tables["source_slot"]
    own = np.where((slots["source"] == source).to_numpy(), slots[column].to_numpy(), 0.0)
    assert own.max() > 1e-3, f"{source} has no {column} to spoil"
    rows = [int(own.argmax())]
    return plan.reported(source_slot=cells(slots, rows, **{column: lambda old: old * factor}))


def before_its_lead(plan):
    """Have engines in January that are ready in May."""
    builds = plan.tables["source_builds"]
    first = np.flatnonzero((builds["source"] == "engine") & (builds["year"] == 2025))
    return plan.reported(source_builds=cells(builds, first, service_start=2025.0))


def left_before_it_came(plan):
    leaves = plan.tables["source_leaves"]
    return plan.reported(source_leaves=cells(leaves, [0], vintage="2027", year=2026))


def outlived(plan):
    """Let engines leave that were worn out the year before."""
    builds = plan.tables["source_builds"]
    return plan.reported(source_builds=builds.assign(life_years=0.5))


def level_without_a_battery(plan):
    """Let a source that stores nothing have a level in one slot."""
    slots = plan.tables["source_slot"]
    rows = np.flatnonzero(slots["source"] == "well")[[0]]
    return plan.reported(source_slot=cells(slots, rows, level_mwh=0.3))


def charged_for_nothing(plan):
    """Deliver what was never stored."""
    return of_source("cells", "charge_mw", 0.25, plan)


def wasted_for_money(plan):
    """Charge and discharge at once in an hour in which drawing power is paid for."""
    slots = plan.tables["source_slot"]
    rows = largest(slots, "charge_mw")
    assert slots["output_mw"].iloc[rows[0]] < 1e-9
    place = [slots[name].iloc[rows[0]] for name in ("site", "year", "slot")]
    price = plan.inputs.grid.energy_usd_per_mwh.copy()
    price[plan.inputs.power.slot.position(place[0], str(place[1]), place[2])] = -35.5
    both = cells(slots, rows, output_mw=1.5)
    return plan.reported(source_slot=both).assumed("grid", energy_usd_per_mwh=price)


def paid_to_waste(plan):
    """Throw away more than sun and wind yield in an hour in which drawing power is paid for."""
    curve = plan.tables["power_slot"]
    rows = largest(curve, "grid_mw")
    place = [curve[name].iloc[rows[0]] for name in ("site", "year", "slot")]
    price = plan.inputs.grid.energy_usd_per_mwh.copy()
    price[plan.inputs.power.slot.position(place[0], str(place[1]), place[2])] = -35.5
    more = cells(curve, rows, grid_mw=lambda old: old + 900.0)
    return plan.reported(power_slot=more).assumed("grid", energy_usd_per_mwh=price)


def sold_out_of_the_grid(plan):
    """Sell more than the site makes, as far as its connection carries it."""
    surplus = plan.tables["site_surplus"]
    return plan.reported(site_surplus=cells(surplus, largest(surplus, "export_mw"), export_mw=2e4))


def another_capacity(plan):
    """Forget a source in the table of the year."""
    return without("source_year", "capacity_mw", plan)


SPOILED = (
    ("less than nothing", "tables_as_stated", partial(plus, "source_slot", "output_mw", -999)),
    ("a source is not allowed", "tables_as_stated", partial(renamed, "source_builds", "source", "well")),
    ("a site has no room for sources", "columns_as_stated", partial(setting, "supply.sites", "[elm]")),
    ("a source is early", "tables_as_stated", before_its_lead),
    ("a source is forgotten", "tables_as_stated", partial(without, "source_builds", "built_mw")),
    ("existing capacity is not reported", "tables_as_stated", another_capacity),
    ("capacity is reported larger", "tables_as_stated", partial(times, "source_year", "capacity_mw", 1.1)),
    ("what left still serves", "tables_as_stated", partial(without, "source_leaves", "left_mw")),
    ("worn out and still there", "tables_as_stated", outlived),
    ("a site has less room", "program_as_stated", partial(limit, "supply", "limit_mw", 0.6)),
    (
        "plants must be whole",
        "source_offers_from_tables",
        partial(setting, "supply", "{whole_sources: true, override: {engine: {min_size_mw: 9999}}}"),
    ),
    ("a plant is reported smaller", "tables_as_stated", partial(times, "source_builds", "min_size_mw", 0.9)),
    ("a slot is forgotten", "tables_as_stated", partial(without, "source_slot", "level_mwh")),
    ("engines run above full", "tables_as_stated", partial(of_source, "engine", "output_mw", 1.5)),
    ("the sun shines brighter", "tables_as_stated", partial(of_source, "panel", "output_mw", 1.1)),
    ("a permit is for less", "program_as_stated", partial(limit, "supply", "run_hours_h", 0.1)),
    ("grid power is sold back", "tables_as_stated", sold_out_of_the_grid),
    ("export is not allowed", "columns_as_stated", partial(setting, "supply.export.allow", "false")),
    (
        "power sold is reported as more expensive",
        "tables_as_stated",
        partial(times, "site_surplus", "export_usd_per_mwh", 1.1),
    ),
    ("more leaves than came", "tables_as_stated", partial(times, "source_leaves", "left_mw", 9.0)),
    ("what stays leaves", "columns_as_stated", partial(setting, "supply.bridge.sources", "[]")),
    ("it leaves before it came", "tables_as_stated", left_before_it_came),
    ("it leaves worn out", "tables_as_stated", outlived),
    ("it is sold costlier", "tables_as_stated", partial(times, "source_leaves", "worth_musd", 1.1)),
    ("hauling is free", "tables_as_stated", partial(times, "source_leaves", "removal_musd", 0.0)),
    ("it stays for good", "columns_as_stated", partial(setting, "supply.bridge.until_grid", "true")),
    ("surplus is reported smaller", "tables_as_stated", partial(times, "site_surplus", "surplus_mw", 0.5)),
    ("surplus is not reported", "tables_as_stated", partial(without, "site_surplus", "surplus_mw")),
    *(
        (f"{column} is reported smaller", name, partial(times, "source_year", column, 0.99))
        for name, columns in (
            ("tables_as_stated", ("output_mwh", "charged_mwh", "fuel_mmbtu", "emissions_kt", "running_musd")),
            ("sources_of_a_year", ("capacity_factor_frac", "capital_musd", "usd_per_mwh")),
        )
        for column in columns
    ),
    ("a converter is overloaded", "tables_as_stated", partial(of_source, "cells", "charge_mw", 30.0)),
    ("cells hold too much", "tables_as_stated", partial(of_source, "cells", "level_mwh", 9.0)),
    ("the level jumps", "tables_as_stated", partial(of_source, "cells", "level_mwh", 0.9)),
    ("what is no battery has a level", "tables_as_stated", level_without_a_battery),
    ("charge is free", "tables_as_stated", charged_for_nothing),
    ("a battery is a heater", "battery_one_way", wasted_for_money),
    ("wear is reported smaller", "tables_as_stated", partial(times, "source_year", "worn_mwh", 0.5)),
    ("wear is reported larger", "tables_as_stated", partial(times, "source_year", "worn_mwh", 1.5)),
    (
        "a battery is of another size",
        "durations_from_scenario",
        partial(setting, "supply.override.cells.duration_h", "4.5"),
    ),
    ("less comes in than is used", "tables_as_stated", partial(times, "power_slot", "grid_mw", 0.9)),
    ("power is wasted for money", "tables_as_stated", paid_to_waste),
    ("fuel burns without emissions", "tables_as_stated", partial(limit, "supply", "co2_t_per_mwh", 0.5)),
    ("a source is cheaper", "tables_as_stated", partial(times, "source_builds", "overnight_musd", 0.97)),
)
"""What is wrong, the check that finds it, and how to spoil a plan so."""

_FIGURES = (
    "build_start build_life_years build_capex_musd_per_mw build_store_start build_store_capex_musd_per_mwh existing_mw"
    " existing_mwh standby_mw_per_mw limit_mw run_hours_h cycles_per_year charge_efficiency_frac"
    " discharge_efficiency_frac variable_usd_per_mwh fuel_usd_per_mwh fuel_mmbtu_per_mwh co2_t_per_mwh"
    " fixed_musd_per_mw_year fixed_musd_per_mwh_year wear_musd_per_mwh availability_frac redeploy_worth_musd_per_mw"
    " redeploy_cost_musd_per_mw redeploy_start redeploy_life_left_years export_usd_per_mwh"
)
ASSUMED = (
    *((REREAD[f"supply.{name}"][0], name, partial(limit, "supply", name, 1.01)) for name in _FIGURES.split()),
    ("source_yield_from_tables", "own mean", partial(setting, "supply.override.mill.availability_frac", "0.31")),
    ("fuel_from_tables", "own fuel price", partial(setting, "supply.fuel_price_usd_per_mmbtu.natural_gas", "9.5")),
    ("leads_from_tables", "no engines", partial(setting, "supply.allow", "[panel, mill, cells]")),
)
"""The check that computes a figure again, the figure, and how to change it."""
