"""The case in dcplan's arrays."""

from __future__ import annotations

import numpy as np
from case import BATTERY_HOURS, EFFICIENCY, Case

from planner.lp import ArrayProblem, Axis, Index
from planner.lp.change import Arrays
from planner.lp.engine import Engine, pass_model


def axis(name: str, count: int) -> Axis:
    return Axis(name, tuple(f"{name}{i}" for i in range(count)))


def build(case: Case) -> ArrayProblem:
    region, site = axis("region", case.regions), axis("site", case.sites)
    year, slot, zone = axis("year", case.years), axis("slot", case.slots), axis("zone", case.zones)
    region_year = Index.full("region_year", region, year)
    site_year = Index.full("site_year", site, year)
    zone_year = Index.full("zone_year", zone, year)
    site_year_slot = Index.full("site_year_slot", site, year, slot)
    route = Index.sparse(
        "route",
        (region, site, year),
        (
            np.repeat(case.route_region, case.years),
            np.repeat(case.route_site, case.years),
            np.tile(np.arange(case.years), len(case.route_region)),
        ),
    )

    problem = ArrayProblem("bench")
    served = problem.variable("served", route)
    unmet = problem.variable("unmet", region_year)
    load = problem.variable("load", site_year)
    built = problem.variable("built", site_year)
    firm = problem.variable("firm", site_year)
    solar = problem.variable("solar", site_year)
    battery = problem.variable("battery", site_year)
    grid = problem.variable("grid", site_year_slot)
    charge = problem.variable("charge", site_year_slot)
    discharge = problem.variable("discharge", site_year_slot)
    level = problem.variable("level", site_year_slot)

    problem.rows("demand", served.sum_to(region_year) + unmet == case.demand.ravel())
    problem.rows("load", load == served.sum_to(site_year))

    s, t = site_year["site"], site_year["year"]
    later, earlier = np.nonzero((s[:, None] == s) & (t[:, None] >= t))
    capacity = built.map(site_year, earlier, later) + case.existing[s]
    problem.rows("capacity", load <= capacity)

    s, h = site_year_slot["site"], site_year_slot["slot"]
    facility = load.on(site_year_slot) * (case.pue[s, h] * case.shape[h])
    sun = solar.on(site_year_slot) * case.solar[s, h]
    problem.rows("balance", grid + sun + discharge >= facility + charge)

    every = np.arange(len(site_year_slot))
    before = every + np.where(h == 0, case.slots - 1, -1)
    kept = EFFICIENCY * charge - discharge / EFFICIENCY
    problem.rows("storage", level - level.map(site_year_slot, before, every) == kept)

    power = battery.on(site_year_slot)
    problem.rows("charge_limit", charge <= power)
    problem.rows("discharge_limit", discharge <= power)
    problem.rows("level_limit", level <= BATTERY_HOURS * power)
    problem.rows("firm_limit", grid <= firm.on(site_year_slot))

    zones = zone_year.find(
        Index.sparse(
            "zone_of", (zone, year, site), (case.zone_of_site[site_year["site"]], site_year["year"], site_year["site"])
        )
    )
    in_zone = firm.map(zone_year, np.arange(len(site_year)), zones)
    problem.rows("headroom", in_zone <= case.headroom.ravel())

    problem.minimise(
        (served * np.repeat(case.cost_route, case.years)).total()
        + (unmet * case.cost_unmet).total()
        + (built * case.cost_build.ravel()).total()
        + (firm * case.cost_firm.ravel()).total()
        + (solar * case.cost_solar.ravel()).total()
        + (battery * case.cost_battery.ravel()).total()
        + (grid * case.price.ravel()).total()
    )
    return problem


def hand_off(problem: ArrayProblem) -> object:
    engine = Engine({})
    pass_model(engine.highs, Arrays.from_problem(problem))
    return engine.highs
