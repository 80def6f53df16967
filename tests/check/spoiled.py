"""Ways to spoil a plan, each with the check that must find it out."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
from good_plan import RICH

from planner.lp import Index
from planner.scenario import load_scenario


def cells(table, rows, **columns):
    """Return a table with some cells written again, by value or by a function of the old ones."""
    changed = table.copy()
    for column, value in columns.items():
        values = changed[column].to_numpy().copy()
        values[rows] = value(values[rows]) if callable(value) else value
        changed[column] = values
    return changed


def largest(table, column):
    """Return the row where a column is largest; there must be something there."""
    values = table[column].to_numpy()
    assert np.nanmax(values) > 1e-3, f"{column} has nothing to spoil"
    return [int(np.nanargmax(values))]


def times(table, column, factor, plan):
    """Multiply the largest cell of a column."""
    frame = plan.tables[table]
    rows = largest(frame, column)
    return plan.reported(**{table: cells(frame, rows, **{column: lambda old: old * factor})})


def plus(table, column, amount, plan):
    """Add to the first cell of a column."""
    frame = plan.tables[table]
    assert len(frame), f"{table} has nothing to spoil"
    return plan.reported(**{table: cells(frame, [0], **{column: lambda old: old + amount})})


def renamed(table, column, label, plan):
    """Write another label into the first cell of a column."""
    return plan.reported(**{table: cells(plan.tables[table], [0], **{column: label})})


def without(table, column, plan):
    """Leave out the row where a column is largest."""
    frame = plan.tables[table]
    rows = frame.index[largest(frame, column)]
    return plan.reported(**{table: frame.drop(index=rows).reset_index(drop=True)})


def costlier(item, plan):
    """Make one line of the cost table costlier by two percent."""
    costs = plan.tables["costs"]
    rows = np.flatnonzero((costs["item"] == item).to_numpy())
    assert len(rows), f"nothing is paid for {item}"
    more = {name: lambda old: old * 1.02 for name in ("musd", "npv_musd")}
    return plan.reported(costs=cells(costs, rows, **more))


def limit(room, name, factor, plan):
    """Judge the plan against another limit than it was made for."""
    return plan.assumed(room, **{name: getattr(getattr(plan.inputs, room), name) * factor})


def setting(keys, value, plan):
    """Judge the plan against another scenario than it was made for."""
    scenario = load_scenario(str(RICH), [f"{keys}={value}"])
    return dataclasses.replace(plan, scenario=scenario)


def booked_as_a_rack(plan):
    """Book a hall as a rack: the sum stays the same."""
    costs = plan.tables["costs"]
    rack, hall = (int(np.argmax((costs["item"] == item).to_numpy())) for item in ("rack_purchase", "hall_construction"))
    more, less = ({name: lambda old, by=by: old + by for name in ("musd", "npv_musd")} for by in (0.5, -0.5))
    return plan.reported(costs=cells(cells(costs, [rack], **more), [hall], **less))


def bought_too_long_ago(plan):
    installs = plan.tables["installs"]
    rows = largest(installs, "installed_mw")
    return plan.reported(installs=cells(installs, rows, year=lambda old: old - 9))


def bought_before_it_was_made(plan):
    installs = plan.tables["installs"]
    newest = np.flatnonzero((installs["rack"] == "liquid27").to_numpy())
    return plan.reported(installs=cells(installs, newest, year=2026))


def hall_before_its_lead(plan):
    builds = plan.tables["builds"]
    late = np.flatnonzero((builds["stage"] == "ordered").to_numpy())[:1]
    assert len(late), "no hall waited for its lead"
    return plan.reported(builds=cells(builds, late, service_start=lambda old: old - 0.75))


def all_called_committed(plan):
    builds = plan.tables["builds"]
    return plan.reported(builds=cells(builds, slice(None), stage="committed", built_mw=lambda old: old * 3))


def work_done_twice(plan):
    return times("deferral", "done_mw", 1.5, plan)


def work_put_off_below_nothing(plan):
    deferral = plan.tables["deferral"]
    return plan.reported(deferral=cells(deferral, [0], done_mw=-0.5))


def window_too_long(plan):
    return setting("workloads.chat.max_deferral_h", "3.0", plan)


def kept_in_place(plan):
    """Judge work that moved by a scenario that lets none."""
    return setting("workloads.train.moves_between_sites", "false", plan)


def done_nowhere(plan):
    """Leave work of one slot undone."""
    return times("migration", "done_mw", 0.7, plan)


def out_of_reach(plan):
    """Give training users in one place, whom not every site that took its work can serve."""
    demand = plan.inputs.demand.demand
    of_train = [demand.axis("region").code("bay")], [demand.axis("workload").code("train")], [0]
    near = setting("workloads.train.rtt_bound_ms", "25.0", plan)
    return near.assumed("demand", demand=Index.sparse("demand", demand.axes, of_train))


def put_off_too_long(plan):
    """Judge work that was put off by a scenario in which nothing may wait."""
    return setting("flexibility.deferral", "false", plan)


def price_with_the_wrong_sign(plan):
    prices = plan.tables["prices"]
    rows = np.flatnonzero((prices["block"] == "hall_power").to_numpy())[:1]
    wrong = {name: lambda old: -old for name in ("value", "raw_dual")}
    return plan.reported(prices=cells(prices, rows, **wrong))


def price_of_what_is_not_scarce(plan):
    """Price land in a year in which half of it lies idle."""
    prices = plan.tables["prices"]
    rows = np.flatnonzero((prices["block"] == "hall_power").to_numpy())[:1]
    priced = cells(prices, rows, block="build_rate", site="oak", hall="", year=2025)
    return plan.reported(prices=priced)


def priced(plan, **labels):
    """Give a place of a limit the price of a hall."""
    prices = plan.tables["prices"]
    rows = np.flatnonzero((prices["block"] == "hall_power").to_numpy())[:1]
    return plan.reported(prices=cells(prices, rows, **{"site": "", "hall": "", **labels}))


def unmet_hidden_in_running_cost(plan):
    summary = plan.tables["summary"]
    hidden = summary["unmet_musd"]
    assert hidden.max() > 1.0
    return plan.reported(summary=summary.assign(unmet_musd=0.0, opex_musd=summary["opex_musd"] + hidden))


def doubled_by_2n(plan):
    """Count the load behind two feeds twice."""
    return times("site_year", "it_mean_mw", 2.0, plan)


def free_opening(plan):
    return plan.reported(site_year=plan.tables["site_year"].assign(opened_frac=0.0))


def rented_out_of_nothing(plan):
    return plan.reported(rent=plan.tables["rent"].iloc[:0])


def rented_where_barred(plan):
    """Judge a plan whose rented work may not be rented."""
    rented = plan.inputs.rent.rented
    return plan.assumed(
        "rent",
        rented=rented.select(rented.labels("workload") != "chat"),
        rented_capacity_frac=plan.inputs.rent.rented_capacity_frac[rented.labels("workload") != "chat"],
    )


def in_another_hall(plan):
    """Stand a rack in a hall that has no cooling for it."""
    table = plan.tables["plan"]
    rows = np.flatnonzero((table["rack"] == "liquid27").to_numpy())[:1]
    return plan.reported(plan=cells(table, rows, hall="air_dry|N"))


def stock_grown(plan):
    """Use more old racks for a class that no longer admits them than there are."""
    table = plan.tables["plan"]
    old = (table["rack"] == "air24") & (table["workload"] == "chat")
    rows = np.flatnonzero(old.to_numpy())[:1]
    assert len(rows), "no old racks in use"
    return plan.reported(plan=cells(table, rows, used_mw=lambda old: old * 7.0))


def signed_less(plan):
    """Sign half of what is in force."""
    return times("contracts", "signed_mw", 0.5, plan)


def held_to_fewer_old_racks(plan):
    """Call a use one of old racks alone, of which half as many stand."""
    over, table = plan.inputs.racks.used, plan.tables["plan"]
    row = table.loc[table["used_mw"].idxmax()]
    names = ("site", "rack", "hall", "workload", "year")
    use = over.select([over.position(*(str(row[name]) for name in names))], "stock_only")
    sets, duty = plan.inputs.sets, plan.inputs.sets.workload_duty[use["workload"]]
    group = Index.sparse(
        "stock_only_group",
        [use.axis("site"), use.axis("rack"), use.axis("hall"), sets.duty, use.axis("year")],
        [use["site"], use["rack"], sets.hall_pool[duty, use["hall"]], duty, use["year"]],
    )
    stock_mw = np.array([0.5 * float(row["used_mw"])])
    return plan.assumed("racks", stock_only=use, stock_only_group=group, stock_only_mw=stock_mw)


def moved_to_nowhere(plan):
    moves = plan.tables["moves"]
    rows = np.flatnonzero((moves["direction"] == "in").to_numpy())
    return plan.reported(moves=moves.drop(index=moves.index[rows]).reset_index(drop=True))


def larger_campus(plan):
    """Ask for a larger campus, and for crews that could build it."""
    return limit("sites", "pace_mw", 50.0, limit("sites", "minimum_mw", 50.0, plan))


SPOILED = (
    ("a site lies elsewhere", "tables_as_given", partial(plus, "sites", "lat", 0.5)),
    ("a decision is below zero", "tables_as_stated", partial(plus, "plan", "used_mw", -999.0)),
    (
        "a run stopped by the clock is called optimal",
        "solution_table",
        lambda plan: dataclasses.replace(plan, status="time_limit"),
    ),
    ("less is served", "tables_as_stated", partial(times, "assignment", "served_kh100e", 0.9)),
    ("a demand is forgotten", "tables_as_stated", partial(without, "demand", "demand_kh100e")),
    ("nothing may stay unmet", "columns_as_stated", partial(setting, "demand.unmet", "forbid")),
    ("half the racks carry all", "tables_as_stated", partial(times, "plan", "used_mw", 0.5)),
    ("racks carry more", "tables_as_stated", partial(times, "plan", "load_kh100e", 1.1)),
    ("nothing is under contract", "tables_as_stated", rented_out_of_nothing),
    (
        "why nobody serves is made up",
        "why_not_reported",
        partial(renamed, "demand", "why_not_own", "no own site within 20 ms"),
    ),
    ("rent is spread", "program_as_stated", partial(limit, "rent", "rented_capacity_frac", 1.5)),
    ("who rents may not", "columns_as_stated", rented_where_barred),
    ("clouds are not available enough", "clouds_from_tables", partial(setting, "rent.availability_pct", 99.99)),
    ("clouds have less", "program_as_stated", partial(limit, "rent", "depth_kh100e", 0.5)),
    ("a lever is pulled too far", "tables_as_stated", partial(times, "levers", "adopted_frac", 4.0)),
    ("unmet is reported smaller", "percent_served", partial(times, "latency", "unmet_frac", 0.5)),
    ("users are farther than allowed", "columns_as_stated", partial(setting, "workloads.chat.rtt_bound_ms", 22.5)),
    ("a round trip is reported shorter", "round_trips_reported", partial(times, "assignment", "rtt_ms", 0.9)),
    ("data crosses a border", "columns_as_stated", partial(setting, "workloads.chat.residency", "local")),
    ("training has to be near", "demand_as_asked", partial(setting, "workloads.train.rtt_bound_ms", 25.0)),
    ("too few are served fast", "program_as_stated", partial(limit, "demand", "tight_share_frac", 2.6)),
    ("the mean is reported shorter", "service_of_classes", partial(times, "latency", "mean_rtt_ms", 0.9)),
    ("a rack is in a hall not made for it", "tables_as_stated", in_another_hall),
    ("a rack is not made yet", "tables_as_stated", bought_before_it_was_made),
    ("a rack is no longer sold", "columns_as_stated", partial(setting, "racks.override.liquid25.last_year", 2025)),
    ("racks are of no vendor of the operator", "columns_as_stated", partial(setting, "racks.vendors", "[google]")),
    ("racks are bought in part", "columns_as_stated", partial(setting, "racks.whole", "true")),
    ("a rack outlives its life", "tables_as_stated", bought_too_long_ago),
    ("a purchase is forgotten", "tables_as_stated", partial(without, "installs", "installed_mw")),
    ("old racks multiply", "tables_as_stated", stock_grown),
    ("old racks are used twice over", "program_as_stated", held_to_fewer_old_racks),
    ("a cohort leaves twice", "tables_as_stated", partial(times, "moves", "moved_mw", 40.0)),
    ("racks arrive nowhere", "tables_as_stated", moved_to_nowhere),
    ("racks move too young", "columns_as_stated", partial(setting, "cascade.min_age_years", 7)),
    ("vendors deliver less", "program_as_stated", partial(limit, "racks", "delivery_limit_mw", 0.01)),
    ("racks are counted wrong", "tables_as_stated", partial(times, "plan", "racks", 1.01)),
    ("a parked rack is forgotten", "tables_as_stated", partial(plus, "fleet", "parked_mw", 2.5)),
    ("no hall power is left free", "figures_as_given", partial(setting, "halls.free_frac", 0.3)),
    ("a hall is overfull", "tables_as_stated", partial(times, "plan", "used_mw", 3.0)),
    ("racks need more floor", "program_as_stated", partial(limit, "racks", "space_m2_per_mw", 9.0)),
    ("a ramp is forgotten", "tables_as_stated", partial(times, "halls", "usable_mw", 1.2)),
    ("a hall is not on offer", "tables_as_stated", partial(plus, "builds", "year", -1)),
    ("a hall is early", "tables_as_stated", hall_before_its_lead),
    ("too much is called committed", "tables_as_stated", all_called_committed),
    ("a retrofit takes what is not there", "tables_as_stated", partial(times, "retrofits", "retrofitted_mw", 9.0)),
    ("more is operated than there is", "tables_as_stated", partial(times, "operated", "operated_mw", 1000.0)),
    ("more is leased than there is", "tables_as_stated", partial(times, "leases", "leased_mw", 3.0)),
    ("land is smaller", "program_as_stated", partial(limit, "sites", "land_limit_mw", 0.3)),
    ("a site is too small", "program_as_stated", larger_campus),
    ("a site opens for free", "tables_as_stated", free_opening),
    ("crews build less", "program_as_stated", partial(limit, "sites", "build_rate_mw", 0.2)),
    ("a market builds less", "program_as_stated", partial(limit, "sites", "market_rate_mw", 0.2)),
    ("the board gives less", "program_as_stated", partial(limit, "sites", "capex_budget_musd", 0.1)),
    ("the bank gives less", "program_as_stated", partial(limit, "sites", "cash_budget_musd", 0.1)),
    ("a purchase is cheaper", "tables_as_stated", partial(times, "installs", "overnight_musd", 0.97)),
    ("a day has 25 hours", "tables_as_stated", partial(plus, "power_slot", "hours", 92.0)),
    ("the meter shows less", "tables_as_stated", partial(times, "power_slot", "facility_mw", 0.99)),
    ("the PUE is below one", "tables_as_stated", partial(times, "power_slot", "facility_mw", 0.7)),
    ("other load is reported less", "tables_as_stated", partial(times, "power_slot", "other_load_mw", 0.9)),
    ("2N counts as twice the load", "sites_summed", doubled_by_2n),
    ("deferred work is done twice", "tables_as_stated", work_done_twice),
    ("work is not due", "tables_as_stated", partial(times, "deferral", "due_mw", 0.5)),
    ("less than nothing is done", "tables_as_stated", work_put_off_below_nothing),
    ("work waits too long", "classes_from_tables", window_too_long),
    ("more may move than is let", "tables_as_stated", partial(times, "migration", "due_mw", 1.5)),
    ("a class moves that may not", "tables_as_stated", kept_in_place),
    ("moved work is forgotten", "tables_as_stated", partial(without, "migration", "due_mw")),
    ("moved work is done nowhere", "tables_as_stated", done_nowhere),
    ("work moves out of reach", "columns_as_stated", out_of_reach),
    ("work waits beyond its window", "columns_as_stated", put_off_too_long),
    ("moved work finds no racks", "tables_as_stated", partial(times, "migration", "done_mw", 9.0)),
    ("moved work is reported smaller", "tables_as_stated", partial(plus, "power_slot", "migrated_mw", 3)),
    ("arrivals are reported smaller", "tables_as_stated", partial(times, "migration_site", "arrived_mwh", 0.9)),
    ("energy is reported smaller", "tables_as_stated", partial(times, "site_year", "energy_mwh", 0.99)),
    ("water is reported smaller", "tables_as_stated", partial(times, "site_year", "water_m3", 0.5)),
    ("water is short", "program_as_stated", partial(limit, "carbon", "water_limit_m3", 1e-4)),
    ("emissions are reported smaller", "tables_as_stated", partial(times, "site_year", "emissions_kt", 0.9)),
    ("the cap is lower", "program_as_stated", partial(limit, "carbon", "cap_kt", 0.1)),
    ("contracts count for less", "figures_as_given", partial(setting, "carbon.accounting", "location")),
    ("steel is reported greener", "tables_as_stated", partial(times, "carbon_site", "embodied_kt", 0.9)),
    ("heat is sold without a pipe", "tables_as_stated", partial(times, "heat", "sold_mw", 3.0)),
    ("a network is out of reach", "heat_from_tables", partial(setting, "heat.sell", "false")),
    (
        "permits are smaller",
        "water_limits_from_tables",
        lambda plan: plan.read(water_classes=plan.inputs.tables["water_classes"].assign(limit_m3_per_mw_per_year=0.3)),
    ),
    ("a class is reported drier", "water_by_class", partial(times, "water_class", "water_m3", 0.9)),
    ("a zone needs less", "zones_summed", partial(times, "power_zone", "it_mean_mw", 0.9)),
    ("a connection is forgotten", "tables_as_stated", partial(without, "connections", "added_mw")),
    ("contracts ask for more", "program_as_stated", partial(setting, "grid.contract_min_nameplate_frac", 0.99)),
    ("a connection is early", "tables_as_stated", partial(plus, "connections", "service_start", -0.5)),
    ("a zone is full", "tables_as_stated", partial(times, "connections", "added_mw", 900.0)),
    ("headroom is reported larger", "tables_as_stated", partial(plus, "headroom", "spare_mw", 1.5)),
    ("a billed peak is too low", "tables_as_stated", partial(times, "billed_peaks", "peak_mw", 0.9)),
    ("a month is billed twice", "tables_as_stated", partial(plus, "billed_peaks", "months", 1.0)),
    ("more is in force than signed", "tables_as_stated", signed_less),
    ("a term is shorter", "ppas_from_tables", partial(setting, "contracts.ppa.heat.term_years", 1)),
    ("less is on offer", "program_as_stated", partial(setting, "contracts.ppa.heat.max_mw", 23.0)),
    ("the sun is reported brighter", "tables_as_stated", partial(times, "contracts", "energy_mwh", 1.1)),
    ("a slot is forgotten", "tables_as_stated", partial(without, "contract_slot", "output_mw")),
    ("more is taken than comes", "tables_as_stated", partial(times, "contract_use", "taken_mw", 3.0)),
    ("more is claimed than drawn", "tables_as_stated", partial(times, "contract_use", "claimed_mw", 40.0)),
    ("a claim is reported smaller", "tables_as_stated", partial(times, "matching", "claimed_mwh", 0.9)),
    ("a dirty hour is reported clean", "tables_as_stated", partial(plus, "matching_slot", "grid_clean_mw", 1.5)),
    (
        "more must be clean",
        "figures_as_given",
        partial(setting, "contracts.matching.target_frac", "{2025: 0.47, 2027: 0.93}"),
    ),
    ("a target is reported higher", "tables_as_stated", partial(times, "matching", "target_frac", 1.02)),
    ("a target is forgotten", "tables_as_stated", partial(times, "matching", "target_frac", np.nan)),
    ("a pool is forgotten", "tables_as_stated", partial(without, "matching", "used_mwh")),
    ("a strike is reported lower", "tables_as_stated", partial(times, "contracts", "strike_usd_per_mwh", 0.9)),
    ("the market pays more", "tables_as_stated", partial(times, "contract_slot", "market_usd_per_mwh", 1.1)),
    ("a hall is booked as a rack", "costs_paid", booked_as_a_rack),
    ("a cost has no name", "costs_paid", partial(renamed, "costs", "item", "sundries")),
    ("a payment is discounted twice", "discounting", partial(times, "costs", "npv_musd", 0.94)),
    (
        "the objective is another",
        "objective",
        lambda plan: dataclasses.replace(plan, objective_musd=plan.objective_musd + 1.0),
    ),
    ("unmet demand hides in opex", "rent_and_unmet_apart", unmet_hidden_in_running_cost),
    ("a price has the wrong sign", "prices_as_solved", price_with_the_wrong_sign),
    ("a price is per hour", "prices_as_solved", partial(times, "prices", "value", 8760.0)),
    ("what is plenty has a price", "prices_as_solved", price_of_what_is_not_scarce),
    (
        "a target that is passed has a price",
        "prices_as_solved",
        partial(priced, block="clean_target", pool="west", year=2027),
    ),
    (
        "a contract of which more is on offer has a price",
        "prices_as_solved",
        partial(priced, block="contract_limit", contract="heat", zone="west", year=2026),
    ),
)
"""What is wrong, the check that finds it, and how to spoil a plan so."""

ASSUMED = (
    ("demand_as_asked", partial(limit, "demand", "demand_kh100e", 1.01)),
    ("demand_as_asked", partial(setting, "demand.region_weight", "internet_users_millions")),
    ("rack_power_from_tables", partial(limit, "racks", "throughput_kh100e_per_mw", 1.01)),
    ("rack_power_from_tables", partial(limit, "racks", "hall_mw_per_mw", 0.99)),
    ("it_power_within_nameplate", partial(limit, "racks", "dynamic_mw_per_mw", 1.9)),
    ("deliveries_from_tables", partial(limit, "racks", "delivery_limit_mw", 1.01)),
    ("rack_price_from_tables", partial(limit, "racks", "install_capex_musd_per_mw", 1.01)),
    ("hall_price_from_tables", partial(limit, "halls", "build_capex_musd_per_mw", 1.01)),
    ("hall_upkeep_from_tables", partial(limit, "halls", "opex_musd_per_mw_year", 1.01)),
    ("cash_reported", partial(times, "cash", "cash_musd", 0.9)),
    ("orders_reported", partial(times, "orders", "overnight_musd", 0.9)),
    ("orders_reported", partial(without, "orders", "overnight_musd")),
    ("rows_there", partial(without, "power_zone", "energy_mwh")),
    ("sites_in_scope", partial(setting, "scope.exclude_sites", "[oak]")),
    ("figures_as_given", partial(limit, "halls", "committed_mw", 1.01)),
    ("land_from_tables", partial(limit, "sites", "land_limit_mw", 1.01)),
    ("leads_from_tables", partial(setting, "lead_times.delay_months", 3)),
    ("headroom_from_tables", partial(setting, "grid.curtailment_rate_pct", 1)),
    ("cooling_from_weather", partial(limit, "power", "mechanical_frac", 0.98)),
    ("cooling_from_weather", partial(limit, "power", "wue_l_per_kwh", 1.02)),
    ("figures_as_given", partial(limit, "power", "other_load_mw", 1.01)),
    ("figures_as_given", partial(limit, "power", "defer_mechanical_frac", 4.0)),
    ("shapes_from_tables", partial(limit, "power", "shape_frac", 1.01)),
    ("delivered_prices", partial(limit, "grid", "energy_usd_per_mwh", 1.01)),
    ("delivered_prices", partial(limit, "grid", "demand_charge_usd_per_kw_month", 1.01)),
    ("figures_as_given", partial(limit, "carbon", "location_t_per_mwh", 1.01)),
    ("water_price", partial(limit, "carbon", "water_price_usd_per_m3", 1.01)),
    ("scheme_prices", partial(limit, "carbon", "fuel_price_usd_per_t", 1.01)),
    ("ppas_from_tables", partial(limit, "contracts", "strike_usd_per_mwh", 1.01)),
    ("clean_share_from_tables", partial(limit, "contracts", "clean_frac", 0.99)),
    ("delivery_profiles", partial(limit, "contracts", "profile_frac", 1.01)),
    ("figures_as_given", partial(limit, "finance", "rate_frac", 1.01)),
    ("figures_as_given", partial(limit, "finance", "build_idc_frac", 1.01)),
    ("figures_as_given", partial(limit, "finance", "spend_months", 1.01)),
    ("cash_budgets_from_scenario", partial(limit, "sites", "cash_budget_musd", 1.01)),
)
"""Figures that the plan assumes, and the check that computes them again from the tables."""
