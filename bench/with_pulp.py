"""The case in PuLP, written as PuLP's own guide writes models."""

from __future__ import annotations

import pulp
from case import BATTERY_HOURS, EFFICIENCY, Case
from pulp import lpSum


def build(case: Case) -> pulp.LpProblem:
    regions, sites = range(case.regions), range(case.sites)
    years, slots, zones = range(case.years), range(case.slots), range(case.zones)
    pairs = list(zip(case.route_region.tolist(), case.route_site.tolist(), strict=True))
    sites_of: dict[int, list[int]] = {r: [] for r in regions}
    regions_of: dict[int, list[int]] = {s: [] for s in sites}
    for r, s in pairs:
        sites_of[r].append(s)
        regions_of[s].append(r)
    site_year = [(s, t) for s in sites for t in years]
    site_year_slot = [(s, t, h) for s, t in site_year for h in slots]

    problem = pulp.LpProblem("bench")

    def variables(name, keys):
        return problem.add_variable_dicts(name, keys, lowBound=0)

    served = variables("served", [(r, s, t) for r, s in pairs for t in years])
    unmet = variables("unmet", [(r, t) for r in regions for t in years])
    load = variables("load", site_year)
    built = variables("built", site_year)
    firm = variables("firm", site_year)
    solar = variables("solar", site_year)
    battery = variables("battery", site_year)
    grid = variables("grid", site_year_slot)
    charge = variables("charge", site_year_slot)
    discharge = variables("discharge", site_year_slot)
    level = variables("level", site_year_slot)

    problem += (
        lpSum(case.cost_route[i] * served[r, s, t] for i, (r, s) in enumerate(pairs) for t in years)
        + lpSum(case.cost_unmet * unmet[r, t] for r in regions for t in years)
        + lpSum(
            case.cost_build[s, t] * built[s, t]
            + case.cost_firm[s, t] * firm[s, t]
            + case.cost_solar[s, t] * solar[s, t]
            + case.cost_battery[s, t] * battery[s, t]
            for s, t in site_year
        )
        + lpSum(case.price[s, t, h] * grid[s, t, h] for s, t, h in site_year_slot)
    )

    for r in regions:
        for t in years:
            problem += (
                lpSum(served[r, s, t] for s in sites_of[r]) + unmet[r, t] == case.demand[r, t],
                f"demand_{r}_{t}",
            )
    for s, t in site_year:
        problem += (load[s, t] == lpSum(served[r, s, t] for r in regions_of[s]), f"load_{s}_{t}")
        problem += (load[s, t] <= lpSum(built[s, u] for u in years if u <= t) + case.existing[s], f"capacity_{s}_{t}")
    for s, t, h in site_year_slot:
        problem += (
            grid[s, t, h] + case.solar[s, h] * solar[s, t] + discharge[s, t, h]
            >= case.pue[s, h] * case.shape[h] * load[s, t] + charge[s, t, h],
            f"balance_{s}_{t}_{h}",
        )
        before = (h - 1) % case.slots
        problem += (
            level[s, t, h] - level[s, t, before] == EFFICIENCY * charge[s, t, h] - discharge[s, t, h] / EFFICIENCY,
            f"storage_{s}_{t}_{h}",
        )
        problem += charge[s, t, h] <= battery[s, t], f"charge_limit_{s}_{t}_{h}"
        problem += discharge[s, t, h] <= battery[s, t], f"discharge_limit_{s}_{t}_{h}"
        problem += level[s, t, h] <= BATTERY_HOURS * battery[s, t], f"level_limit_{s}_{t}_{h}"
        problem += grid[s, t, h] <= firm[s, t], f"firm_limit_{s}_{t}_{h}"
    for z in zones:
        for t in years:
            problem += (
                lpSum(firm[s, t] for s in sites if case.zone_of_site[s] == z) <= case.headroom[z, t],
                f"headroom_{z}_{t}",
            )
    return problem


def hand_off(problem: pulp.LpProblem) -> object:
    solver = pulp.HiGHS(msg=False)
    solver.createAndConfigureSolver(problem)
    solver.buildSolverModel(problem)
    return problem.solverModel
