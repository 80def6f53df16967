"""Ways to spoil a plan that may lose any one site, each with the check that must find it out."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
from spoiled import cells, largest, limit, times, without

from planner.scenario import load_scenario

FAILOVER = Path(__file__).with_name("failover.yaml")


def setting(keys, value, plan):
    """Judge the plan against another scenario than it was made for."""
    scenario = load_scenario(str(FAILOVER), [f"{keys}={value}"])
    return dataclasses.replace(plan, scenario=scenario)


def stand_by_elsewhere(plan):
    """Move stand-by racks to a site that is barred from every other."""
    table = plan.tables["plan"]
    rows = largest(table, "standby_mw")
    return plan.reported(plan=cells(table, rows, standby_mw=0.0))


def taken_by_the_lost_site(plan):
    """Let a site take over its own work."""
    table = plan.tables["takeovers"]
    return plan.reported(takeovers=table.assign(standby=table["site"]))


def taken_twice(plan):
    """Let one site take over more than its reserve."""
    return times("takeovers", "taken_kh100e", 1.6, plan)


def a_failure_untold(plan):
    return without("failures", "load_kh100e", plan)


def weaker_connection(plan):
    """Judge the plan with less firm power where racks stand by."""
    reserve = plan.tables["reserve"]
    at = reserve.loc[reserve["called_mw"].idxmax()]
    grid = plan.inputs.grid
    firm = grid.firm_mw.copy()
    here = np.flatnonzero(grid.firm.labels("site") == at["site"])
    firm[here] = firm[here] / 3.0
    return plan.assumed("grid", firm_mw=firm)


def hot_peak_day(plan):
    """Judge it by a peak day on which cooling takes four times as much."""
    power = plan.inputs.power
    peak = np.asarray(plan.inputs.days.is_peak)
    hotter = np.where(peak, 4.0 * power.mechanical_frac, power.mechanical_frac)
    return plan.assumed("power", mechanical_frac=hotter)


SPOILED_FAILOVER = (
    ("reserves are worth more", "resilience_reported", partial(times, "resilience", "value_musd", 2.0)),
    ("a reserve is missing", "survives_loss_of_any_site", partial(times, "plan", "standby_mw", 0.5)),
    ("a stand-by is forgotten", "survives_loss_of_any_site", stand_by_elsewhere),
    (
        "more is served than can be taken over",
        "survives_loss_of_any_site",
        partial(times, "assignment", "served_kh100e", 1.3),
    ),
    ("a pair is barred", "survives_loss_of_any_site", partial(setting, "failover.barred_pairs", "[[oak, elm]]")),
    (
        "a group is barred",
        "survives_loss_of_any_site",
        partial(setting, "failover.barred_groups", "{river: [oak, fir]}"),
    ),
    ("near sites are barred", "survives_loss_of_any_site", partial(setting, "failover.barred_within_km", 900.0)),
    ("a stand-by is out of reach", "survives_loss_of_any_site", partial(setting, "workloads.chat.rtt_bound_ms", 31.0)),
    ("a class stands by that may be lost", "columns_as_stated", partial(setting, "workloads.chat.failover", "false")),
    ("racks stand by too soon", "columns_as_stated", partial(setting, "failover.from_year", 2027)),
    ("a reserve is reported larger", "tables_as_stated", partial(times, "reserve", "reserve_kh100e", 1.1)),
    ("idling is reported smaller", "tables_as_stated", partial(times, "reserve", "idle_mw", 0.7)),
    ("a failure is not reported", "failures_reported", a_failure_untold),
    ("a failure is reported smaller", "failures_reported", partial(times, "failures", "load_kh100e", 0.6)),
    ("a reserve is used twice", "takeovers_fit", taken_twice),
    ("a lost site helps itself", "takeovers_fit", taken_by_the_lost_site),
    ("a barred pair is used", "takeovers_fit", partial(setting, "failover.barred_pairs", "[[oak, elm]]")),
    ("a connection is too small", "program_as_stated", weaker_connection),
    ("a peak day is hotter", "program_as_stated", hot_peak_day),
    ("reserve is reported smaller", "resilience_reported", partial(times, "resilience", "reserve_kh100e", 0.9)),
    ("a stand-by rack is free", "tables_as_stated", partial(times, "plan", "standby_mw", 9.0)),
    ("stand-by racks come from nowhere", "tables_as_stated", partial(times, "plan", "standby_mw", 9.0)),
    ("stand-by racks draw nothing", "tables_as_stated", partial(times, "plan", "standby_mw", 0.2)),
    ("racks are parked and stand by", "tables_as_stated", partial(times, "fleet", "standby_mw", 0.5)),
    ("throughput is larger", "program_as_stated", partial(limit, "racks", "throughput_kh100e_per_mw", 0.8)),
)
"""What is wrong, the check that finds it, and how to spoil a plan so."""
