"""The case in linopy, written with labelled arrays as its guide does."""

from __future__ import annotations

import linopy
import numpy as np
import pandas as pd
import xarray as xr
from case import BATTERY_HOURS, EFFICIENCY, Case


def build(case: Case) -> linopy.Model:
    region, site = (pd.RangeIndex(case.regions, name="region"), pd.RangeIndex(case.sites, name="site"))
    year, slot = pd.RangeIndex(case.years, name="year"), pd.RangeIndex(case.slots, name="slot")
    route = pd.RangeIndex(len(case.route_region), name="route")

    def data(values, *coords):
        return xr.DataArray(values, coords=coords)

    region_of_route = data(case.route_region, route).rename("region")
    site_of_route = data(case.route_site, route).rename("site")
    zone_of_site = data(case.zone_of_site, site).rename("zone")

    model = linopy.Model()
    served = model.add_variables(lower=0, coords=[route, year], name="served")
    unmet = model.add_variables(lower=0, coords=[region, year], name="unmet")
    load = model.add_variables(lower=0, coords=[site, year], name="load")
    built = model.add_variables(lower=0, coords=[site, year], name="built")
    firm = model.add_variables(lower=0, coords=[site, year], name="firm")
    solar = model.add_variables(lower=0, coords=[site, year], name="solar")
    battery = model.add_variables(lower=0, coords=[site, year], name="battery")
    every_slot = [site, year, slot]
    grid = model.add_variables(lower=0, coords=every_slot, name="grid")
    charge = model.add_variables(lower=0, coords=every_slot, name="charge")
    discharge = model.add_variables(lower=0, coords=every_slot, name="discharge")
    level = model.add_variables(lower=0, coords=every_slot, name="level")

    by_region = (1 * served).groupby(region_of_route).sum()
    by_site = (1 * served).groupby(site_of_route).sum()
    model.add_constraints(by_region + unmet == data(case.demand, region, year), name="demand")
    model.add_constraints(load - by_site == 0, name="load")
    capacity = built.cumsum("year")
    model.add_constraints(load - capacity <= data(case.existing, site), name="capacity")

    weight = data(case.pue * case.shape, site, slot)
    sun = data(case.solar, site, slot)
    balance = grid + sun * solar + discharge - weight * load - charge
    model.add_constraints(balance >= 0, name="balance")
    before = level.roll(slot=1)
    stored = level - before - EFFICIENCY * charge + (1 / EFFICIENCY) * discharge
    model.add_constraints(stored == 0, name="storage")
    model.add_constraints(charge - battery <= 0, name="charge_limit")
    model.add_constraints(discharge - battery <= 0, name="discharge_limit")
    model.add_constraints(level - BATTERY_HOURS * battery <= 0, name="level_limit")
    model.add_constraints(grid - firm <= 0, name="firm_limit")
    in_zone = (1 * firm).groupby(zone_of_site).sum()
    zone = pd.Index(np.unique(case.zone_of_site), name="zone")
    model.add_constraints(in_zone <= data(case.headroom[zone], zone, year), name="headroom")

    model.add_objective(
        (data(case.cost_route, route) * served).sum()
        + (case.cost_unmet * unmet).sum()
        + (data(case.cost_build, site, year) * built).sum()
        + (data(case.cost_firm, site, year) * firm).sum()
        + (data(case.cost_solar, site, year) * solar).sum()
        + (data(case.cost_battery, site, year) * battery).sum()
        + (data(case.price, site, year, slot) * grid).sum()
    )
    return model


def hand_off(model: linopy.Model) -> object:
    return model.to_highspy(set_names=False)
